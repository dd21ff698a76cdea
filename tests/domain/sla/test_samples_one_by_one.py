"""Values from samples against a loop over them: windows, moments and bounds that lie anywhere beside the steps."""

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.measurements import MaintenanceWindow, SampleSeries
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import DataState
from tests.domain.sla.make import PERCENT_TIERS, at, contract, facts, first, objective

START = at("2025-04-10 12:00")
ANY = {"kind": "tiers", "tiers": [{"credit": 0}]}
BOUNDS: list[tuple[dict[str, str], Callable[[Fraction], bool]]] = [
    ({"at_least": "2"}, lambda v: v >= 2),
    ({"more_than": "2"}, lambda v: v > 2),
    ({"at_most": "2"}, lambda v: v <= 2),
    ({"below": "2"}, lambda v: v < 2),
    ({"at_least": "1.95"}, lambda v: v >= Fraction("1.95")),
    ({"more_than": "1.95"}, lambda v: v > Fraction("1.95")),
    ({"at_most": "1.95"}, lambda v: v <= Fraction("1.95")),
    ({"below": "1.95"}, lambda v: v < Fraction("1.95")),
    ({"more_than": "1.9", "at_most": "2"}, lambda v: Fraction("1.9") < v <= 2),
    ({"at_least": "1.9", "below": "2.1"}, lambda v: Fraction("1.9") <= v < Fraction("2.1")),
]
STATISTICS = {
    "mean": contract(objective(ANY, metric="latency", measure={"kind": "mean"})),
    **{
        f"percentile {rank}": contract(
            objective(ANY, metric="latency", measure={"kind": "percentile", "percentile": rank})
        )
        for rank in ("0.5", "25", "50", "95", "100")
    },
    **{
        f"share {i}": contract(objective(ANY, metric="latency", measure={"kind": "share_beyond", "bound": bound}))
        for i, (bound, _holds) in enumerate(BOUNDS)
    },
}
values = st.lists(st.sampled_from([None, 0, 1.9, 1.9, 2, 2, 2.1, 5]), min_size=1, max_size=24)
spans = st.tuples(st.integers(-30, 60), st.integers(1, 80))


class Drawn:
    """A series with a step of some seconds, and what of it lies in the window and is known at a moment."""

    def __init__(self, drawn: list[Any], step: int, window: tuple[int, int], known: int, work: tuple[int, int]) -> None:
        self.step, self.window, self.known, self.work = step, (window[0], sum(window)), known, (work[0], sum(work))
        self.samples = [(i * step, None if v is None else Fraction(str(v))) for i, v in enumerate(drawn)]
        self.inside = [(s, v) for s, v in self.samples if self.window[0] <= s < self.window[1] and s <= known]

    def facts(self, *, working: bool) -> Any:
        told = [(moment(s), None if v is None else Decimal(float(v)).quantize(Decimal("0.1"))) for s, v in self.samples]
        series = SampleSeries.from_samples(told, metric="latency", unit="ms", step_seconds=self.step, decimals=1)
        work = MaintenanceWindow(reference="M", start=moment(self.work[0]), end=moment(self.work[1]))
        return facts(series=[series], maintenance=[work] if working else [])

    def judged(self, terms: Any, *, working: bool) -> Any:
        low, high = self.window
        window = Period(start=moment(low), end=moment(high))
        return first(terms, self.facts(working=working), window=window, as_of=moment(self.known))

    @property
    def unmeasured(self) -> int:
        seen = {t for s, v in self.inside if v is not None for t in range(s, s + self.step)}
        return len(set(range(*self.window)) - seen)


def moment(second: int) -> Any:
    return START + timedelta(seconds=second)


drawn_series = st.builds(
    Drawn,
    values,
    st.sampled_from([1, 2, 5, 7]),
    spans,
    st.integers(0, 100),
    st.tuples(st.integers(-20, 90), st.integers(1, 30)),
)


def expected(name: str, known: list[Fraction]) -> Fraction:
    kind, _space, part = name.partition(" ")
    if kind == "mean":
        return sum(known, Fraction(0)) / len(known)
    if kind == "percentile":
        return sorted(known)[max(1, math.ceil(Fraction(part) * len(known) / 100)) - 1]
    return Fraction(100 * sum(map(BOUNDS[int(part)][1], known)), len(known))


