"""Counter-measures against a degradation, their priorities, and the one re-prioritisation (rows 3 and 6)."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Self

from pydantic import AwareDatetime, model_validator

from include.sla_logic.domain.contract import MetricName
from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import Level, Metric, Symptom
from include.sla_logic.domain.priorities import Duration, Priority, PriorityPolicy
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.service_performance import ObjectivePerformance, ObjectiveState, ServicePerformance
from include.sla_logic.domain.tables import Table

HoursOf = Callable[[Priority], ServiceHours]


class UnableToSetDueTime(ForeseenError):
    """The service hours never have the time within which a measure is due."""


class Trigger(Table):
    """When a measure is taken; an empty list matches everything."""

    metrics: tuple[str, ...] = ()
    states: tuple[ObjectiveState, ...] = ()
    symptoms: tuple[Symptom, ...] = ()

    def matches(self, objective: ObjectivePerformance, symptom: Symptom) -> bool:
        """Tell whether this objective in this state, with this symptom, asks for the measure."""
        return (
            (not self.metrics or objective.metric in self.metrics)
            and (not self.states or objective.state in self.states)
            and (not self.symptoms or symptom in self.symptoms)
        )


class CatalogueEntry(Table):
    """One measure that TELECO knows."""

    measure: str
    title: str
    department: Lane
    when: tuple[Trigger, ...]
    due: dict[Priority, Duration] | None = None


class CounterMeasurePolicy(Table):
    """The catalogue; it must have a measure for every metric, state and symptom."""

    version: str
    catalogue: tuple[CatalogueEntry, ...]

    @model_validator(mode="after")
    def _names_each_measure_once(self) -> Self:
        names = [entry.measure for entry in self.catalogue]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"catalogue has {', '.join(twice)} more than once"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _gives_each_priority_a_due_time_or_none(self) -> Self:
        for entry in self.catalogue:
            if entry.due is not None and set(entry.due) != set(Priority):
                msg = f"catalogue: {entry.measure} must give a due time to each of P1 to P5, or to none"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _answers_everything(self) -> Self:
        for metric in dict.fromkeys([*map(str, Metric), *map(str, MetricName)]):
            for state in ObjectiveState:
                for symptom in Symptom:
                    asked = ObjectivePerformance(
                        objective="any", metric=metric, unit="", promised=None, at_least=True,
                        measured=None, state=state,
                    )  # fmt: skip
                    if not any(t.matches(asked, symptom) for entry in self.catalogue for t in entry.when):
                        msg = f"catalogue has no measure for {metric} {state} with symptom {symptom}"
                        raise ValueError(msg)
        return self


class PriorityChange(Value):
    """One step in the history of a measure's priority."""

    before: Priority
    after: Priority
    at: AwareDatetime
    reason: str


class CounterMeasure(Value):
    """One measure of the plan; `original_priority` never changes, `due_in_hours` are those that its time counts in."""

    measure: str
    title: str
    department: Lane
    priority: Priority
    original_priority: Priority
    due_at: AwareDatetime
    due_in_hours: str | None = None
    reason: str
    objectives: tuple[str, ...] = ()
    history: tuple[PriorityChange, ...] = ()


class CounterMeasurePlan(Document):
    """The necessary counter-measures, most urgent first; a re-prioritised plan is a new revision."""

    revision: int
    impact: Level
    urgency: Level
    base_priority: Priority
    measures: tuple[CounterMeasure, ...]
    planned_at: AwareDatetime
    reprioritised: bool = False
    policy_versions: tuple[str, ...]

    @property
    def highest(self) -> Priority:
        """The priority of the most urgent measure."""
        return min((measure.priority for measure in self.measures), default=self.base_priority)


