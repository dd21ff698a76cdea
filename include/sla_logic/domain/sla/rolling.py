"""The mean of an objective's values over the last windows."""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.measures import FromDaysLate, FromErrorRates, FromEvents, FromRestoreTimes
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.contract.reach import earlier_windows
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.sla.agreed import UnableToFindAgreedTime, find_agreed_window
from include.sla_logic.domain.sla.case import Case, Measured
from include.sla_logic.domain.sla.objective_judgement import DataState, RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge

Measuring = Callable[[Objective, Case], Measured]


def rolling_mean(objective: Objective, case: Case, measure: Measuring) -> Measured:
    """Measure this window and those before it, and return their mean; windows without an agreement are left out."""
    count = objective.rolling_windows or 1
    now = measure(objective, case)
    if now.state is DataState.NEVER_ANSWERED:
        return now
    values = {case.agreed.calendar.start: now} | earlier_values(objective, case, count - 1, measure)
    found = Measured(total=now.total, samples=now.samples, events=now.events)
    found.open_reasons = [reason for one in values.values() for reason in one.open_reasons]
    shown = {start: f"{local_day(start, case.contract.zone)}" for start in sorted(values)}
    for start, one in values.items():
        if one.state is not DataState.MEASURED or one.value is None or one.doubt(case.contract) is not None:
            found.state, found.unknown_seconds = DataState.NO_DATA, found.total
            why = "has no value." if one.value is None else f"says too little. {one.doubt(case.contract)}"
            found.note = f"The mean over {count} windows is not known: the window from {shown[start]} {why}"
            return found
    known = [values[start].value or Fraction(0) for start in shown]
    found.value = sum(known, Fraction(0)) / len(known)
    parts = ", ".join(f"{day}: {half_up(v, 8).normalize():f}" for day, v in zip(shown.values(), known, strict=True))
    found.steps.append(f"windows from {parts}")
    found.steps.append(f"mean over {len(known)} window(s) = {exact_text(found.value)} {objective.shown_unit}")
    return found


def earlier_values(objective: Objective, case: Case, count: int, measure: Measuring) -> dict[datetime, Measured]:
    """Measure the windows before this one, the nearest first; those without an agreement are left out."""
    if (field := of_one_window(objective, case.facts)) is not None:
        reason = f"A rule about several windows needs records of all of them; {field} are of one window."
        raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)
    values = {}
    for start in earlier_windows(case.contract, case.window, count):
        try:
            agreed = find_agreed_window(case.contract, case.facts, case.contract.window_at(start))
        except UnableToFindAgreedTime:
            continue
        if agreed.promised:
            values[start] = measure(objective, Case(case.contract, case.facts, agreed, case.as_of))
    return values


def of_one_window(objective: Objective, facts: ServiceFacts) -> str | None:
    """Name the field that tells of the objective without a moment, and so of the judged window alone, if any."""
    how = objective.measured_by
    single = {
        "readings": any(reading.metric in (objective.metric.value, objective.id) for reading in facts.readings),
        "restorations": isinstance(objective.lengths, FromRestoreTimes) and facts.restorations,
        "error_intervals": isinstance(how, FromErrorRates) and facts.error_intervals,
        "event_credits": isinstance(how, FromEvents) and facts.event_credits,
        "days_late": isinstance(how, FromDaysLate) and any(delay.days_late is not None for delay in facts.delays),
    }
    return next((field for field, given in single.items() if given), None)
