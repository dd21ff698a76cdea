"""Service hours: the hours of a week in which a promise holds, in a zone, holidays left out."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import WEEKDAYS, BusinessCalendar, Weekday, local_days_of, second_shown
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.spans import Span

_STRETCH = 28 * 86_400
_A_DAY = 24 * 60
_LONGEST_SEARCH = 5 * 366 * 86_400
_LONGEST_LOOK_BACK = 100 * 366 * 86_400

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

    @property
    def when_empty(self) -> str:
        """Say what is wrong with hours that are none."""
        return Sentence(
            "it opens at %(opens)s and closes at %(closes)s, so it is never open; write hours over midnight as two "
            "entries, one until 24:00",
            opens=str(self.opens),
            closes=str(self.closes),
        )

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

    Where the clocks change at an edge, an opening begins with the first and ends with the last moment that shows it;
    where they skip the edge, with the change.
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
    """Return the first (fold 0) or last (1) second at which the clocks of the zone show this on the day.

    A time that they skip is the second of the change: hours begin and end there.
    """
    return second_shown(datetime.combine(day, time(*divmod(minutes_of(clock), 60))), zone, fold=fold)


def after_service_time(
    openings: tuple[Opening, ...], calendar: BusinessCalendar, zone: str, start: int, seconds: int
) -> int | None:
    """Return the second at which these `seconds` of service time have passed; None where five years have too few."""
    left = seconds
    for number in range(start // _STRETCH, (start + _LONGEST_SEARCH) // _STRETCH):
        known = service_time(openings, calendar, zone, _stretch(number))
        for opened, closed in spans.clip(known, (start, _stretch(number)[1])):
            if left <= closed - opened:
                return opened + left
            left -= closed - opened
    return None


def before_service_time(
    openings: tuple[Opening, ...], calendar: BusinessCalendar, zone: str, end: int, seconds: int
) -> int | None:
    """Return the first second from which on these `seconds` of service time pass until the end; None for too few.

    Where they fill whole openings, that is the end of the opening before them: nothing has passed in between.
    """
    left = seconds
    for number in range(end // _STRETCH, (end - _LONGEST_LOOK_BACK) // _STRETCH, -1):
        known = service_time(openings, calendar, zone, _stretch(number))
        for opened, closed in reversed(spans.clip(known, (_stretch(number)[0], end))):
            if left < closed - opened:
                return closed - left
            left -= closed - opened
    return None


def _stretch(number: int) -> Span:
    """Return four weeks of the grid in which everybody looks: their service time is kept."""
    return number * _STRETCH, (number + 1) * _STRETCH


class ServiceHours(BaseModel):
    """The hours in which a clock runs, in a zone; without openings they are all hours of all days."""

    model_config = ConfigDict(frozen=True)

    zone: str = "UTC"
    calendar: BusinessCalendar = BusinessCalendar()
    openings: tuple[Opening, ...] = ()

    def counted(self, stretches: Iterable[Span]) -> int:
        """Return how many seconds of these stretches, which do not overlap, are service time."""
        return sum(spans.total(self._inside(stretch)) for stretch in stretches)

    def _inside(self, span: Span) -> list[Span]:
        if not self.openings:
            return [span]
        stretches = map(_stretch, range(span[0] // _STRETCH, -(-span[1] // _STRETCH)))
        known = (service_time(self.openings, self.calendar, self.zone, one) for one in stretches)
        return spans.clip(spans.merge(piece for found in known for piece in found), span)

    def moved(self, moment: datetime, seconds: int) -> datetime | None:
        """Return when these seconds of service time have passed; below one, when they had. None where too few are."""
        if not self.openings:
            return moment + timedelta(seconds=seconds)
        search = after_service_time if seconds > 0 else before_service_time
        found = search(self.openings, self.calendar, self.zone, to_seconds(moment), abs(seconds))
        return None if found is None else from_seconds(found)

    def stands_until(self, moment: datetime) -> datetime | None:
        """Return when the next service hours begin, at a moment outside them; None inside, or where none follow."""
        if not self.openings:
            return None
        at = to_seconds(moment)
        opens = after_service_time(self.openings, self.calendar, self.zone, at, 0)
        return None if opens is None or opens == at else from_seconds(opens)

    def closes_at(self, moment: datetime) -> datetime | None:
        """Return when the service hours end that hold this moment; None outside them, or where they last for weeks."""
        at = to_seconds(moment)
        now = next(iter(self._inside((at, at + _STRETCH))), None) if self.openings else None
        return None if now is None or now[0] > at or now[1] == at + _STRETCH else from_seconds(now[1])

    def __str__(self) -> str:
        """Write `mon, tue 09:00-17:00 in Europe/Berlin`."""
        said = "; ".join(map(str, self.openings))
        return f"{said} in {self.zone}" if said else "all hours"
