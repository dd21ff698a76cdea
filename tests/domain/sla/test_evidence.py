"""The evidence of a judgement against a list of seconds: each interval, its weight and record, and every sum."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.measurements import MaintenanceWindow, Outage, Reading
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import Period, to_seconds
from tests.domain.sla.make import at, contract, facts, first, judge, objective

START = at("2025-04-10 23:57")
BEGIN, LENGTH, LATER = to_seconds(START), 300, START + timedelta(days=2)
WINDOW = Period(start=START, end=START + timedelta(seconds=LENGTH))
WEIGHED = contract(
    objective({"kind": "tiers", "tiers": [{"credit": 0}]}, target="99.9"), counting={"partial_outages": "by_share"}
)
near = st.tuples(st.integers(-40, LENGTH + 20), st.integers(1, 120))
down = st.lists(st.tuples(near, st.sampled_from([None, 100, 50, 30, "33.3"])), max_size=6)
Stretch = tuple[int, int]


def moment(second: int) -> Any:
    return START + timedelta(seconds=second)


def seconds_of(stretches: Iterable[Stretch]) -> set[int]:
    return {second for low, length in stretches for second in range(low, low + length)}


def runs(seconds: Iterable[int], state: Callable[[int], object] = type) -> list[Stretch]:
    """Return where unbroken rows of seconds of the same state begin and end."""
    found: list[Stretch] = []
    for second in sorted(seconds):
        if found and found[-1][1] == second and state(second) == state(second - 1):
            found[-1] = (found[-1][0], second + 1)
        else:
            found.append((second, second + 1))
    return found


@settings(max_examples=80)
@given(down, st.lists(near, max_size=3), st.lists(near, max_size=2))
def test_every_interval_and_sum_agrees_with_a_list_of_seconds(
    outages: list[tuple[Stretch, Any]], planned: list[Stretch], unseen: list[Stretch]
) -> None:
    known = facts(
        *(
            Outage(reference=f"O{i}", start=moment(low), end=moment(low + length), affected_percent=share)
            for i, ((low, length), share) in enumerate(outages)
        ),
        maintenance=[
            MaintenanceWindow(reference=f"M{i}", start=moment(low), end=moment(low + length))
            for i, (low, length) in enumerate(planned)
        ],
        unobserved=[Period(start=moment(low), end=moment(low + length)) for low, length in unseen],
    )
    found = first(WEIGHED, known, window=WINDOW, as_of=LATER)
    inside, raw, work = set(range(LENGTH)), seconds_of(s for s, _share in outages), seconds_of(planned)
    counted, unknown = (raw - work) & inside, (seconds_of(unseen) - raw) & inside

    def weight(second: int) -> Fraction:
        shares = [share for (low, length), share in outages if low <= second < low + length]
        return max(Fraction(100 if share is None else share) / 100 for share in shares)

    def names(low: int, high: int) -> str:
        hit = [
            (begin, begin + length, f"O{i}")
            for i, ((begin, length), _share) in enumerate(outages)
            if begin < high and begin + length > low
        ]
        return ", ".join(name for _begin, _end, name in sorted(hit))

    rows: list[tuple[int, int, str, str | None, Fraction | int]] = []
    rows += [(low, high, "counted", names(low, high), weight(low)) for low, high in runs(counted, weight)]
    for i, one in enumerate(planned):
        rows += [(low, high, "excluded", f"M{i}", 1) for low, high in runs(seconds_of([one]) & raw & inside)]
    rows += [(low, high, "no_data", None, 1) for low, high in runs(unknown)]
    shown = [
        (
            to_seconds(one.start) - BEGIN,
            to_seconds(one.end) - BEGIN,
            one.kind,
            one.reference,
            1 if one.weight is None else one.weight,
        )
        for one in found.intervals
    ]
    assert sorted(shown, key=str) == sorted(rows, key=str)
    assert [one[:3] for one in shown] == sorted(one[:3] for one in shown)
    assert all(one.seconds == (one.end - one.start).total_seconds() for one in found.intervals)
    assert all(one.weight is None or one.weight < 1 for one in found.intervals)
    counts = sum((weight(second) for second in counted), Fraction(0))
    partly = any(share not in (None, 100) for _stretch, share in outages)
    assert (found.counted_seconds, found.counted_at_most, found.total_seconds) == (len(counted), len(counted), LENGTH)
    assert (found.weighed_seconds is None) <= (counts == len(counted))
    assert found.weighed_seconds in (None, counts)
    assert partly or found.weighed_seconds in (None, len(counted))
    assert (found.excluded_seconds, found.no_data_seconds) == (len(work & raw & inside), len(unknown))
    assert found.coverage_percent == half_up(Fraction(100 * (LENGTH - len(unknown)), LENGTH), 4)
    if len(unknown) == LENGTH:
        assert (found.measured, found.margin) == (None, None)
    else:
        value = 100 - 100 * counts / LENGTH
        assert (found.measured, found.margin) == (half_up(value, 8), half_up(value - Fraction("99.9"), 8))
        assert Fraction(str(found.measured_exact)) == value


@pytest.mark.parametrize(
    ("low", "high", "least", "most"),
    [
        ((10, 10), (40, 40), 30, 30),
        ((10, 20), (40, 40), 20, 30),
        ((10, 20), (40, 55), 20, 45),
        ((10, 10), (40, None), 30, 290),
    ],
)
def test_an_outage_seen_only_now_and_then_counts_at_least_and_at_most(
    low: Stretch, high: Any, least: int, most: int
) -> None:
    seen = Outage(
        reference="O",
        start=moment(low[1]),
        end=moment(high[0]),
        start_bounds=(moment(low[0]), moment(low[1])),
        end_bounds=(moment(high[0]), None if high[1] is None else moment(high[1])),
    )
    found = first(contract(), facts(seen), window=WINDOW, as_of=LATER)
    assert (found.counted_seconds, found.counted_at_most) == (least, most)
    longest = first(contract(counting={"brackets": "longest"}), facts(seen), window=WINDOW, as_of=LATER)
    assert longest.counted_at_most == most


@pytest.mark.parametrize(
    ("least", "due", "sharp", "held"),
    [(None, "60", False, True), ("90%", "60", False, False), (None, "60", True, False), (None, "40", False, False)],
)
def test_a_second_person_looks_where_money_rests_on_an_outage_of_uncertain_length(
    least: str | None, due: str, *, sharp: bool, held: bool
) -> None:
    """Not where too little was observed to judge the outages, nor where nothing is due."""
    bounds = {} if sharp else {"end_bounds": (moment(40), moment(55))}
    seen = Outage(reference="O", start=moment(10), end=moment(40), **bounds)
    free = objective({"kind": "tiers", "tiers": [{"credit": 0}]}, counting={"least_coverage": least})
    paying = {**JITTER, "rule": {"kind": "share_when_missed", "credit": "10%"}}
    known = facts(
        seen,
        charge="1000000.00",
        unobserved=[Period(start=moment(100), end=moment(200))],
        readings=[Reading(metric="jitter", value=Decimal(due) / 20, unit="ms")],
    )
    found = judge(contract(free, paying), known, window=WINDOW, as_of=LATER)
    assert ("the length of an outage is only known within bounds" in found.approval_reasons) == held


JITTER: dict[str, Any] = {"id": "j", "metric": "jitter", "target": "2.5"}
MOS: dict[str, Any] = {"id": "m", "metric": "mos", "target": "4"}
BANDS = [{"at_most": "2.5", "credit": 0}, {"more_than": "2.5", "at_most": "4", "credit": "1/30"}]
BANDS += [{"more_than": "4", "credit": "7.5%"}]
GRADES = [{"at_least": "4", "credit": 0}, {"at_least": "3", "below": "4", "credit": "5%"}, {"below": "3", "credit": 1}]
OVER = [{"overrun": 50, "credit": "9%"}, {"overrun": 20, "credit": "2%"}]


@pytest.mark.parametrize(
    ("about", "rule", "bounds"),
    [
        (JITTER, {"kind": "tiers", "tiers": BANDS}, [("2.5", "3.3333"), ("4", "7.5")]),
        (MOS, {"kind": "tiers", "tiers": GRADES}, [("3", "100"), ("4", "5")]),
        (JITTER, {"kind": "overrun_tiers", "thresholds": OVER}, [("3", "2"), ("3.75", "9")]),
        (JITTER, {"kind": "share_when_missed", "credit": "12.34565%"}, [("2.5", "12.3457")]),
        (MOS, {"kind": "share_per_step", "step": "0.5", "credit": "1%"}, []),
        (JITTER, {"kind": "credit", "when": "target_missed", "rate": "5 EUR"}, []),
    ],
)
def test_the_bounds_of_a_value_are_those_beyond_which_a_credit_is_due(
    about: dict[str, Any], rule: dict[str, Any], bounds: list[tuple[str, str]]
) -> None:
    unit = "ms" if about is JITTER else "MOS"
    known = facts(readings=[Reading(metric=about["metric"], value=Decimal("3.125"), unit=unit)])
    found = first(contract({**about, "rule": rule}), known)
    assert [(one.value, one.credit_percent) for one in found.value_bounds] == [
        (Decimal(v), Decimal(c)) for v, c in bounds
    ]
    assert found.tier_bounds == ()
    worse = Decimal("-0.625") if about is JITTER else Decimal("-0.875")
    assert (found.margin, found.title, found.metric) == (worse, about["id"], about["metric"])
