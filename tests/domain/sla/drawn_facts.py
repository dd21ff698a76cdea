"""Facts around a window, drawn at random so that edges of days, hours and windows are hit within a second."""

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.domain.sla.drawn_contracts import DAY, given_ones, some
from tests.domain.sla.oracle.clock import day_of, first_second, stretch_of

NEAR = [-1, 0, 1]
LENGTHS = [1, 299, 300, 301, 1799, 1800, 1801, 3599, 3600, 3601, 7199, 7200, 7201, 14_400, 86_399, 86_400, 400_000]
HOURS = [0, 0, 9, 17, 2, 4, 6, 5, 23]
OWNERS = ["customer", "provider", "third_party", "city council"]
LATER = [0, 1, 600, 3599, 3600, 3601, 86_400, 86_401]


@dataclass
class Moments:
    """Moments and lengths around a window."""

    r: Random
    terms: dict[str, Any]
    low: int
    high: int

    def one(self) -> int:
        zone, last = self.terms["zone"], min(45, (self.high - self.low) // DAY)
        where = self.r.choice([-3, -1, 0, 1, 2, 5, 9, 14, 20, last - 1, last, last + 1])
        edge = first_second(day_of(self.low + where * DAY + DAY // 2, zone), zone) + self.r.choice(HOURS) * 3600
        return self.r.choice([edge, edge, self.low, self.high, edge + self.r.randint(0, DAY)]) + self.r.choice(NEAR)

    def length(self) -> int:
        return self.r.choice([self.r.choice(LENGTHS), self.r.randint(1, 200_000)])

    def after(self, second: int, chance: int, lengths: list[int]) -> int | None:
        """A moment so much later, or none."""
        later = some(self.r, chance, lengths)
        return None if later is None else second + later

    def day(self, second: int) -> str:
        return day_of(second, self.terms["zone"]).isoformat()


def draw_facts(r: Random, terms: dict[str, Any], at: int) -> dict[str, Any]:
    low, high = stretch_of(terms["window"], at, terms)
    moments = Moments(r, terms, low, high)
    now = high + r.choice([-10 * DAY, 0, 1, 3 * DAY, 6 * DAY, 40 * DAY, 90 * DAY])
    works = [(moments.one(), moments.length()) for _ in range(r.randint(0, 3))]
    return {
        "outages": outages_around(moments),
        "maintenance": [
            {
                "reference": f"M{n}",
                "start": a,
                "end": a + size,
                "announced_at": a - r.choice([1, 1, 5, 9]) * DAY + r.choice(NEAR),
            }
            for n, (a, size) in enumerate(works)
        ],
        "holds": [hold(moments, f"H{n}", moments.one()) for n in range(r.randint(0, 2))],
        "unobserved": [(a, a + moments.length()) for a in [moments.one()] if r.randint(0, 3) == 0],
        "delays": [delay(moments) for _ in range(r.choice([0, 1, 2]))],
        "agreements": agreements_around(moments) if r.randint(0, 3) == 0 else [],
        "charges": {
            "recurring": r.choice(["3000", "450", "77.77", "0"]),
            "per": r.choice([terms["window"], terms["window"], "month", "quarter"]),
            "usage": r.choice(["1000", "3000", "9000"]),
        }
        | given_ones(days=some(r, 6, [30])),
        "claims": [a for a in (low + r.randint(0, 80) * DAY for _ in range(r.randint(0, 2))) if a <= now],
        "tickets": [ticket(moments, place) for place in range(r.choice([0, 1, 2, 3]))],
        "series": series_around(moments),
        "errors": [(r.choice([0, 7, 89, 500]), r.choice([1, 12.5, 100])) for _ in range(r.randint(1, 3))],
        "now": now,
    }


def outages_around(moments: Moments) -> list[dict[str, Any]]:
    r, found = moments.r, list[dict[str, Any]]()
    for place in range(r.choice([0, 1, 2, 3, 4, 5, 6])):
        start = moments.one()
        if found and r.randint(0, 3) == 0:  # it touches the one before, or just does not
            start = found[-1].get("end", found[-1]["start"]) + r.choice(NEAR)
        end = start + moments.length()
        is_open, bounded = r.randint(0, 12) == 0, r.randint(0, 6) == 0
        opened = moments.after(start, 2, LATER)
        closed = moments.after(end, 2, [-600, 0, 1, 3600, 100_000])
        fields = given_ones(
            end=None if is_open else end,
            attribution=some(r, 4, ["customer", "third_party", "force_majeure"]),
            affected_percent=some(r, 4, [30, 50, 0, 100]),
            degraded=some(r, 5, [True]),
            detected_at=moments.after(start, 2, [0, 60, 7200]),
            reported_at=moments.after(start, 2, LATER),
            ticket_opened_at=opened,
            ticket_closed_at=None if closed is None else max((opened or start) + 1, closed),
            start_bounds=[start - 900, start] if bounded else None,
            end_bounds=[max(start, end - 300), end] if bounded and not is_open else None,
        )
        found.append({"reference": f"O{place}", "start": start} | fields)
    return found


def hold(moments: Moments, name: str, start: int) -> dict[str, Any]:
    return {"start": start, "end": start + moments.length(), "reason": name, "owner": moments.r.choice(OWNERS)}


def delay(moments: Moments) -> dict[str, Any]:
    due, late = moments.one(), moments.r.choice([0, 1, 2, 5, 9, 30])
    kind = moments.r.choice(["line", "visit"])
    done = moments.day(due + late * DAY) if moments.r.randint(0, 5) else None
    return {"kind": kind, "due": moments.day(due)} | given_ones(done=done)


def ticket(moments: Moments, place: int) -> dict[str, Any]:
    opened = moments.one()
    holds = [hold(moments, "h", opened + 600)] if moments.r.random() < 0.5 else []
    return {"reference": f"T{place}", "opened_at": opened, "holds": holds} | given_ones(
        responded_at=moments.after(opened, 2, [0, 1, 1799, 1800, 1801, 7200, 400_000]),
        resolved_at=moments.after(opened, 2, [1800, 7200, 400_000]),
    )


def agreements_around(moments: Moments) -> list[dict[str, Any]]:
    """One agreement, or two that may have a gap between them, at local midnights."""
    r, zone = moments.r, moments.terms["zone"]
    begins, ends = sorted(first_second(day_of(moments.one(), zone), zone) for _ in range(2))
    follows = {"start": ends + 5 * DAY + r.choice([0, 0, 3 * DAY])}
    first = {"start": begins, "end": ends + 5 * DAY}
    found = r.choice([[{"start": begins}], [first], [first, follows]])
    if says_all_of_a_changed_charge(moments.terms):
        found = [one | given_ones(charge=some(r, 2, ["600", "3100"])) for one in found]
    return found


def says_all_of_a_changed_charge(terms: dict[str, Any]) -> bool:
    """What a day's charge of a whole window is, where the charge changes in it, the documentation leaves open."""
    rules = [one["rule"] for one in terms["objectives"]]
    whole = [rule for rule in rules if rule.get("for_each", "window") == "window"]
    bounds = [rule.get(name) for rule in rules for name in ("at_least", "at_most")]
    weighs = {name for one in (terms, *terms["objectives"]) for name in one.get("counting", {})}
    return "'day'" not in f"{whole}{bounds}" and not weighs & {"partial_outages", "degradations"}


def series_around(moments: Moments) -> dict[str, Any]:
    """Latencies in tenths of a millisecond, with stretches that are worse, or not measured."""
    r, step = moments.r, moments.r.choice([3600, 1800])
    values: list[int | None] = [r.choice([49, 50, 51])] * (30 * DAY // step)
    for _ in range(r.choice([0, 2, 5])):
        begin, size, value = (
            r.randrange(len(values)),
            r.choice([1, 2, 3, 60]),
            r.choice([None, 120, 199, 200, 201, 10_000]),
        )
        values[begin : begin + size] = [value] * len(values[begin : begin + size])
    start = moments.low + r.choice([-DAY, 0, 1, step - 1, 3600])
    return {"start": start, "step": step, "values": values, "silence": r.choice([None, 1000])}
