"""Values from samples, error rates and tickets, counted one by one."""

import math
from fractions import Fraction
from typing import Any

from tests.domain.sla.oracle.clock import Stretch, holds, stretch_of
from tests.domain.sla.oracle.counting import OWNERS, Raw, is_excluded, is_granted, served_seconds, served_stretches
from tests.domain.sla.oracle.paying import Seen, Unclear, is_inside, number, target_of

Bad = list[tuple[int, int]]


def statistic(
    objective: dict[str, Any], terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int, total: int
) -> Seen:
    """Return the mean, a percentile, or the share of samples in a range; no value where nothing is known."""
    served = served_stretches(terms, held)
    samples = [(s, value) for s, value in points(facts) if is_inside(s, served) and s <= now and value is not None]
    if is_silent(terms, facts, held, now):
        return Seen(None)
    granted = [work for work in facts["maintenance"] if is_granted(terms, work)]
    known = [value for s, value in samples if not is_excluded(terms, facts | {"others": True}, granted, s, now)]
    how = objective.get("measure", {"kind": "mean"})
    if not known:
        return Seen(None)
    if how["kind"] == "percentile":
        place = max(1, math.ceil(Fraction(str(how["percentile"])) * len(known) / 100))
        return Seen(sorted(known)[place - 1], total=total)
    if how["kind"] == "share_beyond":
        return Seen(Fraction(100 * sum(holds(how["bound"], value, number) for value in known), len(known)), total=total)
    return Seen(sum(known, Fraction(0)) / len(known), total=total)


def unknown_seconds(terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int) -> int:
    """Count the seconds of the window in which nothing was measured."""
    served = served_stretches(terms, held)
    step: int = facts["series"]["step"]
    starts = [s for s, value in points(facts) if value is not None and s <= now and is_inside(s, served)]
    measured = sum(max(0, min(b, s + step) - max(a, s)) for s in starts for a, b in served)
    return sum(b - a for a, b in served) - measured


def points(facts: dict[str, Any]) -> list[tuple[int, Fraction | None]]:
    series = facts["series"]
    values = (None if value is None else Fraction(value, 10) for value in series["values"])
    return [(series["start"] + place * series["step"], value) for place, value in enumerate(values)]


def unavailable(how: dict[str, Any], facts: dict[str, Any], now: int) -> list[Raw]:
    """Return the unavailable states of the whole series, opened by a row of bad samples, closed by one of good ones."""
    known, step = [(s, value) for s, value in points(facts) if s <= now], facts["series"]["step"]
    down, state, row = [False] * len(known), False, 0
    for place, (_second, value) in enumerate(known):
        down[place] = state
        turns = value is not None and holds(how["bad"], value, number) is not state
        row = row + 1 if turns else 0  # a step without a sample ends a row
        if row == (how.get("closes_after", 1) if state else how.get("opens_after", 1)):
            state, down[place - row + 1 : place + 1] = not state, [not state] * row
            row = 0
    seen = [(s, s + step) for (s, value), is_down in zip(known, down, strict=True) if is_down and value is not None]
    return [Raw(low, high, Fraction(1), f"sample {low}") for low, high in seen]


def is_silent(terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int) -> bool:
    """Tell whether nothing came back in the whole window."""
    served = served_stretches(terms, held)
    values = [value for s, value in points(facts) if value is not None and s <= now and is_inside(s, served)]
    return bool(values) and all(value == facts["series"]["silence"] for value in values)


def without_silent_windows(
    terms: dict[str, Any], facts: dict[str, Any], raw: list[Raw], held: list[Stretch], now: int
) -> list[Raw]:
    """Leave out what lies in other windows in which nothing came back."""
    if facts["series"]["silence"] is None:
        return raw
    found, known = [], [(s, value) for s, value in points(facts) if value is not None and s <= now]
    silent: dict[Stretch, bool] = {}
    for one in raw:
        at = one.low
        while at < one.high:
            window = stretch_of(terms.get("window", "month"), at, terms)
            if window not in silent:
                values = [value for s, value in known if window[0] <= s < window[1]]
                silent[window] = bool(values) and all(value == facts["series"]["silence"] for value in values)
            if not silent[window]:
                found.append(Raw(at, min(one.high, window[1]), one.weight, one.name))
            at = window[1]
    return found


def error_rates(facts: dict[str, Any], total: int) -> Seen:
    intervals = math.ceil(Fraction(total, 300))
    if sum(count for count, _percent in facts["errors"]) > intervals:
        raise Unclear
    errors = sum((count * Fraction(str(percent)) for count, percent in facts["errors"]), Fraction(0))
    return Seen(100 - errors / intervals)


def tickets(
    objective: dict[str, Any], terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int
) -> Seen:
    """Return how long each ticket waited for its answer, or its resolution."""
    done = "responded_at" if objective["metric"] == "time_to_respond" else "resolved_at"
    found, names = [], set[str]()
    wanted = terms.get("counting", {}).get("priorities")
    if wanted is not None and any("priority" not in ticket for ticket in facts["tickets"]):
        raise Unclear
    for ticket in sorted(facts["tickets"], key=lambda one: (one["opened_at"], one["reference"])):
        if wanted is not None and ticket["priority"] not in wanted:
            continue
        ended = ticket.get(done)
        if ticket["opened_at"] >= now:
            continue
        waits = ended is None or ended > now
        end = now if ended is None or waits else ended
        parts = without((ticket["opened_at"], end), [h for h in ticket["holds"] if _stops(terms, h)], end)
        size = Fraction(served_seconds(terms, parts))
        if not waits or size > target_of(objective):
            last = max(end, ticket["opened_at"] + 1) - 1
            found.append((size, last, ticket["opened_at"]))
            names |= {ticket["reference"]} if is_inside(last, held) else set()
    inside = [size for size, end, _start in found if is_inside(end, held)]
    return Seen(
        sum(inside, Fraction(0)) / len(inside) if inside else None,
        repairs=found,
        stretches=served_stretches(terms, held),
    )


def _stops(terms: dict[str, Any], hold: dict[str, Any]) -> bool:
    counting = terms.get("counting", {})
    owner = hold["owner"] if hold["owner"] in OWNERS else "third_party"
    return counting.get("holds_stop_the_clock", False) and owner in counting.get("stops_for", OWNERS[1:])


def without(stretch: Stretch, holds_: list[dict[str, Any]], end: int) -> list[Stretch]:
    """Cut holds out of a stretch."""
    left = [stretch]
    for hold in holds_:
        low, high = hold["start"], hold.get("end", end)
        if low < high:
            left = [(a, b) for x, y in left for a, b in ((x, min(y, low)), (max(x, high), y)) if a < b]
    return left
