from datetime import UTC, date, datetime, timedelta, timezone

import portion
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import BusinessCalendar
from include.sla_logic.domain.period import (
    Period,
    UnableToFindZone,
    calendar_window,
    find_zone,
    merge,
    subtract,
)

edges = st.integers(min_value=0, max_value=60)
some_spans = st.lists(st.tuples(edges, edges).map(lambda pair: (min(pair), max(pair))), max_size=8)


def as_portion(of: list[tuple[int, int]]) -> portion.Interval:
    joined = portion.empty()
    for start, end in of:
        joined |= portion.closedopen(start, end)
    return joined


def as_spans(of: portion.Interval) -> list[tuple[int, int]]:
    return [(piece.lower, piece.upper) for piece in of if not piece.empty]


@given(some_spans, some_spans)
def test_merge_subtract_and_intersect_agree_with_portion(
    one: list[tuple[int, int]], two: list[tuple[int, int]]
) -> None:
    assert spans.merge(one) == as_spans(as_portion(one))
    assert spans.subtract(one, two) == as_spans(as_portion(one) - as_portion(two))
    assert spans.intersect(one, two) == as_spans(as_portion(one) & as_portion(two))


@given(some_spans, some_spans)
def test_every_second_is_in_exactly_one_of_the_two_halves_of_a_subtraction(
    one: list[tuple[int, int]], two: list[tuple[int, int]]
) -> None:
    left, common = spans.subtract(one, two), spans.intersect(one, two)
    assert spans.total(left) + spans.total(common) == spans.total(spans.merge(one))
    assert not spans.intersect(left, two)


@given(some_spans, st.randoms(use_true_random=False))
def test_the_order_of_spans_never_matters(one: list[tuple[int, int]], shuffler) -> None:
    shuffled = list(one)
    shuffler.shuffle(shuffled)
    assert spans.merge(shuffled) == spans.merge(one)


def period(start: int, end: int) -> Period:
    day = datetime(2025, 1, 1, tzinfo=UTC)
    return Period(start=day + timedelta(seconds=start), end=day + timedelta(seconds=end))


def test_touching_periods_merge_and_do_not_overlap() -> None:
    assert merge([period(5, 9), period(0, 5)]) == (period(0, 9),)
    assert not period(0, 5).overlaps(period(5, 9))
    assert period(0, 6).overlaps(period(5, 9))


def test_the_end_does_not_belong_to_a_period() -> None:
    assert period(0, 5).contains(period(0, 5).start)
    assert not period(0, 5).contains(period(0, 5).end)


def test_empty_periods_vanish_in_a_union() -> None:
    assert merge([period(3, 3)]) == ()
    assert subtract([period(0, 9)], [period(3, 3)]) == (period(0, 9),)


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(ValidationError, match="lies before the start"):
        period(5, 4)


def test_instants_without_a_zone_are_refused() -> None:
    with pytest.raises(ValidationError):
        Period(start=datetime(2025, 1, 1), end=datetime(2025, 1, 2))  # noqa: DTZ001


def test_parts_of_a_second_are_cut_off_at_both_ends_so_that_splitting_changes_no_sum() -> None:
    day = datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    cuts = [day, day + timedelta(seconds=1.7), day + timedelta(seconds=9.9)]
    whole = Period(start=cuts[0], end=cuts[2])
    parts = [Period(start=cuts[0], end=cuts[1]), Period(start=cuts[1], end=cuts[2])]
    assert whole.seconds == sum(part.seconds for part in parts) == 9
    assert whole.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "zone", "instant", "hours"),
    [
        ("month", "Europe/London", datetime(2025, 3, 5, tzinfo=UTC), 743),
        ("month", "Europe/London", datetime(2025, 10, 5, tzinfo=UTC), 745),
        ("month", "UTC", datetime(2024, 2, 29, tzinfo=UTC), 29 * 24),
        ("month", "UTC", datetime(2100, 2, 5, tzinfo=UTC), 28 * 24),
        ("month", "Asia/Hebron", datetime(2011, 8, 15, tzinfo=UTC), 743),  # left summer time at its very start
        ("month", "America/Recife", datetime(2000, 10, 10, tzinfo=UTC), 31 * 24),  # entered and left summer time
        ("month", "Pacific/Kiritimati", datetime(2025, 3, 31, 12, tzinfo=UTC), 30 * 24),  # already April there
        ("month", "Etc/GMT+12", datetime(2025, 4, 1, 6, tzinfo=UTC), 31 * 24),  # still March there
        ("quarter", "America/New_York", datetime(2025, 2, 1, tzinfo=UTC), 90 * 24 - 1),
        ("year", "Europe/Vienna", datetime(2024, 7, 1, tzinfo=UTC), 366 * 24),
        ("month", "Australia/Lord_Howe", datetime(2025, 4, 20, tzinfo=UTC), 720.5),  # half an hour of summer time
    ],
)
def test_a_calendar_window_has_its_real_length(kind: str, zone: str, instant: datetime, hours: float) -> None:
    window = calendar_window(kind, zone, instant)
    assert window.contains(instant)
    assert window.seconds == hours * 3600


@given(
    st.sampled_from(["month", "quarter", "year"]),
    st.sampled_from(["UTC", "Etc/GMT-14", "Etc/GMT+12", "Europe/London", "Asia/Kathmandu", "America/St_Johns"]),
    st.datetimes(min_value=datetime(1972, 1, 2), max_value=datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(min_value=1, max_value=28),
)
def test_calendar_windows_tile_time_without_hole_or_overlap(
    kind: str, zone: str, instant: datetime, billing_day: int
) -> None:
    window = calendar_window(kind, zone, instant, billing_day=billing_day)
    following = calendar_window(kind, zone, window.end, billing_day=billing_day)
    before = calendar_window(kind, zone, window.start - timedelta(seconds=1), billing_day=billing_day)
    assert window.contains(instant.replace(microsecond=0))
    assert before.end == window.start
    assert following.start == window.end
    assert window.start.astimezone(find_zone(zone)).day == billing_day


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(UnableToFindZone, match="'Mars/Olympus'"):
        find_zone("Mars/Olympus")


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
