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
    acts: bool  # corrects something in the resources: how many do so at once is limited
    writes: str | None  # the kind of its document; some decisions and the wait have none

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
    acts: bool = False,
    writes: str | None = None,
) -> Node:
    return Node(row, name, followed_by, kind, waits_for_all, sends, acts, writes)


def _decision(row: int, name: str, *choices: To, writes: str | None = None) -> Node:
    return _step(row, name, *choices, kind=Kind.DECISION, writes=writes)


STAGES = (
    _stage(
        "Customer Service: intake",
        Lane.CUSTOMER_SERVICE,
        _step(1, "enter_problem_report", To("compare_with_sla"), writes="ProblemReport"),
        _step(2, "compare_with_sla", To("determine_counter_measures"), writes="SlaComparison"),
        _step(3, "determine_counter_measures", To("determine_customer_significance"), writes="CounterMeasurePlan"),
        _step(4, "determine_customer_significance", To("is_customer_premium"), writes="CustomerSignificance"),
        _decision(
            5,
            "is_customer_premium",
            To("link_to_extra_problem_fix", "premium"),
            To("does_significance_change_priorities", "not premium"),
        ),
        _step(5, "link_to_extra_problem_fix", To("does_significance_change_priorities"), writes="PremiumCase"),
        _decision(
            6,
            "does_significance_change_priorities",
            To("reprioritize_counter_measures", "yes"),
            To("create_detailed_problem_report", "no"),
        ),
        _step(6, "reprioritize_counter_measures", To("create_detailed_problem_report"), writes="CounterMeasurePlan"),
        _step(
            7,
            "create_detailed_problem_report",
            To("is_problem_analyzable", "detailed problem report"),
            writes="DetailedProblemReport",
        ),
    ),
    _stage(
        "Service Management: analysis",
        Lane.SERVICE_MANAGEMENT,
        _decision(
            8,
            "is_problem_analyzable",
            To("analyze_problem", "analyzable here"),
            To("send_to_resource_provisioning", "may lie in the resources"),
            writes="Investigation",
        ),
        _step(9, "analyze_problem", To("create_trouble_report"), writes="ProblemAnalysis"),
        _step(9, "create_trouble_report", To("prepare_final_status_report", "trouble report"), writes="TroubleReport"),
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
            writes="ResourceCheck",
        ),
        _step(12, "analyze_resource_problem", To("create_resource_trouble_report"), writes="ProblemAnalysis"),
        _step(12, "create_resource_trouble_report", To("send_status_report"), writes="TroubleReport"),
        _step(13, "notify_normal_execution", To("send_status_report"), writes="NormalExecutionNotification"),
        _step(14, "send_status_report", To("prepare_final_status_report", "status report"), writes="StatusReport"),
    ),
    _stage(
        "Service Management: counter-measures",
        Lane.SERVICE_MANAGEMENT,
        _step(15, "prepare_final_status_report", To("choose_counter_measures"), writes="FinalStatusReport"),
        _decision(
            16,
            "choose_counter_measures",
            To("send_actual_service_performance", "no problem detected"),
            To("undertake_minor_corrections", "minor corrective actions"),
            To("request_automatic_restoration", "automatic restoration"),
        ),
        _step(
            17,
            "send_actual_service_performance",
            To("receive_outcome", "service performance"),
            writes="ServicePerformanceReport",
        ),
        _step(
            18,
            "undertake_minor_corrections",
            To("send_problem_resolution_report"),
            acts=True,
            writes="CorrectiveActions",
        ),
        _step(
            19,
            "request_automatic_restoration",
            To("await_restoration_request", "restoration request"),
            writes="RestorationRequest",
        ),
        _step(
            25,
            "send_problem_resolution_report",
            To("receive_outcome", "problem resolution report"),
            writes="ProblemResolutionReport",
        ),
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
        _step(21, "track_errors", To("undertake_restoration"), writes="TrackedErrors"),
        _step(22, "undertake_restoration", To("send_troubleshooting_report"), acts=True, writes="CorrectiveActions"),
        _step(
            23,
            "send_troubleshooting_report",
            To("send_problem_resolution_report", "troubleshooting report"),
            writes="TroubleshootingReport",
        ),
        _step(
            24,
            "terminate_restoration",
            To("send_problem_resolution_report", "not restored"),
            writes="RestorationTermination",
        ),
    ),
    _stage(
        "Customer Service: outcome",
        Lane.CUSTOMER_SERVICE,
        _step(26, "receive_outcome", To("create_customer_report"), To("report_sla_rebate"), writes="SlaComparison"),
        _step(27, "create_customer_report", To("send_customer_report", "customer report"), writes="CustomerReport"),
        _step(28, "report_sla_rebate", To("adjust_billing", "rebate"), writes="Rebate"),
    ),
    _stage(
        "Billing & Collections",
        Lane.BILLING,
        _step(
            29,
            "adjust_billing",
            To("send_customer_report", "billing adjustment"),
            sends=True,
            writes="BillingAdjustment",
        ),
    ),
    _stage(
        "Customer Service: closing",
        Lane.CUSTOMER_SERVICE,
        _step(
            30, "send_customer_report", To("close_incident"), waits_for_all=True, sends=True, writes="CustomerReport"
        ),
        _step(31, "close_incident", writes="ClosedIncident"),
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
FIRST = next(iter(STEPS))
END = next(step.name for step in STEPS.values() if not step.followed_by)
WAIT = next(step.name for step in STEPS.values() if step.kind is Kind.WAIT)
