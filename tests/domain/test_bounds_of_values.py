"""The last value that is accepted or shown in one way, and the first that is not: digits, lengths, steps and years."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from pydantic import ValidationError

from include.sla_logic.domain.calendars import BusinessCalendar, UnableToFindZone, find_zone
from include.sla_logic.domain.contract.quantities import bounded_decimal, exact_text, parse_share, show_share
from include.sla_logic.domain.instants import NotAnInstant, day_as_written, read_with_zone
from include.sla_logic.domain.period import from_seconds, spanning, to_seconds, whole_second
from include.sla_logic.domain.period import of_span as period
from include.sla_logic.domain.samples import MOST_STEPS, SampleSeries, UnableToPlaceSample
from include.sla_logic.domain.sla.figures import told_apart

START = datetime(2025, 4, 1, tzinfo=UTC)


def series(*samples: tuple[int, str | int], step: int = 60, decimals: int = 0, **fields: object) -> SampleSeries:
    placed = [(START + timedelta(seconds=second), value) for second, value in samples]
    return SampleSeries.from_samples(
        placed, metric="latency", unit="ms", step_seconds=step, decimals=decimals, **fields
    )


def test_a_sample_is_smaller_than_two_to_the_62() -> None:
    for sign in ("", "-"):
        assert series((0, f"{sign}{2**62 - 1}")).values.tolist() == [int(f"{sign}{2**62 - 1}")]
        with pytest.raises(UnableToPlaceSample, match="too large"):
            series((0, f"{sign}{2**62}"))


def test_a_series_has_at_most_five_million_steps() -> None:
    assert len(series((0, 1), (MOST_STEPS - 1, 2), step=1).values) == MOST_STEPS == 5_000_000
    with pytest.raises(UnableToPlaceSample, match="lie 5000001 steps apart"):
        series((0, 1), (MOST_STEPS, 2), step=1)


def test_a_sample_off_the_grid_is_named_by_the_time_that_it_carries() -> None:
    with pytest.raises(UnableToPlaceSample, match="at 2025-04-01T00:01:01\\+00:00 is off the 60 s grid"):
        series((0, 1), (61, 2))
    with pytest.raises(UnableToPlaceSample, match="at 2025-04-01T00:01:01\\+00:00 is off the 60 s grid"):
        series((0, 1), (61, 2), labelled_by_end=True)
    assert series((60, 1), (180, 2), labelled_by_end=True).period == period(
        (to_seconds(START), to_seconds(START) + 180)
    )


def test_values_are_rounded_half_up_once_and_kept_in_units_of_their_decimals() -> None:
    found = series((0, "1.25"), (60, "-1.25"), (120, "1.249"), decimals=1)
    assert found.values.tolist() == [13, -13, 12]
    assert found.exact(13) == Fraction(13, 10)


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({"decimals": 9}, True),
        ({"decimals": 10}, False),
        ({"decimals": 0}, True),
        ({"decimals": -1}, False),
        ({"step_seconds": 1}, True),
        ({"step_seconds": 0}, False),
    ],
)
def test_a_series_states_a_step_and_up_to_nine_decimals(fields: dict[str, int], accepted: bool) -> None:
    stated = {"metric": "m", "unit": "ms", "start": START, "step_seconds": 60, "values": [1]} | fields
    if accepted:
        assert SampleSeries.model_validate(stated).values.tolist() == [1]
        return
    with pytest.raises(ValidationError):
        SampleSeries.model_validate(stated)


def test_three_decimals_are_kept_unless_others_are_stated() -> None:
    stated = {"metric": "m", "unit": "ms", "start": START, "step_seconds": 60, "values": [1]}
    assert SampleSeries.model_validate(stated).decimals == 3
    placed = SampleSeries.from_samples([(START, "1.5")], metric="m", unit="ms", step_seconds=60)
    assert (placed.decimals, placed.values.tolist()) == (3, [1500])


def test_series_are_equal_where_everything_that_is_stored_is() -> None:
    one, same = series((0, 1), (60, 2)), series((60, 2), (0, 1))
    assert (one == same, hash(one) == hash(same)) == (True, True)
    assert one != series((0, 1), (60, 3))
    assert one != "latency"
    assert SampleSeries.model_validate(one.model_dump()) == one
    assert series((0, 1), (120, 2)).model_dump()["values"] == [1, None, 2]
    for kind in (np.int64, np.int32):
        given = SampleSeries.model_validate(one.model_dump() | {"values": np.array([1, 2], dtype=kind)})
        assert (given == one, hash(given) == hash(one)) == (True, True)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 2, 0, 0, 1, 999_999, tzinfo=UTC), 86_401),
        (datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC), 1_000_000_000),
    ],
)
def test_seconds_are_counted_from_1970(moment: datetime, seconds: int) -> None:
    assert to_seconds(moment) == seconds
    assert from_seconds(seconds) == whole_second(moment) == moment.replace(microsecond=0)


def test_the_shortest_period_that_holds_two_begins_and_ends_with_them() -> None:
    assert spanning(period((10, 20)), period((5, 8))) == period((5, 20))
    assert spanning(period((10, 20)), period((15, 30))) == period((10, 30))
    assert spanning(period((10, 20)), None) == period((10, 20))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(1, 10**12), "0.000000000001"),
        (Fraction(1, 10**13), "1/10000000000000"),
        (Fraction(1, 2**12), "0.000244140625"),
        (Fraction(1, 2**13), "1/8192"),
        (Fraction(1, 5**12), "0.000000004096"),
        (Fraction(1, 5**13), "1/1220703125"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(100), "100"),
        (Fraction(1, 3), "1/3"),
    ],
)
def test_up_to_twelve_decimals_are_written_out(value: Fraction, shown: str) -> None:
    assert exact_text(value) == shown


def test_a_share_is_shown_in_percent_where_that_ends() -> None:
    assert [show_share(Fraction(*pair)) for pair in ((1, 10), (1, 1), (1, 30))] == ["10%", "100%", "1/30"]


@pytest.mark.parametrize(("digits", "accepted"), [(40, True), (41, False), (-40, True), (-41, False)])
def test_a_number_lies_between_ten_to_the_minus_forty_and_ten_to_the_forty(digits: int, accepted: bool) -> None:
    written = f"1e{digits}"
    if accepted:
        assert bounded_decimal(written) == written
        return
    with pytest.raises(ValueError, match="too large or too small"):
        bounded_decimal(written)


def test_a_share_has_at_most_a_hundred_characters_and_is_not_negative() -> None:
    assert parse_share("1" + "0" * 39 + "." + "0" * 58 + "%") == 10**37
    with pytest.raises(ValueError, match="too long"):
        parse_share("1" + "0" * 39 + "." + "0" * 59 + "%")
    assert parse_share("-0%") == 0
    with pytest.raises(ValueError, match="negative"):
        parse_share("-1%")
    assert [parse_share(written) for written in (0, 1, "1/4", "12.5%")] == [0, 1, Fraction(1, 4), Fraction(1, 8)]


@pytest.mark.parametrize(
    ("value", "bound", "shown"),
    [
        ("99.94996", "99.95", "99.94996"),  # four decimals would show 99.95
        ("99.94994", "99.95", "99.9499"),
        ("99.94994", None, "99.9499"),
        ("99.949999999999", "99.95", "99.949999999999"),
        ("299849999999990/3000000000000", "99.95", "99.949999999997"),  # 99.95 less a third of 10 ** -11
        ("99.95004", "99.95003", "99.95004"),  # four decimals would lie on the other side
        ("99.95", "99.95", "99.95"),
        ("99.9500000000001", "99.95", "999500000000001/10000000000000"),
    ],
)
def test_a_value_is_shown_with_as_many_digits_as_tell_it_from_its_bound(
    value: str, bound: str | None, shown: str
) -> None:
    assert told_apart(Fraction(value), None if bound is None else Fraction(bound)) == shown


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("1970-01-01T00:00:01Z", True),
        ("1970-01-01T00:00:00Z", False),
        ("2200-12-31T23:59:59Z", True),
        ("2201-01-01T00:00:00Z", False),
        ("2025-04-10T08:00:59Z", True),
        ("2025-04-10T08:00:60Z", False),
        ("2025-04-10T24:00:00Z", True),
        ("2025-04-10T24:00:01Z", False),
        ("2025-04-10T24:01:00Z", False),
        ("2025-04-10T24:00:00.1Z", False),
        ("2025-04-10T25:00:00Z", False),
        ("2025-04-10T08:00+14:00", True),
        ("2025-04-10T08:00-14:00", True),
        ("2025-04-10T08:00+14:01", False),
        ("2025-04-10T08:00+05:59", True),
        ("2025-04-10T08:00+05:60", False),
    ],
)
def test_an_instant_lies_in_our_calendar(text: str, accepted: bool) -> None:
    if accepted:
        assert read_with_zone(text).tzinfo is UTC
        return
    with pytest.raises(NotAnInstant):
        read_with_zone(text)


def test_parts_of_a_second_and_offsets_are_read_to_the_digit() -> None:
    assert read_with_zone("2025-04-10T08:00:00.1234569Z").microsecond == 123_456
    assert read_with_zone("20250410T0800-0530") == datetime(2025, 4, 10, 13, 30, tzinfo=UTC)
    assert read_with_zone("2025-W15-4T08:00:00+05") == datetime(2025, 4, 10, 3, tzinfo=UTC)


@pytest.mark.parametrize("read", [read_with_zone, day_as_written])
def test_forty_characters_of_what_cannot_be_read_are_shown(read: object) -> None:
    for written, shown in (("x" * 40, "'" + "x" * 40 + "'"), ("x" * 41, "'" + "x" * 40 + "…'")):
        with pytest.raises(NotAnInstant) as raised:
            read(written)  # type: ignore[operator]
        assert str(raised.value).startswith(f"{shown} is not a d")


def test_forty_characters_of_an_unknown_zone_are_shown() -> None:
    with pytest.raises(UnableToFindZone, match=f"zone '{'x' * 40}' is not"):
        find_zone("x" * 41)


def test_working_days_are_counted_between_two_days_and_after_one() -> None:
    calendar = BusinessCalendar(holidays=(date(2025, 4, 9),))
    monday = date(2025, 4, 7)
    between = [calendar.working_days_between(monday, monday + timedelta(days=days)) for days in range(9)]
    assert between == [0, 0, 1, 1, 2, 3, 3, 3, 4]  # Wednesday is a holiday
    after = [calendar.after_working_days(monday, count).day for count in range(5)]
    assert after == [7, 8, 10, 11, 14]
