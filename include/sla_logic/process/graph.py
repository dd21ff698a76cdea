"""The process, stated once: the steps of each department, what follows what, and what each decision chooses between.

A name is the id of a task, the function of a step and a row of docs/process.md. Runs wait for days while new code is
deployed: add, rename or remove a step in two releases, never in one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from include.sla_logic.domain.lanes import Lane


class Kind(StrEnum):
    """What a step is; of what follows a decision or a wait, exactly one step is chosen."""

    ACTIVITY = "activity"
    DECISION = "decision"
    WAIT = "sensor"


class To(NamedTuple):
    """The step that follows, and the words on the line that leads to it."""

    step: str
    label: str = ""


@dataclass(frozen=True)
class Node:
    """One step of the process; it begins after one of the steps that lead to it, or only after all of them."""

    row: int
    name: str
    followed_by: tuple[To, ...]
    kind: Kind
    waits_for_all: bool
    sends: bool  # delivers its messages at once: a letter, a posting

    @property
    def chooses(self) -> bool:
        """Tell whether exactly one of the steps that follow is chosen."""
        return self.kind is not Kind.ACTIVITY


@dataclass(frozen=True)
class Stage:
    """What one department does in one go; a group of tasks in the DAG."""

    title: str
    lane: Lane
    steps: tuple[Node, ...]


class Edge(NamedTuple):
    """What leads from one step to the next; `choice` is what the step before must have chosen, if it chooses."""

    before: str
    after: str
    label: str
    choice: str | None


def _stage(title: str, lane: Lane, *steps: Node) -> Stage:
    return Stage(title, lane, steps)


def _step(
    row: int,
    name: str,
    *followed_by: To,
    kind: Kind = Kind.ACTIVITY,
    waits_for_all: bool = False,
    sends: bool = False,
) -> Node:
    return Node(row, name, followed_by, kind, waits_for_all, sends)


def _decision(row: int, name: str, *choices: To) -> Node:
    return _step(row, name, *choices, kind=Kind.DECISION)


STAGES = (
    _stage(
        "Customer Service: intake",
        Lane.CUSTOMER_SERVICE,
        _step(1, "enter_problem_report", To("compare_with_sla")),
        _step(2, "compare_with_sla", To("determine_counter_measures")),
        _step(3, "determine_counter_measures", To("determine_customer_significance")),
        _step(4, "determine_customer_significance", To("is_customer_premium")),
        _decision(
            5,
            "is_customer_premium",
            To("link_to_extra_problem_fix", "premium"),
            To("does_significance_change_priorities", "not premium"),
        ),
        _step(5, "link_to_extra_problem_fix", To("does_significance_change_priorities")),
        _decision(
            6,
            "does_significance_change_priorities",
            To("reprioritize_counter_measures", "yes"),
            To("create_detailed_problem_report", "no"),
        ),
        _step(6, "reprioritize_counter_measures", To("create_detailed_problem_report")),
        _step(7, "create_detailed_problem_report", To("is_problem_analyzable", "detailed problem report")),
    ),
    _stage(
        "Service Management: analysis",
        Lane.SERVICE_MANAGEMENT,
        _decision(
            8,
            "is_problem_analyzable",
            To("analyze_problem", "analyzable here"),
            To("send_to_resource_provisioning", "may lie in the resources"),
        ),
        _step(9, "analyze_problem", To("create_trouble_report")),
        _step(9, "create_trouble_report", To("prepare_final_status_report", "trouble report")),
        _step(10, "send_to_resource_provisioning", To("is_problem_detected", "detailed problem report")),
    ),
    _stage(
        "Resource Provisioning: check",
        Lane.RESOURCE_PROVISIONING,
        _decision(
            11,
            "is_problem_detected",
            To("analyze_resource_problem", "problem detected"),
            To("notify_normal_execution", "no problem"),
        ),
        _step(12, "analyze_resource_problem", To("create_resource_trouble_report")),
        _step(12, "create_resource_trouble_report", To("send_status_report")),
        _step(13, "notify_normal_execution", To("send_status_report")),
        _step(14, "send_status_report", To("prepare_final_status_report", "status report")),
    ),
    _stage(
        "Service Management: counter-measures",
        Lane.SERVICE_MANAGEMENT,
        _step(15, "prepare_final_status_report", To("choose_counter_measures")),
        _decision(
            16,
            "choose_counter_measures",
            To("send_actual_service_performance", "no problem detected"),
            To("undertake_minor_corrections", "minor corrective actions"),
            To("request_automatic_restoration", "automatic restoration"),
        ),
        _step(17, "send_actual_service_performance", To("receive_outcome", "service performance")),
        _step(18, "undertake_minor_corrections", To("send_problem_resolution_report")),
        _step(19, "request_automatic_restoration", To("await_restoration_request", "restoration request")),
        _step(25, "send_problem_resolution_report", To("receive_outcome", "problem resolution report")),
    ),
    _stage(
        "Resource Provisioning: restoration",
        Lane.RESOURCE_PROVISIONING,
        _step(
            20,
            "await_restoration_request",
            To("track_errors", "request in time"),
            To("terminate_restoration", "too late or rejected"),
            kind=Kind.WAIT,
        ),
        _step(21, "track_errors", To("undertake_restoration")),
        _step(22, "undertake_restoration", To("send_troubleshooting_report")),
        _step(23, "send_troubleshooting_report", To("send_problem_resolution_report", "troubleshooting report")),
        _step(24, "terminate_restoration", To("send_problem_resolution_report", "not restored")),
    ),
    _stage(
        "Customer Service: outcome",
        Lane.CUSTOMER_SERVICE,
        _step(26, "receive_outcome", To("create_customer_report"), To("report_sla_rebate")),
        _step(27, "create_customer_report", To("send_customer_report", "customer report")),
        _step(28, "report_sla_rebate", To("adjust_billing", "rebate")),
    ),
    _stage(
        "Billing & Collections",
        Lane.BILLING,
        _step(29, "adjust_billing", To("send_customer_report", "billing adjustment"), sends=True),
    ),
    _stage(
        "Customer Service: closing",
        Lane.CUSTOMER_SERVICE,
        _step(30, "send_customer_report", To("close_incident"), waits_for_all=True, sends=True),
        _step(31, "close_incident"),
    ),
)

# In the order of their rows, in which no step comes before one that leads to it.
STEPS: Mapping[str, Node] = MappingProxyType(
    {step.name: step for step in sorted((s for stage in STAGES for s in stage.steps), key=lambda step: step.row)}
)
EDGES = tuple(
    Edge(step.name, to.step, to.label, to.step if step.chooses else None)
    for step in STEPS.values()
    for to in step.followed_by
)
WAIT = next(step.name for step in STEPS.values() if step.kind is Kind.WAIT)

# The steps that an incident has done, each with what it chose; None where there was nothing to choose.
Done = Mapping[str, str | None]


def ways_to(step: str) -> tuple[Edge, ...]:
    """Return what leads to a step; nothing leads to the first."""
    return tuple(edge for edge in EDGES if edge.after == step)


def is_reached(step: str, done: Done) -> bool:
    """Tell whether the steps that are done led to this one."""
    ways = ways_to(step)
    led = [edge.before in done and done[edge.before] == edge.choice for edge in ways]
    return all(led) if STEPS[step].waits_for_all or not ways else any(led)


def next_steps(done: Done) -> tuple[str, ...]:
    """Return the steps that were reached and are not done; more than one where they run side by side."""
    return tuple(step for step in STEPS if step not in done and is_reached(step, done))


def is_way(done: Done) -> bool:
    """Tell whether each step was reached by those before it, in the order given: one way, or the beginning of one."""
    before: dict[str, str | None] = {}
    for step, choice in done.items():
        if not is_reached(step, before):
            return False
        before[step] = choice
    return True


def way(choices: Mapping[str, str]) -> tuple[str, ...]:
    """Return the steps of an incident for which the decisions choose so, in the order of their rows."""
    done: dict[str, str | None] = {}
    for step in STEPS.values():
        if is_reached(step.name, done):
            done[step.name] = choices[step.name] if step.chooses else None
    return tuple(done)
