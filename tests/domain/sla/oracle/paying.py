"""What a rule pays for what was measured: units, blocks, tiers, rates and bounds, each as docs/contracts.md says it."""

import math
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.domain.sla.oracle.clock import (
    Stretch,
    clock_of,
    day_of,
    first_second,
    holds,
    is_working,
    local,
    seconds,
    stretch_of,
)
from tests.domain.sla.oracle.counting import Slot, share


class Unclear(Exception):
    """A size or a value lies in no tier, or the facts cannot be right."""


@dataclass(frozen=True)
class Charge:
    """What a share is a share of, what a day's charge is a part of, and the days of its period."""

    window: Fraction
    period: Fraction
    days: int
    full: Fraction  # of a window that agreements hold throughout
    parts: tuple[tuple[Stretch, Fraction], ...] = ()  # what each agreement holds of the window, and its charge
    covered: Fraction = Fraction(1)
    months: tuple[tuple[Stretch, int], ...] = ()  # of a window longer than the charge's period: each, and its days

    @property
    def varies(self) -> bool:
        return self.changes or len({days for _month, days in self.months}) > 1

    @property
    def changes(self) -> bool:
        return len({amount for _part, amount in self.parts}) > 1

    def at(self, second: int | None) -> "Charge":
        """Return the charge in force at a moment, as if it had been in force throughout."""
        if second is None:
            return self
        days = self.days
        for (low, _high), own in self.months:
            days = own if low <= second else days
        if not self.changes:
            return replace(self, days=days)
        amount = next((amount for (_low, high), amount in self.parts if second < high), self.parts[-1][1])
        full = self.full * amount / self.period
        return Charge(full * self.covered, amount, days, full)


@dataclass
class Seen:
    """What was measured of one objective; downtime has slots, repairs and days late have units of their own."""

    value: Fraction | None
    slots: list[Slot] | None = None
    repairs: list[tuple[Fraction, int, int]] | None = None  # of each the length, the second of its end and of its start
    late_days: list[tuple[date | None, int]] | None = None
    stretches: list[Stretch] = field(
        default_factory=list
    )  # what agreements hold of the window, in the hours that exist
    total: int = 0
    raw_ends: dict[int, int] = field(default_factory=dict)  # of each event, the end that is on record
    reports: dict[int, int] = field(default_factory=dict)  # of each event, when it was first reported
    names: set[str] = field(default_factory=set)  # the records of the repairs
    is_stated: bool = False

    @property
    def served(self) -> int:
        """How many seconds agreements hold of the window, in the hours that exist."""
        return sum(high - low for low, high in self.stretches)


@dataclass(frozen=True)
class Unit:
    size: Fraction
    number: int = 1
    at: int | None = None


PERCENT_UP = ("availability", "success_rate", "delivery")


def is_inside(second: int, stretches: list[Stretch]) -> bool:
    return any(low <= second < high for low, high in stretches)


def higher_is_better(objective: dict[str, Any]) -> bool:
    return objective["metric"] in PERCENT_UP and objective.get("measure", {}).get("kind") != "share_beyond"


def worse_by(objective: dict[str, Any], value: Fraction) -> Fraction:
    distance = value - target_of(objective)
    return -distance if higher_is_better(objective) else distance


def target_of(objective: dict[str, Any]) -> Fraction:
    return number(objective["target"])


def number(text: Any) -> Fraction:
    return Fraction(seconds(text)) if isinstance(text, str) and " " in text else Fraction(str(text))


def units(rule: dict[str, Any], seen: Seen, terms: dict[str, Any], held: list[Stretch]) -> list[Unit]:
    """Return the size and the number of each window, event or day that is paid here."""
    each = rule.get("for_each", "window")
    if each == "window":
        if seen.slots is None or in_steps(rule):
            return [Unit(seen.value or Fraction(0))]
        return [Unit(sum((slot.size for slot in seen.slots if is_inside(slot.low, seen.stretches)), Fraction(0)))]
    if each == "event":
        return _events(rule, seen, terms, held) if seen.slots is not None else _repairs(rule, seen, terms, held)
    return _days(rule, seen, terms, held) if seen.slots is not None else _late(seen, terms)


def in_steps(rule: dict[str, Any]) -> bool:
    return "block" in rule and " " not in str(rule["block"])


def by_event(slots: list[Slot]) -> dict[int, list[Slot]]:
    found: dict[int, list[Slot]] = {}
    for slot in slots:
        found.setdefault(slot.event, []).append(slot)
    return found


@dataclass(frozen=True)
class Numbered:
    """An event among those that are numbered: where it belongs, when it began, and the second at which it was over."""

    at: int
    begins: int
    ends: int


