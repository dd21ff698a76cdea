"""Stretches of many services in columns against sets of seconds."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.sla.columns import (
    MOST_PLACES,
    NEVER,
    Stretches,
    on_line,
    place_of,
    seconds_on_line,
)

Row = tuple[int, int, int]
rows = st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 12), st.integers(0, 6)), max_size=7)


def laid(drawn: list[Row]) -> Stretches:
    place, start, length = np.array(drawn, dtype=np.int64).reshape(len(drawn), 3).T
    return Stretches.at(place, start, start + length)


def seconds_of(drawn: list[Row]) -> set[tuple[int, int]]:
    return {(place, second) for place, low, length in drawn for second in range(low, low + length)}


def listed(found: Stretches) -> list[tuple[int, int, int]]:
    columns = (place_of(found.start), seconds_on_line(found.start), seconds_on_line(found.end))
    return list(zip(*(column.tolist() for column in columns), strict=True))


def rows_of(seconds: set[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return where unbroken rows of seconds begin and end, of each service."""
    begins = sorted((p, s) for p, s in seconds if (p, s - 1) not in seconds)
    ends = sorted((p, s + 1) for p, s in seconds if (p, s + 1) not in seconds)
    return [(place, low, high) for (place, low), (_same, high) in zip(begins, ends, strict=True)]


@settings(max_examples=100)
@given(rows, rows, rows)
def test_stretches_are_united_cut_and_counted_as_sets_of_seconds_are(
    drawn: list[Row], more: list[Row], asked: list[Row]
) -> None:
    held, windows = seconds_of(drawn), laid(asked)
    merged = laid(drawn).merged()
    assert listed(merged) == rows_of(held)
    assert listed(laid(drawn).and_also(laid(more)).merged()) == rows_of(held | seconds_of(more))
    assert listed(merged.without(laid(more).merged())) == rows_of(held - seconds_of(more))
    assert merged.within(windows).tolist() == [len(held & seconds_of([one])) for one in asked]
    moments = seconds_of([(place, low, max(1, length)) for place, low, length in drawn])  # an empty one has a moment
    shared = [bool(moments & seconds_of([one])) for one in asked]
    assert [met for met, (_p, _l, length) in zip(laid(drawn).meet(windows).tolist(), asked, strict=True) if length] == [
        one for one, (_p, _l, length) in zip(shared, asked, strict=True) if length
    ]


def test_the_line_holds_four_thousand_years_on_each_side_of_1970_and_eight_million_services() -> None:
    years = [datetime(year, 1, 1, tzinfo=UTC) for year in (1, 1970, 9999)]
    seconds = np.array([int(at.timestamp()) for at in years] + [NEVER, -NEVER], dtype=np.int64)
    places = np.array([0, 1, MOST_PLACES - 1, 5, 5], dtype=np.int64)
    line = on_line(places, seconds)
    assert place_of(line).tolist() == places.tolist()
    assert (line > 0).all()
    assert seconds_on_line(line[1:2]).tolist() == [0]
    assert seconds_on_line(line[3:]).tolist() == [2**37 - 1, 1 - 2**37]
    with pytest.raises(OverflowError, match=f"no more than {MOST_PLACES} services"):
        on_line(np.array([MOST_PLACES]), np.array([0]))
    assert on_line(np.array([], dtype=np.int64), np.array([], dtype=np.int64)).size == 0
