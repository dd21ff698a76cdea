"""Fresh measurements against what the contract promises (process.md, rule 9)."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import AwareDatetime

from include.sla_logic.domain.contract import Contract, Objective
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.network import Probe
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.tables import Table


class ProbeTarget(Table):
    """What a fresh measurement must reach; None means that the contract promises no bound for it."""

    metric: Metric
    bound: Decimal | None
    at_least: bool


class Check(Value):
    """One fresh measurement against its target; `measured` None: nothing came back, so nothing is proved."""

    metric: Metric
    unit: str
    bound: Decimal | None
    at_least: bool
    measured: Decimal | None
    passed: bool
    taken_at: AwareDatetime | None

    @property
    def shortcoming(self) -> str:
        """Say in one line why this check is not passed, if it is not."""
        if self.measured is None:
            return f"{self.metric.value}: nothing came back"
        side = "at least" if self.at_least else "at most"
        return f"{self.metric.value}: measured {self.measured} {self.unit}, must be {side} {self.bound} {self.unit}"


def check_probes(probes: Sequence[Probe], targets: Sequence[ProbeTarget]) -> tuple[Check, ...]:
    """Compare each target with the newest probe of its metric; a metric without probe is not passed."""
    newest = {probe.metric: probe for probe in sorted(probes, key=lambda probe: probe.taken_at)}
    return tuple(_check(target, newest.get(target.metric)) for target in targets)


def _check(target: ProbeTarget, probe: Probe | None) -> Check:
    value = probe.value if probe else None
    if value is None:
        passed = False
    elif target.bound is None:
        passed = True
    else:
        passed = value >= target.bound if target.at_least else value <= target.bound
    return Check(
        metric=target.metric,
        unit=probe.unit if probe else "",
        bound=target.bound,
        at_least=target.at_least,
        measured=value,
        passed=passed,
        taken_at=probe.taken_at if probe else None,
    )


def targets_of(contract: Contract, otherwise: Sequence[ProbeTarget]) -> tuple[ProbeTarget, ...]:
    """Return the strictest bound per metric of the contract, and `otherwise` where it has none.

    Only metrics that one measurement can show are taken; a mean time to restore is not among them.
    """
    targets: dict[Metric, ProbeTarget] = {}
    for objective in contract.objectives:
        if objective.metric.value in set(Metric):
            new = _target(objective)
            old = targets.get(new.metric)
            targets[new.metric] = new if old is None else _stricter(old, new)
    for target in otherwise:
        known = targets.get(target.metric)
        if known is None or known.bound is None:
            targets[target.metric] = target
    return tuple(targets.values())


def _target(objective: Objective) -> ProbeTarget:
    metric, measure = Metric(objective.metric.value), objective.measured_by
    if measure.kind == "share_beyond":
        most = measure.bound.more_than or measure.bound.at_least
        least = measure.bound.below or measure.bound.at_most
        return ProbeTarget(metric=metric, bound=least if most is None else most, at_least=most is None)
    return ProbeTarget(metric=metric, bound=objective.target, at_least=objective.higher_is_better)


def _stricter(one: ProbeTarget, two: ProbeTarget) -> ProbeTarget:
    if one.bound is None or two.bound is None:
        return two if one.bound is None else one
    one_is_stricter = one.bound >= two.bound if one.at_least else one.bound <= two.bound
    return one if one_is_stricter else two
