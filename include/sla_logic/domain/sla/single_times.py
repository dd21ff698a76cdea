"""A statistic of single times to restore, respond or resolve: their mean, a percentile, or the share beyond a bound."""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.contract import measures
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.sla.case import Case, Measured
from include.sla_logic.domain.sla.repairs import from_restore_times
from include.sla_logic.domain.sla.ticket_times import from_ticket_times


def from_single_times(objective: Objective, case: Case) -> Measured:
    """Return the mean, or the statistic that the objective names; no time is no value."""
    how, lengths = objective.measured_by, objective.lengths
    single = objective.model_copy(update={"measure": lengths, "target": _longest_open(objective)})
    restored = isinstance(lengths, measures.FromRestoreTimes)
    found = (from_restore_times if restored else from_ticket_times)(single, case)
    if isinstance(how, measures.ONE_BY_ONE) or not found.repairs:
        return found
    times = sorted(repair.seconds for repair in found.repairs)
    found.value, text = _statistic(how, times)
    found.samples, found.repairs = len(times), []
    found.steps[-1] = f"{text} of {len(times)} time(s) = {exact_text(found.value)} {objective.shown_unit}"
    return found


def _longest_open(objective: Objective) -> Decimal | None:
    """Return how long a ticket may wait until it counts though nobody has dealt with it."""
    how = objective.measured_by
    if not isinstance(how, measures.FromShareBeyond):
        return objective.target
    low = how.bound.more_than if how.bound.more_than is not None else how.bound.at_least
    return None if low is None else Decimal(low)


def _statistic(how: measures.Measure, times: Sequence[Fraction]) -> tuple[Fraction, str]:
    if isinstance(how, measures.FromPercentile):
        rank = max(1, math.ceil(Fraction(how.percentile) * len(times) / 100))
        return times[rank - 1], f"percentile {how.percentile} (nearest rank)"
    if isinstance(how, measures.FromShareBeyond):
        beyond = sum(how.bound.holds(time) for time in times)
        return Fraction(100 * beyond, len(times)), f"{beyond} {how.bound}: the share"
    return sum(times, Fraction(0)) / len(times), "mean"
