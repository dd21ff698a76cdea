"""The one reader of instants, against the standard library where both read the same."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from include.sla_logic.domain.calendars import UnableToPlaceInstant, UnableToReadInstant, in_named_zone, read_instant
from include.sla_logic.domain.period import Instant
from include.sla_logic.importers.records import Day

EARLIEST, LATEST = datetime(1971, 1, 1), datetime(2199, 12, 31)  # noqa: DTZ001 - hypothesis adds the zone
FIVE = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("20261005T080000Z", FIVE),
        ("2026-W41-1T08:00Z", FIVE),
        ("2026W411T0800Z", FIVE),
        ("2026-10-05 10:00:00 +02:00", FIVE),
        ("2026-10-05T10:00+02", FIVE),
        ("2026-10-05t08:00:00,5z", FIVE + timedelta(milliseconds=500)),
        ("2026-10-05T24:00Z", datetime(2026, 10, 6, tzinfo=UTC)),
        ("2026-12-31T24:00:00.0+00:00", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_every_form_of_iso_8601_with_time_and_zone_is_read(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant
    assert TypeAdapter(Instant).validate_python(text) == instant.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("46300.3333", "is a number"),
        ("20261005", "is a number"),
        ("202610050800", "is a number"),
        ("2026", "is a number"),
        ("0", "is a number"),
        ("2026-10-05", "is a day"),
        ("1970-01-01T00:00:00Z", "no time of ours"),
        ("1970-01-01T01:00:00+01:00", "no time of ours"),
        ("2201-01-01T00:00:00Z", "no time of ours"),
        ("2016-12-31T23:59:60Z", "leap second"),
        ("2026-02-30T08:00Z", "a day, an hour or an offset"),
        ("2026-10-05T24:01Z", "a day, an hour or an offset"),
        ("2026-10-05T08:00+14:01", "a day, an hour or an offset"),
        ("2026-10-05T08:00+02:60", "a day, an hour or an offset"),
        ("2026-10-05T08:0000Z", "not a date and time"),
        ("2026-10-05T08Z", "not a date and time"),
        ("٢٠٢٦-10-05T08:00Z", "not a date and time"),
        ("now", "not a date and time"),
        ("", "not a date and time"),
    ],
)
def test_what_only_looks_like_an_instant_is_refused_at_every_door(text: str, says: str) -> None:
    with pytest.raises(UnableToReadInstant, match=says):
        read_instant(text, zone="Europe/Vienna")
    with pytest.raises(ValidationError, match=says):
        TypeAdapter(Instant).validate_python(text)


@pytest.mark.parametrize("number", [0, 1_772_000_000, 46300.3333, Decimal(2026), date(2026, 10, 5)])
def test_a_number_or_a_day_is_no_instant(number: Any) -> None:
    with pytest.raises(ValidationError, match="not an instant"):
        TypeAdapter(Instant).validate_python(number)


@given(st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)))
def test_what_the_standard_library_writes_is_read_back(moment: datetime) -> None:
    assert read_instant(moment.isoformat()) == moment


@given(st.text(max_size=30))
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    with suppress(UnableToReadInstant):
        assert read_instant(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["20261005", "2026", "46300", "5.10.2026", "2026-10-5"])
def test_digits_alone_are_no_day(text: str) -> None:
    with pytest.raises(ValidationError, match="write it as 2025-04-10"):
        TypeAdapter(Day).validate_python(text)


VIENNA = "Europe/Vienna"


@pytest.mark.parametrize(
    ("local", "name", "hour"),
    [
        ("2026-10-05 08:00", "CEST", 6),
        ("2026-10-25 02:30", "CEST", 0),
        ("2026-10-25 02:30", "CET", 1),
        ("2026-10-05 08:00", "UTC", 8),
        ("2026-10-05 08:00", "America/New_York", 12),
    ],
)
def test_a_zone_that_stands_in_the_text_is_honoured(local: str, name: str, hour: int) -> None:
    assert in_named_zone(datetime.fromisoformat(local), name, VIENNA).hour == hour


@pytest.mark.parametrize(
    ("local", "name"), [("2026-10-05 08:00", "CET"), ("2026-10-05 08:00", "EST"), ("2026-03-29 02:30", "CET")]
)
def test_a_zone_that_may_mean_several_is_refused(local: str, name: str) -> None:
    with pytest.raises(UnableToPlaceInstant, match="name the zone"):
        in_named_zone(datetime.fromisoformat(local), name, VIENNA)


def test_the_first_second_after_the_zero_of_the_clock_is_a_moment() -> None:
    assert read_instant("1970-01-01T00:00:01Z") == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
