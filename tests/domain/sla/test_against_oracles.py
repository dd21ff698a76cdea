"""The judgement against counters that know nothing of intervals: one cell per minute, one per second."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import Hold, MaintenanceWindow, Outage, ServiceFacts
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import ObjectiveJudgement
from include.sla_logic.domain.sla.stacking import share_out, stack
from tests.domain.sla.make import DURATION_TIERS, STEPS, TIERS, at, contract, euros, facts, first, judge, objective

MONTHS = [
    ("Europe/London", "2025-03-10"),
    ("Europe/London", "2025-10-10"),
    ("America/Recife", "2000-10-10"),
    ("UTC", "2024-02-10"),
    ("UTC", "2025-02-10"),
    ("Etc/GMT-14", "2025-04-10"),
    ("Etc/GMT+12", "2025-04-10"),
    ("Australia/Lord_Howe", "2025-04-10"),
    ("Africa/Casablanca", "2025-03-10"),
]
months = st.sampled_from(MONTHS)
# Minutes from half a day before the window's start to some days into it: edges of the window are hit often.
stretches = st.tuples(st.integers(-700, 5000), st.integers(0, 900))
many = st.lists(stretches, max_size=8)


def window_of(month: tuple[str, str]) -> Period:
    return calendar_window("month", month[0], at(month[1]))


def _bounds(stretch: tuple[int, int], start: datetime, unit: int) -> tuple[datetime, datetime]:
    low = start + timedelta(seconds=stretch[0] * unit)
    return low, low + timedelta(seconds=stretch[1] * unit)


def build(
    start: datetime, unit: int, down: list[tuple[int, int]], planned: list[tuple[int, int]], held: list[tuple[int, int]]
) -> ServiceFacts:
    return facts(
        *(
            Outage(reference=f"O{i}", start=b[0], end=b[1])
            for i, s in enumerate(down)
            for b in [_bounds(s, start, unit)]
        ),
        maintenance=[
            MaintenanceWindow(reference=f"M{i}", start=b[0], end=b[1], announced_at=b[0] - timedelta(days=30))
            for i, s in enumerate(planned)
            for b in [_bounds(s, start, unit)]
        ],
        holds=[Hold(start=b[0], end=b[1], reason="x") for s in held for b in [_bounds(s, start, unit)]],
    )


def cells(stretches_: list[tuple[int, int]]) -> set[int]:
    return {cell for start, length in stretches_ for cell in range(start, start + length)}


def runs(marked: set[int]) -> list[list[int]]:
    numbered = enumerate(sorted(marked))
    return [[cell for _, cell in group] for _, group in groupby(numbered, key=lambda pair: pair[1] - pair[0])]


def counted_cells(
    down: list[tuple[int, int]], planned: list[tuple[int, int]], held: list[tuple[int, int]], shortest: int, size: int
) -> int:
    left = cells(down) - cells(planned) - cells(held)
    return sum(1 for run in runs(left) if len(run) >= shortest for cell in run if 0 <= cell < size)


@settings(max_examples=150)
@given(months, many, many, many, st.sampled_from([0, 5, 60]))
def test_downtime_agrees_with_a_counter_of_minutes(month, down, planned, held, shortest) -> None:
    window = window_of(month)
    counting = {"holds_stop_the_clock": True} | ({"shortest": {"at_least": f"{shortest} min"}} if shortest else {})
    terms = contract(zone=month[0], counting=counting, maintenance={"notice": "7 d"})
    found = first(
        terms, build(window.start, 60, down, planned, held), window=window, as_of=window.end + timedelta(days=9)
    )
    minutes = counted_cells(down, planned, held, shortest, window.seconds // 60)
    assert found.counted_seconds == 60 * minutes
    assert found.measured_exact is not None
    assert Fraction(found.measured_exact) == 100 - Fraction(100 * minutes, window.seconds // 60)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(-50, 650), st.integers(0, 300)), max_size=8), many, st.integers(1, 600))
def test_downtime_agrees_with_a_counter_of_seconds(down, planned, length) -> None:
    start = at("2025-04-10 23:57")
    window = Period(start=start, end=start + timedelta(seconds=length))
    found = first(contract(), build(start, 1, down, planned, []), window=window, as_of=start + timedelta(days=2))
    assert found.counted_seconds == counted_cells(down, planned, [], 0, length)


APRIL_START = at("2025-04-01")


def _spans(judgement: ObjectiveJudgement) -> list[tuple[datetime, datetime]]:
    return [(interval.start, interval.end) for interval in judgement.intervals]


@settings(max_examples=50)
@given(many, st.integers(0, 900))
def test_splitting_an_outage_never_changes_the_sum(down, cut) -> None:
    halves = [
        part
        for start, length in down
        for part in ((start, min(cut, length)), (start + min(cut, length), length - min(cut, length)))
    ]
    whole = first(contract(), build(APRIL_START, 60, down, [], []))
    split = first(contract(), build(APRIL_START, 60, halves, [], []))
    assert whole.counted_seconds == split.counted_seconds
    assert _spans(whole) == _spans(split)


RULES = [
    {"kind": "tiers", "tiers": TIERS},
    {"kind": "tiers", "round_decimals": 2, "tiers": TIERS},
    DURATION_TIERS,
    {"kind": "duration_tiers", "tiers": STEPS, "percent_column": TIERS},
    {"kind": "day_per_block", "block": "1 h"},
    {"kind": "day_per_block", "block": "1 h", "counts": "full", "days": 30},
    {"kind": "day_per_excess_block", "block": "4 h", "nearest": "15 min"},
    {"kind": "share_per_day", "share": "1/30", "outage": {"more_than": "60 s"}},
    {"kind": "share_per_step", "step": "0.1", "credit": "1%"},
    {"kind": "share_when_missed", "credit": "35%"},
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["kind"])
@settings(max_examples=30)
@given(down=many, more=many)
def test_more_downtime_never_lowers_a_credit_and_no_credit_is_negative_or_above_the_cap(rule, down, more) -> None:
    terms = contract(objective(rule, target="99.9"), cap={"share": "60%"})
    less = judge(terms, build(APRIL_START, 60, down, [], [])).credit_due
    most = judge(terms, build(APRIL_START, 60, down + more, [], [])).credit_due
    assert less is not None
    assert most is not None
    assert euros("0") <= less <= most <= euros("60.00")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["kind"])
@settings(max_examples=25)
@given(minutes=st.integers(0, 44_000))
def test_the_next_tier_is_reached_exactly_when_the_judgement_says_so(rule, minutes) -> None:
    terms = contract(objective(rule, target="99.9"))
    known = build(APRIL_START, 60, [(0, minutes)], [], [])
    found = first(terms, known, as_of=APRIL_START + timedelta(minutes=minutes))
    if found.next_tier is None or found.next_tier.seconds_left is None:
        return
    seconds = (found.counted_seconds or 0) + found.next_tier.seconds_left
    before = first(terms, build(APRIL_START, 1, [(0, seconds - 1)], [], []))
    reached = first(terms, build(APRIL_START, 1, [(0, seconds)], [], []))
    assert before.credit == found.credit
    assert reached.credit == found.next_tier.credit
    assert reached.credit is not None
    assert found.credit is not None
    assert reached.credit - found.credit == found.next_tier.costs_more
    over = first(terms, known).next_tier
    assert over is not None
    assert (over.seconds_left, over.costs_more) == (found.next_tier.seconds_left, euros("0"))


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sets(st.sampled_from("123"), max_size=2), st.integers(0, 99)),
        max_size=6,
        unique_by=lambda entry: entry[0],
    )
)
def test_stacking_pays_no_event_twice_and_never_more_than_the_sum(entries) -> None:
    rows = [(name, tuple(sorted(events)), Fraction(amount)) for name, events, amount in entries]
    paid = stack(rows, "highest_per_event")
    for event in "123":
        assert sum(1 for name, events, _ in rows if event in events and paid[name]) <= 1
    assert sum(paid.values()) <= sum(stack(rows, "sum").values())
    assert max(paid.values(), default=0) == max((amount for _n, _e, amount in rows), default=0)


@given(st.integers(0, 10**6), st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 50), max_size=6))
def test_the_lines_of_a_split_amount_add_up_to_it(cents, weights) -> None:
    total = euros(f"{cents}") if cents % 2 else euros(f"{cents}.37")
    lines = share_out(total, {name: Fraction(weight) for name, weight in weights.items()})
    if any(weights.values()):
        assert sum((amount for _name, amount in lines), start=euros("0")) == total
    else:
        assert lines == ()


def test_a_window_is_judged_in_utc_whatever_zone_the_records_came_in() -> None:
    local = datetime.fromisoformat("2025-04-10T10:00:00+14:00")
    known = facts(Outage(reference="O", start=local, end=local + timedelta(hours=1)))
    found = first(contract(), known)
    assert found.intervals[0].start == datetime(2025, 4, 9, 20, tzinfo=UTC)
