"""Service hours as business tables write them: in the language of contracts, in the contract's zone unless they say."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, WrapValidator, field_validator

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import WEEKDAYS, BusinessCalendar, UnableToFindZone, find_zone
from include.sla_logic.domain.service_hours import Opening, ServiceHours, minutes_of
from include.sla_logic.domain.spans import Span
from include.sla_logic.domain.tables import Table

# Two words of these tables. Hours that close when they open are refused, so that these stand for the contract's alone.
ALWAYS: tuple[Opening, ...] = ()
AS_CONTRACT = (Opening(opens="00:00", closes="00:00"),)
_WORDS = {"always": ALWAYS, "as_contract": AS_CONTRACT}


def _read(written: Any, openings: Callable[[Any], tuple[Opening, ...]]) -> tuple[Opening, ...]:
    if isinstance(written, str) and written in _WORDS:
        return _WORDS[written]
    if not isinstance(written, list):
        msg = "write always, as_contract, or a list of hours such as [{opens: 09:00, closes: 17:00}]"
        raise ValueError(msg)  # noqa: TRY004 - pydantic makes it a fault of the field
    read = openings(written)
    if empty := next((hours for hours in read if hours.is_empty), None):
        raise ValueError(empty.when_empty)
    return read


WrittenHours = Annotated[tuple[Opening, ...], Field(min_length=1, max_length=50), WrapValidator(_read)]


class HoursTable(Table):
    """A table whose times are counted in service hours; zone and calendar are the contract's where it names none."""

    zone: str | None = None
    calendar: BusinessCalendar | None = None

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        try:
            return None if zone is None else find_zone(zone).name
        except UnableToFindZone as error:
            raise ValueError(str(error)) from error

    def hours_for(self, hours: tuple[Opening, ...], agreed: ServiceHours | None) -> ServiceHours:
        """Return the hours under a contract whose own are `agreed`; without contract and zone, all time counts."""
        if hours == AS_CONTRACT:
            return agreed or ServiceHours()
        zone = agreed.zone if self.zone is None and agreed else self.zone
        if hours == ALWAYS or zone is None:
            return ServiceHours()
        calendar = agreed.calendar if self.calendar is None and agreed else self.calendar
        return ServiceHours(zone=zone, calendar=calendar or BusinessCalendar(), openings=hours)


def lie_within(inner: tuple[Opening, ...], outer: tuple[Opening, ...]) -> bool:
    """Tell whether hours surely lie within others of the same zone and calendar."""
    if outer in (ALWAYS, inner):
        return True
    if inner == ALWAYS or AS_CONTRACT in (inner, outer):
        return False
    days = [(day, holiday) for day in WEEKDAYS for holiday in (False, True)]
    return not any(spans.subtract(_of_day(inner, *day), _of_day(outer, *day)) for day in days)


def _of_day(openings: tuple[Opening, ...], day: str, holiday: bool) -> list[Span]:  # noqa: FBT001 - one of two kinds
    return spans.merge(
        (minutes_of(one.opens), minutes_of(one.closes))
        for one in openings
        if day in one.days and (one.on_holidays or not holiday)
    )