def numbers_of(rule: dict[str, Any], events: list[Numbered], terms: dict[str, Any], held: list[Stretch]) -> list[int]:
    """Number the events of a window, of a calendar stretch, or each among those of the days before it."""
    over, counts, found = rule.get("events_over", "window"), dict[Any, int](), []
    for place, event in enumerate(events):
        if isinstance(over, dict):
            since = event.begins - over["days"] * 86_400
            found.append(1 + sum(since < other.ends <= event.begins for other in events[:place]))
            continue
        group = is_inside(event.at, held) if over == "window" else stretch_of(over, event.at, terms)
        counts[group] = counts.get(group, 0) + 1
        found.append(counts[group])
    return found


def _events(rule: dict[str, Any], seen: Seen, terms: dict[str, Any], held: list[Stretch]) -> list[Unit]:
    how, found = rule.get("event_in", "window_of_end"), []
    events = [*by_event(seen.slots or []).values()]
    places = []
    for slots in events:
        first, last = slots[0].low, slots[-1].high - 1
        at = last if how == "window_of_end" else first
        if how == "cut" and first < held[0][0] <= last:
            at = held[0][0]
        places.append(Numbered(at, first, last + 1))
    for slots, own, place in zip(events, places, numbers_of(rule, places, terms, held), strict=True):
        inside = [slot for slot in slots if how != "cut" or is_inside(slot.low, held)]
        if inside and (how == "cut" or is_inside(own.at, held)):
            found.append(Unit(sum((slot.size for slot in inside), Fraction(0)), place, inside[0].low))
    return found


def _repairs(rule: dict[str, Any], seen: Seen, terms: dict[str, Any], held: list[Stretch]) -> list[Unit]:
    repairs = seen.repairs or []
    numbers = numbers_of(rule, [Numbered(end, start, end) for _size, end, start in repairs], terms, held)
    return [
        Unit(size, place, start)
        for (size, end, start), place in zip(repairs, numbers, strict=True)
        if is_inside(end, held)
    ]


def _late(seen: Seen, terms: dict[str, Any]) -> list[Unit]:
    return [
        Unit(Fraction(1), place, None if day is None else first_second(day, terms["zone"]))
        for day, place in seen.late_days or []
    ]


def _days(rule: dict[str, Any], seen: Seen, terms: dict[str, Any], held: list[Stretch]) -> list[Unit]:
    """Return each local day with its seconds: a day is paid by the window in which its counted time begins."""
    zone, first_day = terms["zone"], rule.get("first_day", "outage")
    sizes, numbers, begins = dict[date, Fraction](), dict[date, int](), dict[date, int]()
    for event, slots in by_event(seen.slots or []).items():
        if first_day == "outage":
            first = day_of(slots[0].low, zone)
        elif event in seen.reports:
            first = day_of(seen.reports[event], zone) + timedelta(days=first_day == "after_report")
        else:
            continue
        for day in dict.fromkeys(day_of(slot.low, zone) for slot in slots):
            inside = [slot for slot in slots if day_of(slot.low, zone) == day]
            repaired = rule.get("day_of_repair") == "not_paid" and day == day_of(seen.raw_ends[event], zone)
            unbroken = any(holds(rule.get("outage", {}), Fraction(run), seconds) for run in runs(inside))
            if unbroken and not repaired and day >= first and is_numbered(rule, day, terms):
                sizes[day] = sizes.get(day, Fraction(0)) + sum((slot.size for slot in inside), Fraction(0))
                numbers[day] = max(numbers.get(day, 0), number_from(rule, first, day, terms))
                begins[day] = min(begins.get(day, inside[0].low), inside[0].low)
    return [Unit(sizes[day], numbers[day], begins[day]) for day in sizes if is_inside(begins[day], held)]


def is_numbered(rule: dict[str, Any], day: date, terms: dict[str, Any]) -> bool:
    return rule.get("days") != "working" or is_working(day, terms.get("calendar", {}))


def number_from(rule: dict[str, Any], first: date, day: date, terms: dict[str, Any]) -> int:
    """Count the days that are numbered, from the first to this one."""
    days = (first + timedelta(days=after) for after in range((day - first).days + 1))
    return sum(is_numbered(rule, one, terms) for one in days)


def runs(slots: list[Slot]) -> list[int]:
    """Return the lengths of what touches."""
    found: list[list[int]] = []
    for slot in slots:
        if found and found[-1][1] == slot.low:
            found[-1][1] = slot.high
        else:
            found.append([slot.low, slot.high])
    return [high - low for low, high in found]


