"""From facts to the measured value of one objective, exact."""

from collections.abc import Callable
from fractions import Fraction

from include.sla_logic.domain.contract import measures
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.sla.case import Case, Measured, availability_of, total_seconds
from include.sla_logic.domain.sla.delays import from_days_late
from include.sla_logic.domain.sla.objective_judgement import DataState, RefusalCode
from include.sla_logic.domain.sla.readings import from_reading, reading_of
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rolling import rolling_mean
from include.sla_logic.domain.sla.sampled_measures import from_error_rates, from_statistic, from_unavailable_state
from include.sla_logic.domain.sla.single_times import from_single_times


def measure(objective: Objective, case: Case) -> Measured:
    """Return the objective's value; raise `UnableToJudge` for facts that cannot be right."""
    if total_seconds(case) <= 0:
        raise UnableToJudge(RefusalCode.EMPTY_WINDOW, "The window has no time in it.")
    if objective.rolling_windows is not None:
        return rolling_mean(objective, case, _measure_window)
    return _measure_window(objective, case)


def _measure_window(objective: Objective, case: Case) -> Measured:
    reading = reading_of(objective, case)
    measuring = _MEASURING[type(objective.measured_by if objective.lengths is None else objective.lengths)]
    measured = measuring(objective, case)
    if reading is None:
        return measured
    return from_reading(objective, reading, measured, recorded=_is_recorded(objective, measured, case))


def _is_recorded(objective: Objective, measured: Measured, case: Case) -> bool:
    """Tell whether there are records of what a reading sums up: that no outage is on record proves nothing."""
    if isinstance(objective.measured_by, measures.FromOutages):
        return bool(case.facts.outages)
    return measured.state is DataState.MEASURED


def _from_outages(_objective: Objective, case: Case) -> Measured:
    return availability_of(case, case.downtime)


def _from_events(_objective: Objective, case: Case) -> Measured:
    found = Measured(total=total_seconds(case), events=tuple(dict.fromkeys(c.event for c in case.facts.event_credits)))
    if not case.facts.event_credits and "event_credits" in case.facts.not_kept:
        return found.not_kept("credits by event")
    if not case.facts.event_credits:
        found.note = "no event with a credit is on record"
    else:
        found.value = Fraction(len(found.events))
    return found


_MEASURING: dict[type, Callable[[Objective, Case], Measured]] = {
    measures.FromOutages: _from_outages,
    measures.FromUnavailableState: from_unavailable_state,
    measures.FromMean: from_statistic,
    measures.FromPercentile: from_statistic,
    measures.FromShareBeyond: from_statistic,
    measures.FromErrorRates: from_error_rates,
    measures.FromRestoreTimes: from_single_times,
    measures.FromResponseTimes: from_single_times,
    measures.FromResolutionTimes: from_single_times,
    measures.FromDaysLate: from_days_late,
    measures.FromEvents: _from_events,
}
