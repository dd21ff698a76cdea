"""Times to restore, one by one and their mean."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.case import Case, Measured, Repair, total_seconds
from include.sla_logic.domain.sla.downtime import check_order, count_downtime
from include.sla_logic.domain.sla.numbering import numbers
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge


def from_restore_times(objective: Objective, case: Case) -> Measured:
    """Return the mean length of the window's repairs; no repair is no value, and no breach.

    Restorations that are given go before the lengths of outages, and may not contradict them.
    """
    found = Measured(total=total_seconds(case))
    found.repairs = _repairs(objective, case, found)
    if given := case.facts.restorations:
        restored = [Repair(r.reference, Fraction(r.seconds), i + 1) for i, r in enumerate(given)]
        _check_agreement(found.repairs, restored)
        if left := [one.name for one in found.repairs if one.name not in {r.name for r in restored}]:
            found.steps.append(f"restorations are given: the outages {', '.join(left)} are not counted as repairs")
        found.repairs, found.open_reasons = restored, []
    if not found.repairs:
        found.note = "nothing was repaired in this window"
        return found
    return with_mean(found, "time to restore")


def with_mean(found: Measured, of: str) -> Measured:
    """Add the mean of the single lengths."""
    times = [repair.seconds for repair in found.repairs]
    found.value = sum(times, Fraction(0)) / len(times)
    found.events = tuple(repair.name for repair in found.repairs)
    summed = " + ".join(exact_text(time) for time in times)
    found.steps.append(f"mean {of} = ({summed}) / {len(times)} = {exact_text(found.value)} s")
    return found


def _check_agreement(recorded: Sequence[Repair], given: Sequence[Repair]) -> None:
    """Raise `UnableToJudge` where a restoration has another length than the outage of its name."""
    lengths = {one.name: one.seconds for one in recorded}
    for one in given:
        if (length := lengths.get(one.name, one.seconds)) != one.seconds:
            took, lasted = exact_text(one.seconds), exact_text(length)
            reason = f"The restoration {one.name} took {took} s, its outage {lasted} s: give one of them."
            raise UnableToJudge(RefusalCode.CONTRADICTING_FACTS, reason)


def _repairs(objective: Objective, case: Case, found: Measured) -> list[Repair]:
    """Return the counted length of each outage that ended in the window, alone, with its name and its number."""
    check_order(case.facts)
    for outage in case.facts.outages:
        if _closed(case, outage) is None and outage.start < min(case.window.end, case.as_of):
            found.open_reasons.append(f"the outage {outage.reference} is still open")
    inside = [(o, time) for o in case.facts.outages if _ended_in(case, o) and (time := _length(case, o))]
    places = _numbers(objective, case)
    return [
        Repair(o.reference, Fraction(time), places.get(o.reference, i + 1), at=to_seconds(o.start))
        for i, (o, time) in enumerate(inside)
    ]


def _closed(case: Case, outage: Outage) -> datetime | None:
    return outage.ticket_closed_at if case.contract.counting.clock_stop == "ticket_closed" else outage.end


def _ended_in(case: Case, outage: Outage) -> bool:
    closed = _closed(case, outage)
    return closed is not None and case.agreed.contains(to_seconds(closed))


def _length(case: Case, outage: Outage) -> int:
    """Return how long this outage counts, alone and beyond any window."""
    alone = case.facts.model_copy(update={"outages": (outage,)})
    return count_downtime(case.contract, alone, [(0, 2**40)], case.as_of).seconds


def _numbers(objective: Objective, case: Case) -> dict[str, int]:
    """Return the number of each repair, as they ended; only where the rule asks."""
    rule = objective.rule
    if not isinstance(rule, Credit) or rule.numbered_by != "event":
        return {}
    ended = [(end, o) for o in case.facts.outages if (end := _closed(case, o)) is not None and end < case.window.end]
    ended.sort(key=lambda entry: (entry[0], entry[1].reference))
    counted = [((to_seconds(o.start), to_seconds(end)), o.reference) for end, o in ended if _length(case, o)]
    placed = [(span, span[1]) for span, _reference in counted]
    places = numbers(rule, placed, case, case.agreed.contains)
    return {reference: place for (_span, reference), place in zip(counted, places, strict=True)}