@pytest.mark.parametrize("working", [False, True], ids=["no work", "planned work"])
@settings(max_examples=40)
@given(drawn_series, st.sampled_from(sorted(STATISTICS)))
def test_a_statistic_is_that_of_the_samples_that_begin_in_the_window(working: bool, drawn: Drawn, name: str) -> None:
    found = drawn.judged(STATISTICS[name], working=working)
    kept = [v for s, v in drawn.inside if v is not None and not (working and drawn.work[0] <= s < drawn.work[1])]
    total = drawn.window[1] - drawn.window[0]
    if not kept:
        assert (found.data_state, found.measured, found.no_data_seconds) == (DataState.NO_DATA, None, total)
        return
    assert Fraction(str(found.measured_exact)) == expected(name, kept)
    assert (found.samples, found.no_data_seconds) == (len(kept), drawn.unmeasured)
    assert found.coverage_percent == half_up(Fraction(100 * (total - drawn.unmeasured), total), 4)


def states(samples: list[tuple[int, Any]], step: int, opens: int, closes: int) -> tuple[set[int], int | None]:
    """Return the unavailable seconds, and since when more of them may follow the last sample."""
    down, since, row, kind = set[int](), None, 0, None
    for place, (_second, value) in enumerate(samples):
        bad = None if value is None else value > 2
        row, kind = (row + 1 if bad is kind else 1), bad
        if bad and since is None and row >= opens:
            since = place - row + 1
        if bad is False and since is not None and row >= closes:
            down |= set(range(since, place - row + 1))
            since = None
    last = next((place for place in range(len(samples) - 1, -1, -1) if samples[place][1] is not None), -1)
    if since is not None:
        down |= set(range(since, last + 1))
    begun = len(samples) - row if kind else None
    open_since = since if since is not None else begun
    seconds = {t for place in down if samples[place][1] is not None for t in range(place * step, (place + 1) * step)}
    return seconds, None if open_since is None else open_since * step


UNAVAILABLE = {
    (opens, closes): contract(
        objective(
            PERCENT_TIERS,
            measure={
                "kind": "unavailable_state",
                "series": "latency",
                "bad": {"more_than": "2"},
                "opens_after": opens,
                "closes_after": closes,
            },
        )
    )
    for opens in (1, 2, 3)
    for closes in (1, 2, 3)
}


@settings(max_examples=120)
@given(drawn_series, st.sampled_from(sorted(UNAVAILABLE)))
def test_an_unavailable_state_is_that_of_the_whole_series_cut_to_the_window(
    drawn: Drawn, rows: tuple[int, int]
) -> None:
    found = drawn.judged(UNAVAILABLE[rows], working=True)
    low, high = drawn.window
    known = [(s, v) for s, v in drawn.samples if s <= drawn.known]
    down, open_since = states(known, drawn.step, *rows)
    kept = {t for t in down if low <= t < high and not drawn.work[0] <= t < drawn.work[1]}
    steps = {t for s, v in known if v is not None for t in range(s, s + drawn.step)}
    unknown = len(set(range(low, high)) - steps)
    if unknown == high - low:
        assert found.data_state is DataState.NO_DATA
        return
    assert found.counted_seconds == len(kept)
    assert found.no_data_seconds == unknown
    assert found.samples == sum(1 for s, v in drawn.inside if v is not None)
    if drawn.known >= high and rows != (1, 1):
        assert found.provisional == (open_since is not None and open_since < high)


@pytest.mark.parametrize("rows", [(2, 1), (2, 2)])
def test_a_state_that_may_go_on_leaves_each_window_that_it_reaches_provisional(rows: tuple[int, int]) -> None:
    """All series of four steps of 2 s, with windows that end between any two seconds near the last of them."""
    for told in product((0, 5, None), repeat=4):
        if told.count(None) == len(told):
            continue
        drawn = Drawn(list(told), 2, (0, 8), 8, (90, 1))
        down, open_since = states(drawn.samples, 2, *rows)
        known = drawn.facts(working=False)
        for high in (3, 5, 6, 7, 8) if open_since else (8,):
            window = Period(start=START, end=moment(high))
            found = first(UNAVAILABLE[rows], known, window=window, as_of=moment(8))
            if found.data_state is DataState.MEASURED:
                assert found.counted_seconds == len([t for t in down if t < high]), (told, high)
                assert found.provisional == (open_since is not None and open_since < high), (told, high)