def worth(rate: Any, time: Fraction, charge: Charge, total: int) -> Fraction:
    if isinstance(rate, dict):
        name, value = next(iter(rate.items()))
        if name == "day":
            return charge.period / (charge.days if value == "in_period" else value)
        return (max if name == "greater_of" else min)(worth(r, time, charge, total) for r in value)
    if rate == "pro_rata":
        return charge.window * time / total if time else Fraction(0)
    if " " in str(rate):
        return Fraction(rate.split()[0])
    return share(rate) * charge.window


def credit(
    objective: dict[str, Any], seen: Seen, terms: dict[str, Any], charge: Charge, held: list[Stretch]
) -> Fraction:
    """Return what a rule of the kind `credit` pays."""
    rule = objective["rule"]
    if seen.value is None:
        return Fraction(0)
    if rule.get("when") == "target_missed" and not one_by_one(rule, seen) and worse_by(objective, seen.value) <= 0:
        return Fraction(0)
    paid = (
        bounded(rule, of_unit(objective, seen, charge, one), "each_", charge.at(one.at), seen)
        for one in units(rule, seen, terms, held)
    )
    return bounded(rule, sum(paid, Fraction(0)), "", charge, seen)


def one_by_one(rule: dict[str, Any], seen: Seen) -> bool:
    """Tell whether each repair has the target for itself."""
    return rule.get("for_each") == "event" and seen.repairs is not None


def bounded(rule: dict[str, Any], amount: Fraction, prefix: str, charge: Charge, seen: Seen) -> Fraction:
    """Hold what is due within its bounds; where nothing is due, nothing stays due."""
    for name, choose in ((f"{prefix}at_least", max), (f"{prefix}at_most", min)):
        if name in rule and amount:
            amount = choose(amount, worth(rule[name], Fraction(0), charge, seen.served))
    return amount


def of_unit(objective: dict[str, Any], seen: Seen, charge: Charge, unit: Unit) -> Fraction:
    """Return what a window, event or day is worth before its bounds."""
    rule = objective["rule"]
    if one_by_one(rule, seen) and rule.get("when") == "target_missed" and unit.size <= target_of(objective):
        return Fraction(0)
    left = beyond(objective, seen, unit.size)
    if "nearest" in rule:
        step = seconds(rule["nearest"])
        left = Fraction(math.floor(left / step + Fraction(1, 2)) * step)
    if not left and ("beyond" in rule or (is_counted(rule, seen) and not has_bands(rule))):
        return Fraction(0)
    count, time = blocks(rule, left)
    by_block = any("from_block" in tier for tier in rule.get("tiers", ()))
    amount = Fraction(0)
    for own, several in charges_of(objective, seen, unit, count, charge).items():
        for place in several if by_block else several[:1]:
            rate = rule.get("rate") or tier_rate(objective, seen, left, place if by_block else unit.number)
            if rate is not None:
                amount += worth(rate, time, own, seen.served) * (1 if by_block else len(several))
    return amount * Fraction(str(rule.get("times", 1)))


def is_counted(rule: dict[str, Any], seen: Seen) -> bool:
    """Tell whether time or days are counted, and no value is looked at."""
    return is_timed(rule, seen) or seen.late_days is not None


def is_timed(rule: dict[str, Any], seen: Seen) -> bool:
    return (seen.slots is not None and not in_steps(rule)) or seen.repairs is not None


def has_bands(rule: dict[str, Any]) -> bool:
    return any(name in tier for tier in rule.get("tiers", ()) for name in ("at_least", "more_than", "at_most", "below"))


def charges_of(
    objective: dict[str, Any], seen: Seen, unit: Unit, count: int, charge: Charge
) -> dict[Charge, list[int]]:
    """Return the charge of each block: in force where it begins, or where its unit does."""
    rule = objective["rule"]
    plain = repr(rule).replace("'pro_rata'", "")
    in_shares = "'day':" not in plain and not any(currency in plain for currency in (" JPY", " EUR", " KWD"))
    if not charge.varies or rule.get("for_each", "window") != "window" or "block" not in rule or seen.slots is None:
        return {charge.at(unit.at): list(range(1, count + 1))}
    if in_shares or in_steps(rule):
        return {charge: list(range(1, count + 1))}
    found: dict[Charge, list[int]] = {}
    free = unit.size - beyond(objective, seen, unit.size)  # the first block begins after it
    for place in range(1, count + 1):
        begins = second_of(seen, free + (place - 1) * number(rule["block"]))
        found.setdefault(charge.at(begins), []).append(place)
    return found


