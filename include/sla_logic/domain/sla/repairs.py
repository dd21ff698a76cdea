"""Times to restore, and days by which a promised day was missed."""

from datetime import date
from fractions import Fraction

from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.contract.rules import SumPerDay
from include.sla_logic.domain.measurements import Delay
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.case import Case, Measured, total_seconds
from include.sla_logic.domain.sla.downtime import check_order, count_downtime
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge


def from_restore_times(_objective: Objective, case: Case) -> Measured:
    """Return the mean length of the window's repairs; no repair is no value, and no breach."""
    found = Measured(total=total_seconds(case))
    times = [Fraction(r.seconds) for r in case.facts.restorations]
    names = [r.reference for r in case.facts.restorations]
    if not times:
        times, names = _repairs(case, found)
    if not times:
        found.note = "nothing was repaired in this window"
        return found
    found.value = sum(times, Fraction(0)) / len(times)
    found.events = tuple(names)
    summed = " + ".join(exact_text(time) for time in times)
    found.steps.append(f"mean time to restore = ({summed}) / {len(times)} = {exact_text(found.value)} s")
    return found


def _repairs(case: Case, found: Measured) -> tuple[list[Fraction], list[str]]:
    """Return the counted length of each outage that ended in the window, alone, with its name."""
    times, names = [], []
    check_order(case.facts)
    for outage in case.facts.outages:
        closed = outage.ticket_closed_at if case.contract.counting.clock_stop == "ticket_closed" else outage.end
        if closed is None:
            if outage.start < min(case.window.end, case.as_of):
                found.open_reasons.append(f"the outage {outage.reference} is still open")
        elif case.agreed.contains(to_seconds(closed)):
            alone = case.facts.model_copy(update={"outages": (outage,)})
            wide = count_downtime(case.contract, alone, [(0, 2**40)], case.as_of)
            if wide.seconds:
                times.append(Fraction(wide.seconds))
                names.append(outage.reference)
    return times, names


def from_days_late(objective: Objective, case: Case) -> Measured:
    """Return how many days are paid for promised days that were missed."""
    found = Measured(total=total_seconds(case))
    rule = objective.rule
    kind = rule.applies_to if isinstance(rule, SumPerDay) else None
    grace = rule.grace_working_days if isinstance(rule, SumPerDay) else 0
    delays = [delay for delay in case.facts.delays if kind in (None, delay.kind)]
    if not delays and "delays" in case.facts.not_kept:
        return found.not_kept("days late")
    if not delays:
        found.note = f"no {kind or 'delay'} is on record"
        return found
    found.days = sum(_days_late(delay, grace, case, found) for delay in delays)
    found.value = Fraction(found.days)
    return found


def _days_late(delay: Delay, grace: int, case: Case, found: Measured) -> int:
    """Count calendar days from the first that is paid to the day before the promise was kept."""
    if delay.days_late is not None:
        found.steps.append(f"{delay.kind}: {delay.days_late} day(s) late, as stated")
        return delay.days_late
    if delay.due is None:
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, f"The {delay.kind} has no promised day.")
    done = delay.done
    if done is None:
        done = case.today
        found.open_reasons.append(f"the {delay.kind} promised for {delay.due} is still open")
    if grace and done < delay.due:
        reason = f"The {delay.kind} of {delay.due} was done on {done}, before it was reported."
        raise UnableToJudge(RefusalCode.DONE_BEFORE_DUE, reason)
    first = delay.due
    if grace:
        first = date.fromordinal(case.contract.calendar.after_working_days(delay.due, grace).toordinal() + 1)
    days = max(0, (done - first).days)
    found.late_days += [date.fromordinal(first.toordinal() + number) for number in range(days)]
    after = f", first paid day {first} after {grace} working day(s) of grace" if grace else ""
    found.steps.append(f"{delay.kind}: promised {delay.due}{after}, done {done}: {days} day(s), the last not paid")
    return days
