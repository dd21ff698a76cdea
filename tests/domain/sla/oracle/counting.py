"""Which seconds count: each stretch between two edges is asked one question at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

from tests.domain.sla.oracle.clock import (
    WEEK,
    Stretch,
    day_of,
    days_between,
    edges_of,
    goes_on,
    has_begun,
    holds,
    is_holiday,
    is_working,
    seconds,
    stretch_of,
)

EVER = 2**40
FAULTS = ("outage", "degradation")
OWNERS = ("provider", "customer", "third_party", "force_majeure")


@dataclass(frozen=True)
class Slot:
    """A stretch in which nothing changes; `event` numbers the outage, `piece` the part of it that exclusions leave."""

    low: int
    high: int
    event: int
    piece: int
    weight: Fraction
    names: tuple[str, ...]

    @property
    def size(self) -> Fraction:
        return self.weight * (self.high - self.low)


@dataclass(frozen=True)
class Raw:
    low: int
    high: int
    weight: Fraction
    name: str


def outages_of(terms: dict[str, Any], facts: dict[str, Any], now: int) -> list[Raw]:
    """Return the time of each outage that the contract counts, by its clock."""
    counting = terms.get("counting", {})
    found = []
    for outage in facts["outages"]:
        if ("degradation" if outage.get("degraded") else "outage") not in counting.get("faults", FAULTS):
            continue
        weight = Fraction(1)
        if outage.get("degraded"):
            weight *= share(counting.get("degradations", "100%"))
        if counting.get("partial_outages") == "by_share":
            weight *= Fraction(outage.get("affected_percent", 100)) / 100
        low, high = _clock(counting, outage, now)
        if low is None or high <= low or not weight:
            continue
        if outage.get("attribution", "provider") in counting.get("attributions", ["provider"]):
            found.append(Raw(low, high, weight, outage["reference"]))
    return found


def _clock(counting: dict[str, Any], outage: dict[str, Any], now: int) -> tuple[int | None, int]:
    longest = counting.get("brackets") == "longest"
    start, end = outage["start"], outage.get("end")
    if "start_bounds" in outage:
        start = outage["start_bounds"][0 if longest else 1]
    if "end_bounds" in outage:
        end = outage["end_bounds"][1 if longest else 0]
    moments = {
        "outage": [start],
        "detected": [outage.get("detected_at")],
        "reported": [outage.get("reported_at")],
        "first_of_detected_and_reported": [outage.get("detected_at"), outage.get("reported_at")],
        "ticket_opened": [outage.get("ticket_opened_at")],
    }[counting.get("clock_start", "outage")]
    if counting.get("clock_stop") == "ticket_closed":
        end = outage.get("ticket_closed_at")
    begun = min((moment for moment in moments if moment is not None), default=None)
    return begun, now if end is None else min(end, now)


def share(text: Any) -> Fraction:
    return Fraction(text[:-1]) / 100 if isinstance(text, str) and text.endswith("%") else Fraction(text)


def counted_slots(terms: dict[str, Any], facts: dict[str, Any], raw: list[Raw], now: int) -> list[Slot]:
    """Return the counted time, also beyond the window: nothing excluded, too short, or outside the service hours."""
    if not raw:
        return []
    cells = [*_cells(terms, facts, raw, now)]
    kept: list[Slot] = []
    shortest = terms.get("counting", {}).get("shortest", {})
    for _piece, group in groupby((cell for cell in cells if not cell[1]), key=lambda cell: cell[0].piece):
        served = [slot for slot, _excluded, open_ in group if open_]
        if holds(shortest, Fraction(sum(slot.high - slot.low for slot in served)), seconds):
            kept += served
    return kept


def _cells(terms: dict[str, Any], facts: dict[str, Any], raw: list[Raw], now: int) -> Iterable[tuple[Slot, bool, bool]]:
    """Yield each stretch of downtime, whether it is excluded, and whether it lies in the service hours."""
    zone = terms["zone"]
    granted = [work for work in facts["maintenance"] if is_granted(terms, work)]
    low, high = min(one.low for one in raw), max(one.high for one in raw)
    edges = {edge for one in raw for edge in (one.low, one.high)}
    edges |= {edge for work in granted for edge in (work["start"], work["end"])}
    edges |= {edge for hold in facts["holds"] for edge in (hold["start"], hold.get("end") or now)}
    edges |= {edge for one in facts.get("agreements", ()) for edge in (one["start"], one.get("end") or EVER)}
    edges |= set(facts["window"])
    if facts.get("others"):
        edges |= {edge for outage in facts["outages"] for edge in (outage["start"], outage.get("end", now))}
    for day in days_between(low, high, zone):
        edges.update(edges_of(day, _clocks(terms), zone))
    used: dict[Stretch, int] = {}
    event = piece = 0
    before = excluded_before = None
    for a, b in pairwise(sorted(edges)):
        over = [one for one in raw if one.low <= a and b <= one.high]
        if not over:
            continue
        excluded = why_excluded(terms, facts, granted, a, now)
        open_ = is_served(terms, a)
        weight, names = max(one.weight for one in over), tuple(one.name for one in over)
        parts = [(a, b, excluded != "")]
        if "allowance" in terms.get("maintenance", {}) and is_work(terms, granted, a):
            within = _beyond_allowance(terms, used, a, b, counts=open_)
            parts = within if excluded == "work" else parts
        for start, end, is_excluded in parts:
            if before != start:
                event += 1
            if before != start or excluded_before is not is_excluded:
                piece += 1
            before, excluded_before = end, is_excluded
            yield Slot(start, end, event, piece, weight, names), is_excluded, open_


def _clocks(terms: dict[str, Any]) -> tuple[str, ...]:
    openings = terms.get("counting", {}).get("service_hours", ())
    wanted = terms.get("maintenance", {})
    works = [*wanted.get("recurring", ()), *wanted.get("within", ())]
    return (
        *(o[name] for o in openings for name in ("opens", "closes")),
        *(w[n] for w in works for n in ("starts", "ends")),
    )


def _beyond_allowance(
    terms: dict[str, Any], used: dict[Stretch, int], a: int, b: int, *, counts: bool
) -> list[tuple[int, int, bool]]:
    """Cut planned work where its allowance is used up: what comes after it is not excluded."""
    stretch = stretch_of(terms["maintenance"].get("allowance_over", "month"), a, terms)
    if not counts:
        return [(a, b, True)]
    left = max(0, seconds(terms["maintenance"]["allowance"]) - used.get(stretch, 0))
    used[stretch] = used.get(stretch, 0) + b - a
    cut = min(b, a + left)
    return [(low, high, is_out) for low, high, is_out in ((a, cut, True), (cut, b, False)) if low < high]


def why_excluded(terms: dict[str, Any], facts: dict[str, Any], granted: list[Any], second: int, now: int) -> str:
    """Say why a second is excluded: planned work alone, or anything else."""
    counting = terms.get("counting", {})
    agreements = facts.get("agreements", ())
    if agreements and not any(one["start"] <= second < (one.get("end") or EVER) for one in agreements):
        return "agreement"
    if counting.get("holds_stop_the_clock"):
        stops = counting.get("stops_for", OWNERS[1:])
        for hold in facts["holds"]:
            owner = hold["owner"] if hold["owner"] in OWNERS else "third_party"
            if owner in stops and hold["start"] <= second < (hold.get("end") or now):
                return "hold"
    if facts.get("others") and _of_others(terms, facts, second, now):
        return "others"
    return "work" if is_work(terms, granted, second) else ""


def is_work(terms: dict[str, Any], granted: list[Any], second: int) -> bool:
    wanted = terms.get("maintenance", {})
    announced = any(work["start"] <= second < work["end"] for work in granted)
    if announced and ("within" not in wanted or is_in_hours(wanted["within"], terms["zone"], second)):
        return True
    return wanted.get("excluded", True) and is_in_hours(wanted.get("recurring", ()), terms["zone"], second)


def is_excluded(terms: dict[str, Any], facts: dict[str, Any], granted: list[Any], second: int, now: int) -> bool:
    return why_excluded(terms, facts, granted, second, now) != ""


def _of_others(terms: dict[str, Any], facts: dict[str, Any], second: int, now: int) -> bool:
    """Tell whether somebody else is responsible for that time: for samples only."""
    counted = terms.get("counting", {}).get("attributions", ["provider"])
    return any(
        outage["start"] <= second < outage.get("end", now)
        for outage in facts["outages"]
        if outage.get("attribution", "provider") not in counted
    )


def is_granted(terms: dict[str, Any], work: dict[str, Any]) -> bool:
    """Tell whether planned work is announced as the contract wants it."""
    wanted, zone = terms.get("maintenance", {}), terms["zone"]
    if not wanted.get("excluded", True):
        return False
    announced = work.get("announced_at")
    if "notice" in wanted and (announced is None or work["start"] - announced < seconds(wanted["notice"])):
        return False
    if "notice_working_days" not in wanted:
        return True
    if announced is None:
        return False
    days, day = 0, day_of(announced, zone) + timedelta(days=1)
    while day < day_of(work["start"], zone):
        days += is_working(day, terms.get("calendar", {}))
        day += timedelta(days=1)
    return days >= int(wanted["notice_working_days"])


def is_in_hours(works: Iterable[dict[str, Any]], zone: str, second: int) -> bool:
    """Tell whether a second lies in hours of planned work, which may go on over midnight."""
    today = day_of(second, zone)

    def is_on(work: dict[str, Any], day: Any) -> bool:
        return WEEK[day.weekday()] in work["days"] and day.month in work.get("months", range(1, 13))

    for work in works:
        if work["starts"] < work["ends"]:
            if is_on(work, today) and has_begun(work["starts"], second, zone) and goes_on(work["ends"], second, zone):
                return True
        elif (is_on(work, today) and has_begun(work["starts"], second, zone)) or (
            is_on(work, today - timedelta(days=1)) and goes_on(work["ends"], second, zone)
        ):
            return True
    return False


def is_served(terms: dict[str, Any], second: int) -> bool:
    """Tell whether a second lies in the service hours."""
    openings = terms.get("counting", {}).get("service_hours")
    if openings is None:
        return True
    zone = terms["zone"]
    today = day_of(second, zone)
    holiday = is_holiday(today, terms.get("calendar", {}))
    return any(
        WEEK[today.weekday()] in one.get("days", WEEK[:5])
        and has_begun(one["opens"], second, zone)
        and goes_on(one["closes"], second, zone)
        and (not holiday or one.get("on_holidays", False))
        for one in openings
    )


def served_stretches(terms: dict[str, Any], parts: Iterable[Stretch]) -> list[Stretch]:
    """Return the time of stretches that exists for the contract."""
    if terms.get("counting", {}).get("service_hours") is None:
        return list(parts)
    found = []
    for low, high in parts:
        edges = {low, high}
        for day in days_between(low, high, terms["zone"]):
            edges.update(edge for edge in edges_of(day, _clocks(terms), terms["zone"]) if low < edge < high)
        found += [(a, b) for a, b in pairwise(sorted(edges)) if is_served(terms, a)]
    return found


def served_seconds(terms: dict[str, Any], parts: Iterable[Stretch]) -> int:
    return sum(high - low for low, high in served_stretches(terms, parts))
