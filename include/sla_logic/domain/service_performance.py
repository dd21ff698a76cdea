"""How a service performs against what was promised, in the few figures that documents repeat."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.paid import Exact, PaidCredit
from include.sla_logic.domain.performance import Bound, PerformanceSeries, series_of
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import ObjectiveJudgement, SlaComparison, Verdict


class ObjectiveState(StrEnum):
    """What the comparison says of one service level objective."""

    MET = "met"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    UNKNOWN = "unknown"
    NOT_PROMISED = "not_promised"


class ObjectivePerformance(Value):
    """One objective: promised, measured, and what the difference means; None is not known, never zero.

    `at_least` says on which side of the promise the good values lie, `weighed_seconds` how many seconds count where
    outages count in part, `paid` is the arithmetic of the credit.
    """

    objective: str
    metric: str
    unit: str
    promised: Decimal | None
    at_least: bool
    title: str = ""
    measured: Decimal | None
    state: ObjectiveState
    provisional: bool = False
    seconds_to_next_tier: int | None = None
    reason: str | None = None
    counted_seconds: int | None = None
    excluded_seconds: int = 0
    no_data_seconds: int = 0
    credit_percent: Decimal | None = None
    charge_base: Money | None = None
    credited_days: int | None = None
    clause: str | None = None
    total_seconds: int | None = None
    weighed_seconds: Exact | None = None
    paid: PaidCredit | None = None


class ServicePerformance(Value):
    """The service in one window of the contract, as known at `as_of`."""

    window: Period
    as_of: AwareDatetime
    objectives: tuple[ObjectivePerformance, ...]
    provisional: bool

    @property
    def breached(self) -> bool:
        """Tell whether any promise is missed for certain."""
        return bool(self.breached_objectives)

    @property
    def breached_objectives(self) -> tuple[str, ...]:
        """Name the objectives that are missed for certain."""
        return tuple(o.objective for o in self.objectives if o.state is ObjectiveState.BREACHED)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Name the objectives of which too little was measured to judge them."""
        return tuple(o.objective for o in self.objectives if o.state is ObjectiveState.UNKNOWN)


def summarise(comparison: SlaComparison, contract: Contract, *, at_risk_within: timedelta) -> ServicePerformance:
    """Reduce a comparison to what documents repeat; the comparison itself keeps the evidence."""
    return ServicePerformance(
        window=comparison.window,
        as_of=comparison.as_of,
        objectives=tuple(
            ObjectivePerformance(
                objective=judged.objective,
                title=judged.title,
                metric=judged.metric,
                unit=judged.unit,
                promised=judged.target,
                at_least=contract.objective(judged.objective).higher_is_better,
                measured=judged.measured,
                state=_state(judged, at_risk_within, running=comparison.as_of < comparison.window.end),
                provisional=judged.provisional,
                seconds_to_next_tier=judged.seconds_to_next_tier,
                reason=judged.reason,
                counted_seconds=judged.counted_seconds,
                excluded_seconds=judged.excluded_seconds,
                no_data_seconds=judged.no_data_seconds,
                credit_percent=judged.credit_percent,
                charge_base=judged.charge_base,
                credited_days=judged.days if judged.rule.startswith("day_per") else None,
                clause=judged.clause,
                total_seconds=judged.total_seconds,
                weighed_seconds=judged.weighed_seconds,
                paid=judged.paid,
            )
            for judged in comparison.objectives
        ),
        provisional=comparison.provisional,
    )


def _state(judged: ObjectiveJudgement, at_risk_within: timedelta, *, running: bool) -> ObjectiveState:
    if judged.verdict is Verdict.BREACHED:
        return ObjectiveState.BREACHED
    if judged.verdict is Verdict.NOT_PROMISED:
        return ObjectiveState.NOT_PROMISED
    if judged.verdict is not Verdict.MET:
        return ObjectiveState.UNKNOWN
    left = judged.seconds_to_next_tier if judged.counted_seconds else None  # else nothing is used up
    near = running and left is not None and left <= at_risk_within.total_seconds()
    return ObjectiveState.AT_RISK if near else ObjectiveState.MET


def draw(
    facts: ServiceFacts, comparison: SlaComparison, contract: Contract, *, actions: CorrectiveActions | None
) -> tuple[PerformanceSeries, ...]:
    """Take the course of each objective over the window, for the pictures of a report."""
    return tuple(
        series_of(
            facts,
            metric=objective.metric,
            unit=objective.shown_unit,
            window=comparison.window,
            as_of=comparison.as_of,
            zone=contract.zone,
            target=objective.target,
            bound=Bound.AT_LEAST if objective.higher_is_better else Bound.AT_MOST,
            corrected_at=actions.undertaken_at if actions else None,
        )
        for objective in contract.objectives
    )