def _base_priority(
    report: ProblemReport, performance: ServicePerformance, policy: PriorityPolicy
) -> tuple[Priority, str]:
    matrix = policy.priority(report.impact, report.urgency)
    why = f"impact {report.impact} x urgency {report.urgency} = {matrix}"
    near, horizon = _nearest_tier(performance.objectives), policy.raise_when_next_tier_within
    if horizon is None or near is None or near > horizon.total_seconds():
        return matrix, why
    return matrix.raised(), f"{why}; next credit tier in {near} s -> {matrix.raised()}"


def _nearest_tier(objectives: Iterable[ObjectivePerformance]) -> int | None:
    """Return the least seconds to the next credit tier of an objective that is still down."""
    running = (o.seconds_to_next_tier for o in objectives if o.provisional)
    return min((seconds for seconds in running if seconds is not None), default=None)


def _all_hours(_priority: Priority) -> ServiceHours:
    return ServiceHours()


def _due(within: timedelta, since: AwareDatetime, hours: ServiceHours) -> dict[str, Any]:
    due_at = hours.moved(since, int(within.total_seconds()))
    if due_at is None:
        raise UnableToSetDueTime(f"Five years have less than {within} of the service hours {hours}: check the tables.")
    return {"due_at": due_at, "due_in_hours": str(hours) if hours.openings else None}


def determine(
    report: ProblemReport,
    performance: ServicePerformance,
    *,
    catalogue: CounterMeasurePolicy,
    priorities: PriorityPolicy,
    now: AwareDatetime,
    hours: HoursOf = _all_hours,
) -> CounterMeasurePlan:
    """Choose every measure that an objective's state and the symptom ask for; due times run from entry in `hours`."""
    priority, why = _base_priority(report, performance, priorities)
    measures = []
    for entry in catalogue.catalogue:
        asked_by = [o for o in performance.objectives if any(t.matches(o, report.symptom) for t in entry.when)]
        if not asked_by:
            continue
        states = ", ".join(f"{o.objective} {o.state.value}" for o in asked_by)
        measures.append(
            CounterMeasure(
                measure=entry.measure,
                title=entry.title,
                department=entry.department,
                priority=priority,
                original_priority=priority,
                **_due((entry.due or priorities.due)[priority], report.entered_at, hours(priority)),
                reason=f"{states}; symptom {report.symptom.value}; {why}",
                objectives=tuple(o.objective for o in asked_by),
            )
        )
    return CounterMeasurePlan(
        revision=1,
        impact=report.impact,
        urgency=report.urgency,
        base_priority=priority,
        measures=tuple(sorted(measures, key=lambda m: m.due_at)),
        planned_at=now,
        policy_versions=(catalogue.version, priorities.version),
    )


def reprioritise(
    plan: CounterMeasurePlan,
    *,
    reason: str,
    catalogue: CounterMeasurePolicy,
    priorities: PriorityPolicy,
    now: AwareDatetime,
    since: AwareDatetime,
    hours: HoursOf = _all_hours,
) -> CounterMeasurePlan:
    """Raise each measure by one level, never beyond P1, once per incident.

    Returns the very same plan where nothing would change: a second pass is a no-op (process.md, rule 3).
    The due time is counted from the same start as before, `since`, in the hours of the higher priority.
    """
    if plan.reprioritised or all(m.priority is Priority.P1 for m in plan.measures):
        return plan
    entries = {entry.measure: entry for entry in catalogue.catalogue}
    raised = []
    for measure in plan.measures:
        higher = measure.priority.raised()
        entry = entries.get(measure.measure)
        due = entry.due if entry and entry.due else priorities.due
        change = PriorityChange(before=measure.priority, after=higher, at=now, reason=reason)
        raised.append(
            measure.model_copy(
                update={
                    "priority": higher,
                    **_due(due[higher], since, hours(higher)),
                    "history": (*measure.history, change) if higher is not measure.priority else measure.history,
                }
            )
        )
    measures = tuple(sorted(raised, key=lambda m: m.due_at))
    changes = {"revision": plan.revision + 1, "measures": measures, "planned_at": now, "reprioritised": True}
    return plan.model_copy(update=changes)
