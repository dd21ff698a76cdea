"""Rights to leave after many or long outages, or after missed windows, as docs/contracts.md says it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from tests.domain.sla.oracle import sampled
from tests.domain.sla.oracle.clock import Stretch, day_of, first_second, holds, seconds, stretch_of
from tests.domain.sla.oracle.counting import counted_slots, outages_of

DAY = 86_400


@dataclass(frozen=True)
class Right:
    """Whether the right is reached, and until when notice may be given.

    Where it is not: of a clause about a number of outages alone, how many are left, and whether that is announced.
    """

    reached: bool
    until: int | None = None
    left: int | None = None
    announced: bool | None = None


@dataclass(frozen=True)
class Outage:
    """One outage: its first and last counted second, and how many are counted."""

    begin: int
    end: int
    size: int


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for low, high in sorted(stretches):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def inside(pieces: list[Stretch], low: int, high: int) -> list[Stretch]:
    return [(max(a, low), min(b, high)) for a, b in pieces if a < high and b > low]


def total(pieces: list[Stretch]) -> int:
    return sum(high - low for low, high in pieces)


def downtime(terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], window: Stretch, now: int) -> Any:
    """Return the stretches that count, of records and of samples, and the whole stretches in which they lie."""
    known = facts | {"window": window}
    raw = outages_of(terms, known, now)
    slots = counted_slots(terms, known, raw, now)
    whole = [(one.low, one.high) for one in raw]
    for objective in terms["objectives"]:
        if objective.get("measure", {}).get("kind") == "unavailable_state":
            seen = sampled.unavailable(objective["measure"], facts, now)
            seen = sampled.without_silent_windows(terms, facts, seen, held, now)
            slots = [*slots, *counted_slots(terms, known | {"others": True}, seen, now)]
            whole += [(one.low, one.high) for one in seen]
    return merged((slot.low, slot.high) for slot in slots), merged(whole)


def right_of(
    terms: dict[str, Any],
    facts: dict[str, Any],
    held: list[Stretch],
    window: Stretch,
    now: int,
    is_missed: Callable[[int], bool | None],
) -> Right:
    """Judge the right in a window; `is_missed(2)` tells whether the last window but two missed a target."""
    clause = terms["chronic"]
    pieces, whole = downtime(terms, facts, held, window, now)
    found = _by_number(clause, _outages(clause, pieces, whole, window), window, now)
    moments = [] if found.until is None else [found.until]
    moments += _by_total(terms, clause, [piece for piece in pieces if piece[0] < window[1]], window)
    if (missed := clause.get("missed")) is not None:
        of = [is_missed(number) for number in range(missed.get("within", missed["windows"]))]
        if of[0] and sum(one is True for one in of) >= missed["windows"]:
            moments.append(window[1])
    if not moments:
        return found if not clause.keys() & {"total", "missed"} else Right(reached=False)
    until = None
    if "notice_days" in clause:
        last = day_of(moments[0], terms["zone"]) + timedelta(days=clause["notice_days"])
        until = first_second(last + timedelta(days=1), terms["zone"])
    return Right(reached=True, until=until, left=0)


def _outages(clause: dict[str, Any], pieces: list[Stretch], whole: list[Stretch], window: Stretch) -> list[Outage]:
    found = []
    for low, high in whole:
        own = inside(pieces, low, high)
        size = total(own)
        if own and own[0][0] < window[1] and holds(clause.get("outage", {}), Fraction(size), seconds):
            found.append(Outage(own[0][0], own[-1][1], size))
    return found


def _by_number(clause: dict[str, Any], outages: list[Outage], window: Stretch, now: int) -> Right:
    """Return the moment of the right as `until`, where a number of outages gives it."""
    if "count" not in clause:
        return Right(reached=False)
    count, days = clause["count"], clause["within_days"] * DAY
    for last in outages:
        near = [one for one in outages if one.begin <= last.begin < one.begin + days]
        if last.begin >= window[0] and len(near) >= count:
            return Right(reached=True, until=last.end)
    at = min(now, window[1])
    alive = sum(one.begin <= at < one.begin + days for one in outages)
    left = max(1, count - alive)
    announced = alive > 0 and count - alive <= clause.get("warn_before", 1)
    return Right(reached=False, left=left, announced=announced)


def _by_total(terms: dict[str, Any], clause: dict[str, Any], pieces: list[Stretch], window: Stretch) -> list[int]:
    """Return the moments at which the downtime of this window completes a total."""
    if "total" not in clause:
        return []
    found = []
    if "total_within_days" in clause:
        for _low, high in pieces:
            at = min(high, window[1])
            size = total(inside(pieces, at - clause["total_within_days"] * DAY, at))
            if at > window[0] and holds(clause["total"], Fraction(size), seconds):
                found.append(at)
        return found
    at = window[0]
    while at < window[1]:
        stretch = stretch_of(clause.get("total_over", "month"), at, terms)
        own = inside(pieces, stretch[0], min(stretch[1], window[1]))
        if own and own[-1][1] > window[0] and holds(clause["total"], Fraction(total(own)), seconds):
            found.append(own[-1][1])
        at = stretch[1]
    return found
