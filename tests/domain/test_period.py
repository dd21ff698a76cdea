from datetime import UTC, datetime, timedelta, timezone

import portion
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.sla_logic.domain import spans
from include.sla_logic.domain.period import Period

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


def test_touching_spans_merge_and_touching_periods_do_not_overlap() -> None:
    assert spans.merge([(5, 9), (0, 5)]) == [(0, 9)]
    assert not period(0, 5).overlaps(period(5, 9))
    assert period(0, 6).overlaps(period(5, 9))


def test_the_end_does_not_belong_to_a_period() -> None:
    assert period(0, 5).contains(period(0, 5).start)
    assert not period(0, 5).contains(period(0, 5).end)


def test_empty_spans_vanish_in_a_union() -> None:
    assert spans.merge([(3, 3)]) == []
    assert spans.subtract([(0, 9)], [(3, 3)]) == [(0, 9)]


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
