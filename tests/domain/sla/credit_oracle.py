"""The credit rule once more, written from docs/contracts.md alone: plain fractions, no code of the product."""

import math
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Stretch = tuple[int, int]
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> int:
    number, unit = text.split()
    return int(number) * UNITS[unit]


def merged(stretches: list[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for low, high in sorted(s for s in stretches if s[1] > s[0]):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def day_of(second: int, zone: str) -> date:
    return datetime.fromtimestamp(second, tz=UTC).astimezone(ZoneInfo(zone)).date()


def units(rule: dict[str, Any], down: list[Stretch], window: Stretch, zone: str) -> list[tuple[int, int]]:
    """Return the size and the number of each unit."""
    low, high = window
    events = merged(down)
    inside = [(max(low, a), min(high, b)) for a, b in events if a < high and b > low]
    each = rule.get("for_each", "window")
    if each == "window":
        return [(sum(b - a for a, b in inside), 1)]
    if each == "event":
        how = rule.get("event_in", "window_of_end")
        if how == "cut":
            return [(b - a, i + 1) for i, (a, b) in enumerate(inside)]
        mine = [(a, b) for a, b in events if low <= (b - 1 if how == "window_of_end" else a) < high]
        return [(b - a, i + 1) for i, (a, b) in enumerate(mine)]
    return days(rule, events, window, zone)


def days(rule: dict[str, Any], events: list[Stretch], window: Stretch, zone: str) -> list[tuple[int, int]]:
    least = seconds(rule["outage"]["at_least"]) if "outage" in rule else 1
    sizes: dict[date, int] = {}
    numbers: dict[date, int] = {}
    firsts: dict[date, int] = {}
    for a, b in events:
        cuts = sorted({a, b, *(cut for cut in midnights(a, b, zone) if a < cut < b)})
        for start, end in pairwise(cuts):
            day = day_of(start, zone)
            repaired = rule.get("day_of_repair") == "not_paid" and day == day_of(b, zone)
            if end - start >= least and not repaired:
                sizes[day] = sizes.get(day, 0) + end - start
                numbers[day] = max(numbers.get(day, 0), (day - day_of(a, zone)).days + 1)
                firsts[day] = min(firsts.get(day, start), start)
    return [(sizes[d], numbers[d]) for d in sizes if window[0] <= firsts[d] < window[1]]


def midnights(a: int, b: int, zone: str) -> list[int]:
    """Find the seconds at which the local day changes: the first second of each day, by looking."""
    found, at = [], a
    while at < b:
        following = day_of(at, zone) + timedelta(days=1)
        guess, end = at, at + 27 * 3600
        while end - guess > 1:
            middle = (guess + end) // 2
            guess, end = (middle, end) if day_of(middle, zone) < following else (guess, middle)
        found.append(end)
        at = end
    return found


def worth(rate: Any, time: Fraction, charge: Fraction, total: int, in_period: int) -> Fraction:
    if isinstance(rate, dict):
        name, value = next(iter(rate.items()))
        if name == "day":
            return charge / (in_period if value == "in_period" else value)
        return (max if name == "greater_of" else min)(worth(r, time, charge, total, in_period) for r in value)
    if rate == "pro_rata":
        return charge * time / total
    if rate.endswith("%"):
        return charge * Fraction(rate[:-1]) / 100
    return Fraction(rate.split()[0]) if " " in rate else charge * Fraction(rate)


def tier_rate(rule: dict[str, Any], size: Fraction, value: Fraction, number: int) -> Any:
    reached = [t for t in rule["tiers"] if first_of(t) <= number]
    highest = max((first_of(t) for t in reached), default=None)
    for tier in reached:
        bounds = [tier.get("at_least"), tier.get("below")]
        of_time = any(isinstance(b, str) and " " in b for b in bounds)
        low, high = ((None if b is None else seconds(b) if of_time else Fraction(b)) for b in bounds)
        looked = size if of_time else value
        if first_of(tier) == highest and (low is None or looked >= low) and (high is None or looked < high):
            return tier["rate"]
    return None


def first_of(tier: dict[str, Any]) -> int:
    return next((tier[name] for name in ("from_day", "from_event", "from_block") if name in tier), 1)


def credit(
    rule: dict[str, Any], target: Fraction, down: list[Stretch], window: Stretch, zone: str, charge: Fraction
) -> Fraction:
    """Return what the rule pays for this downtime in this window."""
    total = window[1] - window[0]
    in_period = (day_of(window[1], zone) - day_of(window[0], zone)).days
    in_window = units({}, down, window, zone)[0][0]
    value = 100 - Fraction(100 * in_window, total)
    if rule.get("when") == "target_missed" and value >= target:
        return Fraction(0)

    def bounded(amount: Fraction, prefix: str) -> Fraction:
        for name, choose in ((f"{prefix}at_least", max), (f"{prefix}at_most", min)):
            if name in rule and amount:
                amount = choose(amount, worth(rule[name], Fraction(0), charge, total, in_period))
        return amount

    def of_unit(size: int, number: int) -> Fraction:
        left = Fraction(size)
        if "beyond" in rule:
            free = (100 - target) / 100 * total if rule["beyond"] == "target" else seconds(rule["beyond"])
            left = max(Fraction(0), left - free)
        of_sizes = any(name in t for t in rule.get("tiers", []) for name in ("at_least", "below"))
        if not left and ("beyond" in rule or not of_sizes):
            return Fraction(0)
        count, time = blocks(rule, left)
        numbered = any("from_block" in t for t in rule.get("tiers", []))
        paid = [rate_of(rule, left, value, n) for n in range(1, count + 1)] if numbered else []
        if not numbered and count:
            paid = [rate_of(rule, left, value, number)] * count
        known = {repr(rate): worth(rate, time, charge, total, in_period) for rate in paid if rate is not None}
        amount = sum((known[repr(rate)] for rate in paid if rate is not None), Fraction(0))
        return bounded(amount * Fraction(rule.get("times", 1)), "each_")

    return bounded(sum((of_unit(*unit) for unit in units(rule, down, window, zone)), Fraction(0)), "")


def blocks(rule: dict[str, Any], left: Fraction) -> tuple[int, Fraction]:
    if "block" not in rule:
        return 1, left
    block = Fraction(seconds(rule["block"]))
    count = (math.floor if rule.get("counts") == "full" else math.ceil)(left / block)
    return min(count, rule.get("most_blocks", count)), block


def rate_of(rule: dict[str, Any], left: Fraction, value: Fraction, number: int) -> Any:
    return rule.get("rate") or tier_rate(rule, left, value, number)
