"""People's time, reckoned with pendulum: zones, local days, contract windows, working days, instants as written.

Plain UTC instants, dates and whole seconds leave this module; everything else counts with those (`period`, `spans`).
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated

import pendulum
from pendulum.tz.exceptions import AmbiguousTime, NonExistingTime
from pydantic import BaseModel, ConfigDict, Field, model_validator

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.instants import NotAnInstant, possible, read_local
from include.sla_logic.domain.period import Period, from_seconds, of_span, to_seconds
from include.sla_logic.domain.spans import Span
from include.sla_logic.domain.written import WRITTEN, Written, in_files

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = time()
Weekday = Annotated[str, Field(pattern="^(mon|tue|wed|thu|fri|sat|sun)$")]


class WindowKind(StrEnum):
    """The calendar period over which a contract counts."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months it has."""
        return {"month": 1, "quarter": 3, "year": 12}[self.value]


class UnableToFindZone(NotFoundError):
    """The time-zone database does not know the name."""


class UnableToCountWorkingDays(ForeseenError):
    """No day of the week is a working day, so that no number of them ever passes."""


class UnableToReadInstant(ForeseenError):
    """The text is not a date and time of ISO 8601."""


class UnableToPlaceInstant(UnableToReadInstant):
    """A local time has no zone, or its zone's clocks skip or repeat it."""


@cache
def known_zones() -> frozenset[str]:
    """Return the names of the IANA database; `localtime` and `right/UTC` mean something else on each machine."""
    return frozenset((files("tzdata") / "zones").read_text("utf-8").split()) - {"Factory"}


@cache  # pendulum would read the zone's file again as soon as the last user has let go of the zone
def find_zone(name: str) -> pendulum.Timezone:
    """Return the time zone of this IANA name; raise `UnableToFindZone` for any other text."""
    if name not in known_zones():
        raise UnableToFindZone(
            f"The time zone {name[:40]!r} is not in the IANA database: write one such as Europe/Vienna."
        )
    return pendulum.Timezone(name)


def read_instant(text: str, *, zone: str | None = None) -> datetime:
    """Return the UTC instant of a text in ISO 8601; without an offset it is local time of the zone.

    A local time that the change of summer time skips or repeats is refused, not guessed.
    """
    try:
        moment = read_local(text)
        if moment.tzinfo is None:
            if zone is None:
                raise UnableToPlaceInstant(f"{text} has no time zone")
            moment = find_zone(zone).convert(moment, raise_on_unknown_times=True)
        return possible(moment)
    except (NonExistingTime, AmbiguousTime) as error:
        msg = f"{text} is skipped or repeated by the change of summer time in {zone}"
        raise UnableToPlaceInstant(msg) from error
    except (NotAnInstant, OverflowError) as error:
        raise UnableToReadInstant(str(error)) from error


def in_named_zone(local: datetime, name: str, zone: str) -> datetime:
    """Return the instant of a local time whose zone is named beside it: UTC, a name of the IANA database, or CEST.

    An abbreviation means one of several zones: it is that of `zone`, if the clocks of `zone` show it then.
    """
    if name.upper() in ("UTC", "GMT", "Z"):
        return possible(local.replace(tzinfo=UTC))
    if "/" in name:
        return read_instant(local.isoformat(), zone=name)
    moments = [find_zone(zone).convert(local.replace(fold=fold)) for fold in (0, 1)]
    shown = [moment for moment in moments if moment.tzname() == name and moment.replace(tzinfo=None) == local]
    if len({possible(moment) for moment in shown}) != 1:
        raise UnableToPlaceInstant(f"{name} is not what the clocks of {zone} show then; name the zone (zone)")
    return possible(shown[0])


def local_day(instant: datetime, zone: str) -> date:
    """Return the day that the calendar of the zone shows at the instant."""
    return find_zone(zone).convert(instant).date()


def local_days(period: Period, zone: str) -> int:
    """Count the local days of a period that begins and ends at midnight."""
    return (local_day(period.end, zone) - local_day(period.start, zone)).days


def local_midnight(day: date, zone: str) -> datetime:
    """Return the UTC instant at which that day begins in the zone."""
    return from_seconds(_midnight(day, zone))


def _midnight(day: date, zone: str) -> int:
    """Return the second at which that day begins: its first midnight, or the end of the gap that holds it."""
    return second_shown(datetime.combine(day, _MIDNIGHT), zone)


