"""People's time as pendulum reckons it, against the standard library's zones and plain calendar arithmetic."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import (
    UnableToFindZone,
    UnableToPlaceInstant,
    UnableToReadInstant,
    calendar_window,
    clock_hour,
    find_zone,
    local_day,
    local_days,
    local_days_of,
    local_midnight,
    read_instant,
)
from include.sla_logic.domain.period import Period, from_seconds, to_seconds

ZONES = (
    "UTC",
    "Etc/GMT-14",
    "Etc/GMT+12",
    "Europe/London",
    "Europe/Vienna",
    "Europe/Dublin",  # its summer time is the standard one
    "America/New_York",
    "America/St_Johns",  # changed its clocks at one minute past midnight
    "America/Havana",  # midnight comes twice in autumn
    "America/Sao_Paulo",  # until 2019 midnight was skipped in spring
    "America/Asuncion",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",  # 5:45 h
    "Africa/Cairo",
    "Africa/Casablanca",  # leaves summer time for Ramadan
    "Africa/Monrovia",  # 0:44:30 h until 1972
    "Australia/Lord_Howe",  # half an hour of summer time
    "Pacific/Apia",  # has no 30 December 2011
    "Pacific/Kwajalein",  # has no 21 August 1993
    "Antarctica/Troll",  # two hours of summer time
)
MONTHS = {"month": 1, "quarter": 3, "year": 12}

zones = st.sampled_from(ZONES)
kinds = st.sampled_from(sorted(MONTHS))
billing_days = st.integers(min_value=1, max_value=28)
instants = st.datetimes(min_value=datetime(1971, 1, 2), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(min_value=date(1971, 1, 2), max_value=date(2090, 1, 1))


def expected_midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def months_later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, day.day)


def expected_window(kind: str, zone: str, instant: datetime, billing_day: int) -> Period:
    local = instant.astimezone(ZoneInfo(zone)).date()
    first = local.replace(day=billing_day)
    if local.day < billing_day:
        first = months_later(first, -1)
    first = months_later(first, -((first.month - 1) % MONTHS[kind]))
    end = months_later(first, MONTHS[kind])
    return Period(start=expected_midnight(first, zone), end=expected_midnight(end, zone))


@given(kinds, zones, instants, billing_days)
@example("month", "Europe/Vienna", datetime(2024, 2, 29, 22, 59, 59, tzinfo=UTC), 1)
@example("month", "Europe/Vienna", datetime(2024, 2, 29, 23, tzinfo=UTC), 1)
@example("month", "Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC), 28)
@example("year", "Pacific/Kwajalein", datetime(1993, 8, 21, 12, tzinfo=UTC), 21)
@example("month", "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC), 4)  # that midnight does not exist
@example("month", "America/Havana", datetime(2025, 11, 2, 4, 30, tzinfo=UTC), 2)  # between its two midnights
@example("quarter", "Africa/Monrovia", datetime(1972, 1, 7, tzinfo=UTC), 7)
def test_windows_are_those_of_plain_calendar_arithmetic(
    kind: str, zone: str, instant: datetime, billing_day: int
) -> None:
    window = calendar_window(kind, zone, instant, billing_day=billing_day)
    expected = expected_window(kind, zone, instant, billing_day)
    assert window == expected
    assert window.model_dump_json() == expected.model_dump_json()
    assert {type(window.start), type(window.end)} == {datetime}


@given(days, zones)
@example(date(2018, 11, 4), "America/Sao_Paulo")
@example(date(2025, 11, 2), "America/Havana")
@example(date(2011, 12, 30), "Pacific/Apia")
def test_a_day_begins_at_its_first_midnight_or_where_a_skipped_one_ends(day: date, zone: str) -> None:
    assert local_midnight(day, zone) == expected_midnight(day, zone)
    assert type(local_midnight(day, zone)) is datetime


@given(instants, zones)
def test_the_local_day_is_that_of_the_zone(instant: datetime, zone: str) -> None:
    assert local_day(instant, zone) == instant.astimezone(ZoneInfo(zone)).date()
    assert type(local_day(instant, zone)) is date


@given(instants, st.integers(min_value=1, max_value=5 * 86_400), zones)
@example(datetime(2011, 12, 29, 12, tzinfo=UTC), 3 * 86_400, "Pacific/Apia")
@example(datetime(2025, 11, 2, tzinfo=UTC), 2 * 86_400, "America/Havana")
def test_the_local_days_of_a_span_are_those_between_midnights(instant: datetime, length: int, zone: str) -> None:
    start = to_seconds(instant)
    end, day, expected = start + length, instant.astimezone(ZoneInfo(zone)).date(), []
    while to_seconds(expected_midnight(day, zone)) < end:
        following = day + timedelta(days=1)
        expected.append((day, tuple(to_seconds(expected_midnight(each, zone)) for each in (day, following))))
        day = following
    found = list(local_days_of((start, end), zone))
    assert found == expected
    assert [f"{day}" for day, _ in found] == [f"{day:%Y-%m-%d}" for day, _ in expected]


@given(instants, zones)
@example(datetime(2025, 4, 5, 14, 45, tzinfo=UTC), "Australia/Lord_Howe")
@example(datetime(1972, 1, 6, 12, tzinfo=UTC), "Africa/Monrovia")
def test_a_clock_hour_begins_where_the_local_clock_shows_no_minutes(instant: datetime, zone: str) -> None:
    second = to_seconds(instant)
    offset = from_seconds(second).astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    start, end = clock_hour(second, zone)
    assert (start + int(offset.total_seconds())) % 3600 == 0
    assert start <= second < end == start + 3600


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


@given(kinds, zones, instants, billing_days)
def test_calendar_windows_tile_time_without_hole_or_overlap(
    kind: str, zone: str, instant: datetime, billing_day: int
) -> None:
    window = calendar_window(kind, zone, instant, billing_day=billing_day)
    following = calendar_window(kind, zone, window.end, billing_day=billing_day)
    before = calendar_window(kind, zone, window.start - timedelta(seconds=1), billing_day=billing_day)
    assert window.contains(instant.replace(microsecond=0))
    assert before.end == window.start
    assert following.start == window.end


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(UnableToFindZone, match="'Mars/Olympus'"):
        find_zone("Mars/Olympus")


def test_the_days_of_a_window_are_counted_on_the_local_calendar() -> None:
    window = calendar_window("month", "Europe/Vienna", datetime(2024, 10, 5, tzinfo=UTC))
    assert window.seconds == 31 * 86_400 + 3600
    assert local_days(window, "Europe/Vienna") == 31


@given(st.datetimes(min_value=datetime(1971, 1, 2), max_value=datetime(2090, 1, 1)), zones)  # noqa: DTZ001
@example(datetime(2025, 3, 30, 2, 30), "Europe/Vienna")  # noqa: DTZ001
@example(datetime(2025, 10, 26, 2, 30), "Europe/Vienna")  # noqa: DTZ001
@example(datetime(2011, 12, 30, 12), "Pacific/Apia")  # noqa: DTZ001
def test_a_local_time_is_read_unless_the_clocks_skip_or_repeat_it(local: datetime, zone: str) -> None:
    early, late = (local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        with pytest.raises(UnableToPlaceInstant, match=f"skipped or repeated by the change of summer time in {zone}"):
            read_instant(local.isoformat(), zone=zone)
        return
    assert read_instant(local.isoformat(), zone=zone) == early.astimezone(UTC)
    assert type(read_instant(local.isoformat(), zone=zone)) is datetime


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.123456+01:00",
        "2026-01-02 03:04+0530",
        "20260102T030405Z",
        "2026-W01-5T03:04Z",
    ],
)
def test_an_instant_with_an_offset_needs_no_zone(text: str) -> None:
    assert read_instant(text) == read_instant(text, zone="Asia/Gaza") == datetime.fromisoformat(text)
    assert read_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "today", "2026", "2026-01", "2026-001", "12:00", "P1D", "2026-01-02/2026-01-03", "2026/01/02"),
        *("2026-02-30", "2026-01-02T24:30Z", "2026-01-02T03:04:60Z", "0001-01-01T00:00:00+01:00"),
    ],
)
def test_what_is_no_date_and_time_is_refused(text: str) -> None:
    with pytest.raises(
        UnableToReadInstant,
        match=r"is not a date|is a (day|number)|an hour or an offset|leap second|time of ours",
    ):
        read_instant(text, zone="UTC")


def test_a_local_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UnableToPlaceInstant, match="has no time zone"):
        read_instant("2026-01-02T03:04")
