"""Lengths of time as they are written, against plain arithmetic."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.durations import parse_duration, show_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90 s", 90),
        ("5 min", 300),
        ("1.5 h", 5400),
        ("1 h 30 min", 5400),
        ("2d", 172800),
        ("PT5M", 300),
        ("P1DT1S", 86401),
        (0, 0),
    ],
)
def test_lengths_of_time_carry_their_unit(written: Any, seconds: int) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize("written", ["300", 300, "5", "5 minutes ago", "0.5 s", "", "P", "PT", "4:30", True])
def test_a_length_of_time_without_unit_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="with its unit"):
        parse_duration(written)


@given(st.integers(min_value=0, max_value=10**7))
def test_a_length_of_time_reads_back_as_it_is_shown(seconds: int) -> None:
    assert parse_duration(show_duration(seconds)) == seconds


@pytest.mark.parametrize(
    "written",
    ["P1M", "P1Y", "P1W", "P1M2DT3H", "PT1.5S", "P1,5D", "-P1D", "p1d", "P1H", "PT99999999999S"],
    ids=lambda written: f"{written} is more than whole days to seconds",
)
def test_iso_lengths_that_pendulum_alone_would_take_or_misread_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(written)


numbers = st.none() | st.integers(min_value=0, max_value=999_999_999)


@given(st.none() | st.integers(min_value=0, max_value=999_999), numbers, numbers, numbers)
def test_iso_lengths_count_whole_seconds(
    days: int | None, hours: int | None, minutes: int | None, seconds: int | None
) -> None:
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n is not None)
    text = f"P{'' if days is None else f'{days}D'}{clock and f'T{clock}'}"
    if text != "P":
        expected = (days or 0) * 86_400 + (hours or 0) * 3600 + (minutes or 0) * 60 + (seconds or 0)
        assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("seconds", "all_units", "two_units"),
    [
        (0, "0 s", "0 s"),
        (59, "59 s", "59 s"),
        (3_605, "1 h 5 s", "1 h"),
        (8 * 86_400 + 61, "8 d 1 min 1 s", "8 d"),
        (-5_430, "-1 h 30 min 30 s", "-1 h 30 min"),
        (400 * 86_400, "400 d", "400 d"),
        (10**15, "1000000000000000 s", "1000000000000000 s"),  # longer than a timedelta
    ],
)
def test_a_length_of_time_is_shown_from_its_largest_unit_down(seconds: int, all_units: str, two_units: str) -> None:
    assert show_duration(seconds) == all_units
    assert show_duration(seconds, units=2) == two_units
