"""Steps of a series and seconds of downtime, against plain loops over every place of a small one."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest

from include.sla_logic.domain.period import from_seconds
from include.sla_logic.domain.samples import NOT_MEASURED, SampleSeries
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.sampled import Steps, is_silent, mean
from include.sla_logic.domain.sla.weights import Weighing
from include.sla_logic.domain.spans import Span

FIRST, STEP, VALUES = 1_000_000, 7, (5, 6, 7, 8, 9)
WINDOWS = [(FIRST + a, FIRST + b) for a in range(-9, 45) for b in range(a + 1, 46)]


def series(*values: int | None, silence: int | None = None) -> SampleSeries:
    stored = [NOT_MEASURED if value is None else value for value in values]
    start, column = from_seconds(FIRST), np.array(stored, dtype=np.int64)
    return SampleSeries(
        metric="latency",
        unit="ms",
        start=start,
        step_seconds=STEP,
        decimals=0,
        values=column,
        nothing_came_back=silence,
    )


def begin_in(window: Span) -> list[int]:
    return [number for number in range(len(VALUES)) if window[0] <= FIRST + number * STEP < window[1]]


def test_the_steps_of_a_window_are_those_that_begin_in_it() -> None:
    whole = Steps.inside(series(*VALUES), (FIRST, FIRST + 5 * STEP))
    for window in WINDOWS:
        inside = begin_in(window)
        for found in (Steps.inside(series(*VALUES), window), whole.within(window)):
            assert found.column.tolist() == [VALUES[number] for number in inside]
            assert not inside or found.start == FIRST + inside[0] * STEP


def test_samples_that_begin_in_excluded_time_are_forgotten_and_no_others() -> None:
    whole = Steps.inside(series(*VALUES), (FIRST, FIRST + 5 * STEP))
    inner = Steps.inside(series(*VALUES), (FIRST + STEP, FIRST + 4 * STEP))
    for window in WINDOWS:
        kept = [NOT_MEASURED if number in begin_in(window) else VALUES[number] for number in range(5)]
        assert whole.without([window]).column.tolist() == kept
        assert inner.without([window]).column.tolist() == kept[1:4]
    assert whole.column.tolist() == list(VALUES)


def test_the_steps_known_by_a_second_have_begun_by_then() -> None:
    for until in range(FIRST - 2, FIRST + 40):
        known = Steps.known(series(*VALUES), until).column.tolist()
        assert known == [value for number, value in enumerate(VALUES) if FIRST + number * STEP <= until]


def test_the_stretches_of_a_mask_are_its_rows() -> None:
    steps = Steps.inside(series(*VALUES), (FIRST, FIRST + 5 * STEP))
    for mask in product((False, True), repeat=5):
        edges = [number for number, (one, two) in enumerate(pairwise((False, *mask, False))) if one != two]
        rows = [(FIRST + a * STEP, FIRST + b * STEP) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        assert steps.spans_where(np.array(mask)) == rows


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2**62 - 1] * 4, Fraction(2**62 - 1)),
        ([1 - 2**62] * 4, Fraction(1 - 2**62)),
        ([2**62 - 1, None, 1], Fraction(2**61)),
        ([1, 2], Fraction(3, 2)),
    ],
)
def test_the_mean_of_the_largest_samples_is_exact(values: list[int | None], expected: Fraction) -> None:
    assert mean(Steps.inside(series(*values), (FIRST, FIRST + 5 * STEP))) == expected


@pytest.mark.parametrize(
    ("values", "silence", "silent"),
    [((100, None, 100), 100, True), ((100, 99), 100, False), ((None,), 100, False), ((100, 100), None, False)],
)
def test_a_target_is_silent_where_something_was_measured_and_nothing_came_back(
    values: tuple[int | None, ...], silence: int | None, silent: bool
) -> None:
    assert is_silent(Steps.inside(series(*values, silence=silence), (FIRST, FIRST + 5 * STEP))) is silent


def test_the_moment_at_which_a_number_of_counted_seconds_was_reached() -> None:
    down = Downtime([(0, 40), (50, 100)], counted=[(10, 20), (30, 35)])
    seconds = [*range(10, 20), *range(30, 35)]
    assert [down.second(Fraction(number)) for number in range(18)] == [*seconds, 34, 34, 34]
    assert down.second(Fraction(21, 2)) == 30
    assert (Downtime([(0, 40), (50, 100)]).second(Fraction(0)), down.window, down.seconds) == (99, (0, 100), 15)
    assert Downtime([]).window == (0, 0)


def test_the_records_behind_a_stretch_are_those_that_touch_it_by_their_start() -> None:
    records = [((0, 50), "long"), ((5, 8), "A"), ((8, 12), "B"), ((20, 25), "C"), ((20, 21), "D"), ((60, 61), "E")]
    ordered = sorted(records)
    for a in range(62):
        for b in range(a + 1, 63):
            down = Downtime([(0, 100)], sources=list(reversed(records)))
            assert down.references((a, b)) == [name for (start, end), name in ordered if start < b and end > a]


def test_each_second_counts_as_the_heaviest_outage_of_it_and_others_count_whole() -> None:
    weights = [((0, 10), Fraction(1, 2)), ((5, 15), Fraction(3, 4)), ((8, 9), Fraction(1))]
    each = [max((w for (a, b), w in weights if a <= second < b), default=Fraction(1)) for second in range(20)]
    for a in range(20):
        for b in range(a + 1, 21):
            assert Weighing(weights).seconds([(a, b)]) == sum(each[a:b])
            assert Weighing([]).seconds([(a, b)]) == b - a
