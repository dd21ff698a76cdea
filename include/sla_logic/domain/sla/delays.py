"""Days by which a promised day was missed."""

from datetime import date
from fractions import Fraction

from include.sla_logic.domain.calendars import local_midnight
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.rules import SumPerDay
from include.sla_logic.domain.measurements import Delay
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.case import Case, LateDay, Measured, total_seconds
from include.sla_logic.domain.sla.numbered_days import first_after_grace, numbered_days
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge


def from_days_late(objective: Objective, case: Case) -> Measured:
    """Return how many days are paid for promised days that were missed."""
    found = Measured(total=total_seconds(case))
    rule = objective.rule
    kind = rule.applies_to if isinstance(rule, SumPerDay) else rule.promise if isinstance(rule, Credit) else None
    grace = rule.grace_working_days if isinstance(rule, SumPerDay) else 0
    delays = [delay for delay in case.facts.delays if kind in (None, delay.kind)]
    if not delays and "delays" in case.facts.not_kept:
        return found.not_kept("days late")
    if not delays:
        found.note = f"no {kind or 'delay'} is on record"
        return found
    if isinstance(rule, Credit):
        for delay in delays:
            found.paid_days += _days_of(rule, delay, case, found)
        found.days = len(found.paid_days)
    else:
        found.days = sum(_days_late(delay, grace, case, found) for delay in delays)
    found.value = Fraction(found.days)
    return found


def _days_late(delay: Delay, grace: int, case: Case, found: Measured) -> int:
    """Count calendar days from the first that is paid to the day before the promise was kept."""
    if delay.days_late is not None:
        found.steps.append(f"{delay.kind}: {delay.days_late} day(s) late, as stated")
        return delay.days_late
    due, done = _ends(delay, case, found, grace)
    first = due
    if grace:
        first = date.fromordinal(case.contract.calendar.after_working_days(due, grace).toordinal() + 1)
    days = max(0, (done - first).days)
    found.late_days += [date.fromordinal(first.toordinal() + number) for number in range(days)]
    after = f", first paid day {first} after {grace} working day(s) of grace" if grace else ""
    found.steps.append(f"{delay.kind}: promised {due}{after}, done {done}: {days} day(s), the last not paid")
    return days


def _ends(delay: Delay, case: Case, found: Measured, grace: int) -> tuple[date, date]:
    """Return the promised day and the day on which it was kept, or today."""
    if delay.due is None:
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, f"The {delay.kind} has no promised day.")
    done = delay.done
    if done is None:
        done = case.today
        found.open_reasons.append(f"the {delay.kind} promised for {delay.due} is still open")
    if grace and delay.done is not None and done < delay.due:
        reason = f"The {delay.kind} of {delay.due} was done on {done}, before it was reported."
        raise UnableToJudge(RefusalCode.DONE_BEFORE_DUE, reason)
    return delay.due, done


def _days_of(rule: Credit, delay: Delay, case: Case, found: Measured) -> list[LateDay]:
    """Return the days of a delay that lie in the window, each with its number from the first."""
    if delay.days_late is not None:
        found.steps.append(f"{delay.kind}: {delay.days_late} day(s) late, as stated")
        return [LateDay(delay.kind, None, number + 1) for number in range(delay.days_late)]
    due, done = _ends(delay, case, found, rule.grace_working_days)
    calendar = case.contract.calendar
    first = first_after_grace(rule, due, calendar)
    last = done.toordinal() - (rule.day_of_repair != "paid" or delay.done is None)
    late = map(date.fromordinal, range(first.toordinal(), last + 1))
    days = list(numbered_days(rule, first, late, calendar))
    inside: list[LateDay] = []
    inside += [LateDay(delay.kind, day, number) for day, number in days if _is_inside(day, case)]
    paid = "paid" if rule.day_of_repair == "paid" else "not paid"
    found.steps.append(
        f"{delay.kind}: due {due}, day 1 is {first}, done {done} ({paid} itself): "
        f"{len(days)} day(s), {len(inside)} of them in this window"
    )
    return inside


def _is_inside(day: date, case: Case) -> bool:
    return case.agreed.contains(to_seconds(local_midnight(day, case.contract.zone)))