def second_of(seen: Seen, counted: Fraction) -> int:
    """Return the moment at which this many seconds had counted: three seconds of an outage of a third are one."""
    passed, last = Fraction(0), 0
    for slot in seen.slots or []:
        if is_inside(slot.low, seen.stretches):
            if passed + slot.size > counted:
                return slot.low + math.floor((counted - passed) / slot.weight)
            passed, last = passed + slot.size, slot.high - 1
    return last


def beyond(objective: dict[str, Any], seen: Seen, size: Fraction) -> Fraction:
    """Return what is left of a size beyond what is free."""
    free = objective["rule"].get("beyond")
    if free is None:
        return size
    if free != "target":
        over = size - number(free)
        more_is_worse = is_timed(objective["rule"], seen) or not higher_is_better(objective)
        return max(Fraction(0), over if more_is_worse else -over)
    if seen.slots is not None and not in_steps(objective["rule"]):
        return max(Fraction(0), size - (100 - target_of(objective)) / 100 * seen.total)
    if seen.repairs is not None:
        return max(Fraction(0), size - target_of(objective))
    return max(Fraction(0), worse_by(objective, seen.value or Fraction(0)))


def blocks(rule: dict[str, Any], left: Fraction) -> tuple[int, Fraction]:
    if "block" not in rule:
        return 1, left
    block = number(rule["block"])
    count = (math.floor if rule.get("counts") == "full" else math.ceil)(left / block)
    return min(count, rule.get("most_blocks", count)), block


def tier_rate(objective: dict[str, Any], seen: Seen, left: Fraction, place: int) -> Any:
    """Return the rate of the band, among those of the highest number that is reached; none before the first number."""
    rule = objective["rule"]
    reached = [tier for tier in rule["tiers"] if first_of(tier) <= place]
    if not reached:
        return None
    highest = max(first_of(tier) for tier in reached)
    for tier in reached:
        bounds = [tier[name] for name in ("at_least", "more_than", "at_most", "below") if name in tier]
        looked = looked_up(objective, seen, left, timed=any(" " in str(bound) for bound in bounds))
        if first_of(tier) == highest and holds(tier, looked, number):
            return tier["rate"]
    raise Unclear


def looked_up(objective: dict[str, Any], seen: Seen, left: Fraction, *, timed: bool) -> Fraction:
    rule, value = objective["rule"], seen.value or Fraction(0)
    if rule.get("tiers_by") == "overrun":
        return max(Fraction(0), 100 * worse_by(objective, value) / target_of(objective))
    if timed or seen.repairs is not None:
        return left
    if "round_decimals" in rule:
        scale = 10 ** rule["round_decimals"]
        return Fraction(math.floor(value * scale + Fraction(1, 2)), scale)
    return value


def first_of(tier: dict[str, Any]) -> int:
    return next((tier[name] for name in ("from_day", "from_event", "from_block") if name in tier), 1)


def waived_hours(rule: dict[str, Any], seen: Seen, zone: str) -> int:
    """Count the clock hours with that much downtime."""
    hours: dict[Any, int] = {}
    for slot in seen.slots or []:
        if is_inside(slot.low, seen.stretches):
            at = slot.low
            while at < slot.high:
                following = min(slot.high, at - at % 900 + 900)  # clocks differ from UTC by quarters of an hour
                hour = (day_of(at, zone), clock_of(at, zone)[:2], local(at, zone).utcoffset())
                hours[hour] = hours.get(hour, 0) + following - at
                at = following
    return sum(holds(rule["downtime"], Fraction(size), seconds) for size in hours.values())


def late_days(
    rule: dict[str, Any], delay: dict[str, Any], terms: dict[str, Any], today: date
) -> list[tuple[date | None, int]]:
    """Return the days of a promise that was kept too late, each with its number."""
    if "days_late" in delay:
        return [(None, place + 1) for place in range(delay["days_late"])]
    due = date.fromisoformat(delay["due"])
    done = date.fromisoformat(delay["done"]) if "done" in delay else today
    first, left = due, rule.get("grace_working_days", 0)
    while left:
        first += timedelta(days=1)
        left -= is_working(first, terms.get("calendar", {}))
    if rule.get("grace_working_days") or rule.get("first_day") == "after_report":
        first += timedelta(days=1)
    paid_to_the_end = rule.get("day_of_repair") == "paid" and "done" in delay
    found, day = list[tuple[date | None, int]](), first
    while day < done or (paid_to_the_end and day == done):
        if is_numbered(rule, day, terms):
            found.append((day, number_from(rule, first, day, terms)))
        day += timedelta(days=1)
    return found
