"""Service hours: the hours of a week in which a promise holds, in a zone, holidays left out."""

from datetime import date
from functools import lru_cache
from typing import Annotated

import pendulum
from pydantic import BaseModel, ConfigDict, Field

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import WEEKDAYS, BusinessCalendar, Weekday, find_zone, local_days_of
from include.sla_logic.domain.spans import Span

_A_DAY = 24 * 60
_LONGEST_SEARCH = 5 * 366 * 86_400

Opens = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Closes = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class Opening(BaseModel):
    """Hours of some weekdays, from one local time to a later one of the same day; `24:00` is the end of the day.

    Public holidays of the contract's calendar are no service hours unless `on_holidays`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    opens: Opens
    closes: Closes
    on_holidays: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether it closes before it opens: such hours are none."""
        return minutes_of(self.closes) <= minutes_of(self.opens)

    def is_on(self, day: date, calendar: BusinessCalendar) -> bool:
        """Tell whether these are hours of that local day."""
        return WEEKDAYS[day.weekday()] in self.days and (self.on_holidays or not calendar.is_holiday(day))

    def __str__(self) -> str:
        """Write `mon, tue 09:00-17:00`."""
        return f"{', '.join(self.days)} {self.opens}-{self.closes}{' holidays too' if self.on_holidays else ''}"


def minutes_of(clock: str) -> int:
    """Return how many minutes after midnight a clock shows this."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


@lru_cache(maxsize=8192)
def service_time(openings: tuple[Opening, ...], calendar: BusinessCalendar, zone: str, span: Span) -> tuple[Span, ...]:
    """Return the service hours inside a span, merged.

    Where the clocks change at an edge, an opening begins with the first and ends with the last moment that shows it.
    """
    found = [
        (
            local_moment(day, opening.opens, zone, fold=0),
            following if whole else local_moment(day, opening.closes, zone, fold=1),
        )
        for day, (_midnight, following) in local_days_of(span, zone)
        for opening in openings
        if opening.is_on(day, calendar)
        for whole in [minutes_of(opening.closes) == _A_DAY]
    ]
    return tuple(spans.clip(spans.merge(found), span))


def local_moment(day: date, clock: str, zone: str, *, fold: int) -> int:
    """Return the first (fold 0) or last (1) second at which the clocks of the zone show this on the day."""
    hour, minute = divmod(minutes_of(clock), 60)
    moment = pendulum.DateTime(day.year, day.month, day.day, hour, minute, tzinfo=find_zone(zone), fold=fold)
    return moment.int_timestamp


def after_service_time(
    openings: tuple[Opening, ...], calendar: BusinessCalendar, zone: str, start: int, seconds: int
) -> int | None:
    """Return the second at which these `seconds` of service time have passed; None where they never do."""
    left, at = seconds, start
    while at < start + _LONGEST_SEARCH:
        stretch = (at, at + 28 * 86_400)
        for opened, closed in service_time(openings, calendar, zone, stretch):
            if left <= closed - opened:
                return opened + left
            left -= closed - opened
        at = stretch[1]
    return None
