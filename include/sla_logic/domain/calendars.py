"""Business calendars: which days count as working days for a contract."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Annotated[str, Field(pattern="^(mon|tue|wed|thu|fri|sat|sun)$")]


class BusinessCalendar(BaseModel):
    """Working days of a country (public holidays by the `holidays` library) or of a list of dates.

    `holidays` adds days; with no country they are the only holidays.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    subdivision: str | None = None
    working_days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _is_a_known_country(self) -> "BusinessCalendar":
        if self.country is not None:
            from holidays import list_supported_countries  # 100 modules, which most contracts never need

            known = list_supported_countries()
            if self.country not in known:
                msg = f"no public holidays are known for the country {self.country}"
                raise ValueError(msg)
            if self.subdivision is not None and self.subdivision not in known[self.country]:
                msg = f"the country {self.country} has no subdivision {self.subdivision}"
                raise ValueError(msg)
        return self

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on that local day."""
        if WEEKDAYS[day.weekday()] not in self.working_days or day in self.holidays:
            return False
        return self.country is None or day not in _public_holidays(self.country, self.subdivision, day.year)

    def working_days_between(self, first: date, last: date) -> int:
        """Count the working days strictly between two days; neither of them counts."""
        return sum(self.is_working_day(day) for day in _days(first + timedelta(days=1), last))

    def after_working_days(self, day: date, count: int) -> date:
        """Return the last of `count` working days that follow the day (the day itself, for none)."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working_day(day)
        return day


def _days(first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first += timedelta(days=1)


@lru_cache(maxsize=512)
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    from holidays import country_holidays

    return frozenset(country_holidays(country, subdiv=subdivision, years=year))
