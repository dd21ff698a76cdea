"""Which facts of a file a contract uses: a misspelt metric is refused, and what is left over is named."""

from collections.abc import Iterator

from include.sla_logic.domain.contract import measures, rules
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.metrics import MetricName
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.measurements import ServiceFacts

_ERRORS = "error_rate"


class UnableToUseFact(ForeseenError):
    """A fact names a metric or a promise that neither the contract nor any other contract can know."""


def check_names(contract: Contract, facts: ServiceFacts) -> None:
    """Raise `UnableToUseFact` for a series, reading or delay whose name means nothing."""
    known = {metric.value for metric in MetricName}
    series = known | {_ERRORS} | {name for one in contract.objectives if (name := _series_of(one))}
    readings = known | {one.id for one in contract.objectives}
    kinds = _delays_of(contract)
    checks = (
        ("series", "metric", [one.metric for one in facts.series], series),
        ("readings", "metric or objective", [one.metric for one in facts.readings], readings),
        ("delays", "promise of the contract", [one.kind for one in facts.delays], kinds),
    )
    for field, what, names, allowed in checks:
        for name in names:
            if allowed is not None and name not in allowed:
                reason = f"{field}: {name} is no {what}; known are {', '.join(sorted(allowed))}."
                raise UnableToUseFact(reason)


def left_over(contract: Contract, facts: ServiceFacts) -> Iterator[str]:
    """Name every kind of fact that no objective of the contract is measured by."""
    how = [one.lengths or one.measured_by for one in contract.objectives]
    used = {_series_of(one) for one in contract.objectives}
    named = {name for one in contract.objectives for name in (one.id, one.metric.value)}
    yield from (f"series {one.metric}" for one in facts.series if one.metric not in used)
    yield from (f"reading {one.metric}" for one in facts.readings if one.metric not in named)
    needs = (
        ("error_intervals", measures.FromErrorRates),
        ("restorations", measures.FromRestoreTimes),
        ("delays", measures.FromDaysLate),
        ("event_credits", measures.FromEvents),
    )
    for field, needed in needs:
        if getattr(facts, field) and not any(isinstance(one, needed) for one in how):
            yield field


def _series_of(objective: Objective) -> str | None:
    how = objective.measured_by
    if isinstance(how, measures.FromUnavailableState):
        return how.series
    if isinstance(how, measures.FromErrorRates):
        return _ERRORS
    if objective.lengths is not None or not isinstance(how, measures.STATISTICS):
        return None
    return how.series or objective.metric.value


def _delays_of(contract: Contract) -> set[str] | None:
    """Return the kinds of promise that are paid; None where any is, or where none is promised."""
    late = [one for one in contract.objectives if isinstance(one.measured_by, measures.FromDaysLate)]
    paid = {one.rule.applies_to for one in late if isinstance(one.rule, rules.SumPerDay)}
    return paid if late and all(isinstance(one.rule, rules.SumPerDay) for one in late) else None
