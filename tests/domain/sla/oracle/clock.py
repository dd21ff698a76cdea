"""Local days, clock times and windows of a zone, found by looking: seconds since 1970, and Python's own zones."""

import operator
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Stretch = tuple[int, int]
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def seconds(text: str) -> int:
    """Read `1 h 30 min`."""
    words = text.split()
    return sum(int(number) * UNITS[unit] for number, unit in zip(words[::2], words[1::2], strict=True))


def local(second: int, zone: str) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC).astimezone(ZoneInfo(zone))


def day_of(second: int, zone: str) -> date:
    return local(second, zone).date()


@lru_cache(maxsize=65536)
def first_second(day: date, zone: str) -> int:
    """Find the first second of a local day by halving."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    low, high = noon - 40 * 3600, noon + 40 * 3600
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if day_of(middle, zone) >= day else (middle, high)
    return high


def days_between(low: int, high: int, zone: str) -> Iterator[date]:
    """Go through the local days of a stretch, with one more on either side."""
    day, last = day_of(low, zone) - timedelta(days=1), day_of(high, zone) + timedelta(days=1)
    while day <= last:
        yield day
        day += timedelta(days=1)


@lru_cache(maxsize=65536)
def edges_of(day: date, clocks: tuple[str, ...], zone: str) -> tuple[int, ...]:
    """Return seconds of a local day at which something may begin or end; a change of the clocks is one."""
    first, following = first_second(day, zone), first_second(day + timedelta(days=1), zone)
    found = {first, following}
    for clock in clocks:
        if clock != "24:00":
            at = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone))
            found |= {int(at.replace(fold=fold).timestamp()) for fold in (0, 1)}
    low, high = first, following
    if local(low, zone).utcoffset() != local(high, zone).utcoffset():
        before = local(low, zone).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if local(middle, zone).utcoffset() == before else (low, middle)
        found.add(high)
    return tuple(found)


def clock_of(second: int, zone: str) -> str:
    return f"{local(second, zone):%H:%M}"


@lru_cache(maxsize=65536)
def put_back(day: date, zone: str) -> int | None:
    """Find the second of a local day at which its clocks begin to show something again."""
    low, high = first_second(day, zone), first_second(day + timedelta(days=1), zone) - 1
    before = local(low, zone).utcoffset()
    if high <= low or local(high, zone).utcoffset() >= before:  # type: ignore[operator]
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if local(middle, zone).utcoffset() == before else (low, middle)
    return high


def has_begun(clock: str, second: int, zone: str) -> bool:
    """Tell whether the clocks show that time, or have shown it on that day."""
    back = put_back(day_of(second, zone), zone)
    return clock_of(second, zone) >= clock or (
        back is not None and second >= back and clock_of(back - 1, zone) >= clock
    )


def goes_on(clock: str, second: int, zone: str) -> bool:
    """Tell whether the clocks will show that time, perhaps once more, on that day."""
    back = put_back(day_of(second, zone), zone)
    return clock_of(second, zone) < clock or (back is not None and second < back and clock_of(back, zone) <= clock)


def stretch_of(kind: str, second: int, terms: dict[str, Any]) -> Stretch:
    """Return the month, quarter or year of a contract in which a second lies: try every first day around it."""
    zone, months = terms["zone"], MONTHS[kind]
    day, billing, first_month = day_of(second, zone), terms.get("billing_day", 1), terms.get("first_month", 1)
    starts = [
        date(year, month, billing)
        for year in range(day.year - 2, day.year + 3)
        for month in range(1, 13)
        if (month - first_month) % months == 0
    ]
    begin, end = max(start for start in starts if start <= day), min(start for start in starts if start > day)
    return first_second(begin, zone), first_second(end, zone)


def days_in(stretch: Stretch, zone: str) -> int:
    """Count the local days that a stretch touches."""
    return (day_of(stretch[1] - 1, zone) - day_of(stretch[0], zone)).days + 1


def is_working(day: date, calendar: dict[str, Any]) -> bool:
    names = calendar.get("working_days", WEEK[:5])
    return WEEK[day.weekday()] in names and not is_holiday(day, calendar)


def is_holiday(day: date, calendar: dict[str, Any]) -> bool:
    country = calendar.get("country"), calendar.get("subdivision")
    return day.isoformat() in calendar.get("holidays", ()) or day in public_holidays(country, day.year)


# Of each country, or part of it, the fixed days and the days after Easter Sunday, as its law lists them.
PUBLIC: dict[tuple[str, str | None], tuple[str, tuple[int, ...]]] = {
    ("AT", None): ("01-01 01-06 05-01 08-15 10-26 11-01 12-08 12-25 12-26", (1, 39, 50, 60)),
    ("DE", "BY"): ("01-01 01-06 05-01 10-03 11-01 12-25 12-26", (-2, 1, 39, 50, 60)),
}


@lru_cache(maxsize=64)
def public_holidays(country: tuple[str, str | None], year: int) -> frozenset[date]:
    fixed, movable = PUBLIC.get(country, ("", ()))
    own = {date.fromisoformat(f"{year}-{day}") for day in fixed.split()}
    return frozenset(own | {easter(year) + timedelta(days=after) for after in movable})


def easter(year: int) -> date:
    """Return Easter Sunday by the rule of Gauss, with both of its exceptions."""
    k = year // 100
    moon = 15 + (3 * k + 3) // 4 - (8 * k + 13) // 25
    a, sun = year % 19, 2 - (3 * k + 3) // 4
    d = (19 * a + moon) % 30
    limit = 21 + d - (d + a // 11) // 29
    return date(year, 3, 1) + timedelta(days=limit + 7 - (limit - (7 - (year + year // 4 + sun) % 7)) % 7 - 1)


def after_working_days(day: date, number: int, calendar: dict[str, Any]) -> date:
    while number:
        day += timedelta(days=1)
        number -= is_working(day, calendar)
    return day


def holds(bounds: dict[str, Any], size: Fraction, read: Any = Fraction) -> bool:
    """Tell whether a size lies within `at_least`, `more_than`, `at_most` and `below`."""
    compare = {"at_least": operator.ge, "more_than": operator.gt, "at_most": operator.le, "below": operator.lt}
    return all(within(size, read(bounds[name])) for name, within in compare.items() if name in bounds)
