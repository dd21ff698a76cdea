"""Working days of countries and of calendars of one's own."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.sla_logic.domain.calendars import BusinessCalendar


def test_working_days_are_counted_strictly_between_two_days() -> None:
    sweden = BusinessCalendar(country="SE")
    assert sweden.working_days_between(date(2025, 4, 11), date(2025, 4, 24)) == 6  # without the Easter days
    assert sweden.working_days_between(date(2025, 4, 11), date(2025, 4, 12)) == 0


def test_working_days_after_a_day_skip_weekends_and_holidays() -> None:
    england = BusinessCalendar(country="GB", subdivision="ENG")
    assert england.after_working_days(date(2025, 8, 22), 1) == date(2025, 8, 26)  # weekend and bank holiday
    assert england.after_working_days(date(2025, 8, 22), 0) == date(2025, 8, 22)


def test_a_calendar_may_be_a_list_of_dates_and_another_week() -> None:
    gulf = BusinessCalendar(working_days=("sun", "mon", "tue", "wed", "thu"), holidays=(date(2025, 4, 6),))
    assert not gulf.is_working_day(date(2025, 4, 4))
    assert not gulf.is_working_day(date(2025, 4, 6))
    assert gulf.is_working_day(date(2025, 4, 7))


@pytest.mark.parametrize("fields", [{"country": "XX"}, {"country": "GB", "subdivision": "ZZZ"}])
def test_a_calendar_of_nowhere_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="no "):
        BusinessCalendar(**fields)


@given(st.dates(min_value=date(1971, 1, 2), max_value=date(2090, 1, 1)), st.integers(min_value=-3, max_value=60))
def test_working_days_are_those_of_a_walk_over_the_calendar(first: date, distance: int) -> None:
    calendar = BusinessCalendar(country="AT")
    last = first + timedelta(days=distance)
    walked = [first + timedelta(days=n) for n in range(1, distance)]
    working = [day for day in walked if calendar.is_working_day(day)]
    assert calendar.working_days_between(first, last) == len(working)
    assert calendar.after_working_days(first, len(working)) == (working[-1] if working else first)