@lru_cache(maxsize=8192)
def second_shown(local: datetime, zone: str, *, fold: int = 0) -> int:
    """Return the first (fold 0) or last (1) second at which the clocks of the zone show this local time.

    Where they skip it, that is the second of the change, whichever is asked for: with `fold` 1 Python would give a
    second before the gap (PEP 495), and `pendulum.datetime` one that shows another hour.
    """
    clocks = find_zone(zone)
    first, last = (to_seconds(local.replace(tzinfo=clocks, fold=each)) for each in (0, 1))
    if first <= last:
        return last if fold else first
    gap = range(last, first)
    return last + bisect_left(gap, local, key=lambda second: clocks.convert(from_seconds(second)).replace(tzinfo=None))


def local_days_of(span: Span, zone: str) -> Iterator[tuple[date, Span]]:
    """Yield every local day that the span touches, with the whole length of the day."""
    start, end = span
    day = pendulum.instance(local_day(from_seconds(start), zone))
    while (midnight := _midnight(day, zone)) < end:
        following = day.add(days=1)
        yield day, (midnight, _midnight(following, zone))
        day = following


def clock_hour(second: int, zone: str) -> Span:
    """Return the hour of the zone's clock that contains the second; some zones are off by half an hour."""
    offset = find_zone(zone).convert(from_seconds(second)).utcoffset() or timedelta(0)
    shift = int(offset.total_seconds()) % 3600
    start = (second + shift) // 3600 * 3600 - shift
    return start, start + 3600


@lru_cache(maxsize=4096)
def calendar_window(kind: str, zone: str, instant: datetime, *, billing_day: int = 1, first_month: int = 1) -> Period:
    """Return the month, quarter or year of the zone's calendar in which the instant lies.

    `billing_day` (1 to 28) is the day of the month on which the window begins, `first_month` (1 to 12) the month in
    which the year begins; quarters are counted from it.
    """
    day = pendulum.instance(local_day(instant, zone)).subtract(days=billing_day - 1)
    months = (day.month - first_month) % WindowKind(kind).months
    first = day.set(day=billing_day).subtract(months=months)
    return of_span((_midnight(first, zone), _midnight(first.add(months=WindowKind(kind).months), zone)))


class BusinessCalendar(BaseModel):
    """Working days of a country (public holidays by the `holidays` library) or of a list of dates.

    `holidays` adds days; with no country they are the only holidays.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra=in_files(allOf=[{WRITTEN: "subdivisions"}])
    )

    country: Annotated[str, Field(pattern="^[A-Z]{2}$"), Written("country")] | None = None
    subdivision: str | None = None
    working_days: Annotated[tuple[Weekday, ...], Field(json_schema_extra=in_files(minItems=1))] = WEEKDAYS[:5]
    holidays: tuple[Annotated[date, Written("date")], ...] = ()

    @model_validator(mode="after")
    def _is_a_known_country(self) -> "BusinessCalendar":
        if self.country is not None:
            from holidays import list_supported_countries  # 100 modules, which most contracts never need

            known = list_supported_countries()
            if self.country not in known:
                msg = f"no public holidays are known for the country {self.country}"
                raise ValueError(msg)
            if self.subdivision is not None and self.subdivision not in known[self.country]:
                parts = ", ".join(sorted(known[self.country])) or "none"
                msg = f"the country {self.country} has no subdivision {self.subdivision}; it has: {parts}"
                raise ValueError(msg)
        return self

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on that local day."""
        return WEEKDAYS[day.weekday()] in self.working_days and not self.is_holiday(day)

    def is_holiday(self, day: date) -> bool:
        """Tell whether that local day is a holiday, of the country or of the list."""
        if day in self.holidays:
            return True
        return self.country is not None and day in _public_holidays(self.country, self.subdivision, day.year)

    def working_days_between(self, first: date, last: date) -> int:
        """Count the working days strictly between two days; neither of them counts."""
        days = pendulum.Interval(first, last).range("days")
        return sum(self.is_working_day(day) for day in days if first < day < last)

    def after_working_days(self, day: date, count: int) -> date:
        """Return the last of `count` working days that follow the day (the day itself, for none)."""
        if count > 0 and not self.working_days:
            raise UnableToCountWorkingDays("The calendar has no working days: name them, for example [mon, tue].")
        while count > 0:
            day = pendulum.instance(day).add(days=1)
            count -= self.is_working_day(day)
        return day


@lru_cache(maxsize=512)
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    from holidays import country_holidays

    return frozenset(country_holidays(country, subdiv=subdivision, years=year))
