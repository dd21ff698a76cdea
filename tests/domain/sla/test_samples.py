"""From samples to unavailable time and statistics, against plain loops over the same samples."""

import math
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import MaintenanceWindow, SampleSeries
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.samples import UnableToPlaceSample
from include.sla_logic.domain.sla import DataState, RefusalCode, Verdict
from tests.domain.sla.make import APRIL, PERCENT_TIERS, at, contract, facts, first, judge, objective, outage

START = at("2025-04-01")


def series(values: list[Any], *, metric: str = "packet_loss", unit: str = "percent", step: int = 60) -> SampleSeries:
    samples = [
        (START + timedelta(seconds=step * i), None if v is None else Decimal(str(v))) for i, v in enumerate(values)
    ]
    return SampleSeries.from_samples(
        samples,
        metric=metric,
        unit=unit,
        step_seconds=step,
        nothing_came_back=Decimal(100) if metric == "packet_loss" else None,
    )


def state(opens: int = 1, closes: int = 1, bad: str = "50") -> dict[str, Any]:
    measure = {
        "kind": "unavailable_state",
        "series": "packet_loss",
        "bad": {"more_than": bad},
        "opens_after": opens,
        "closes_after": closes,
    }
    return objective(PERCENT_TIERS, measure=measure)


def slow_state(values: list[float | None], opens: int, closes: int) -> int:
    """Count unavailable measured steps one by one, as ITU-T G.826 tells it."""
    down = [False] * len(values)
    unavailable, row, kind = False, 0, None
    for i, value in enumerate(values):
        now = None if value is None else value > 50
        row = row + 1 if now == kind else 1
        kind = now
        if now is None:
            continue
        down[i] = unavailable
        if now and not unavailable and row >= opens:
            unavailable = True
            down[i - opens + 1 : i + 1] = [True] * opens
        elif not now and unavailable and row >= closes:
            unavailable = False
            down[i - closes + 1 : i + 1] = [False] * closes
    return sum(down)


losses = st.lists(st.sampled_from([0, 10, 50, 50.001, 80, 100, None]), min_size=1, max_size=80)


@given(losses, st.integers(1, 4), st.integers(1, 4))
def test_unavailable_states_agree_with_a_walk_over_the_samples(values, opens, closes) -> None:
    found = first(contract(state(opens, closes)), facts(series=[series(values)]))
    if all(value is None for value in values):
        assert found.data_state is DataState.NO_DATA
    elif all(value in (100, None) for value in values):
        assert found.data_state is DataState.NEVER_ANSWERED
    else:
        assert found.counted_seconds == 60 * slow_state(values, opens, closes)
        measured = sum(value is not None for value in values)
        assert found.samples == measured
        assert found.no_data_seconds == APRIL.seconds - 60 * measured


def test_ten_bad_samples_open_the_state_and_ten_good_ones_close_it_both_counted_back() -> None:
    values = [0] * 5 + [100] * 9 + [0] + [100] * 10 + [0] * 9 + [100] + [0] * 10
    found = first(contract(state(10, 10)), facts(series=[series(values)]))
    assert found.counted_seconds == 60 * 20
    assert found.intervals[0].start == START + timedelta(minutes=15)


def test_a_target_that_never_answered_is_held_and_neither_down_nor_up() -> None:
    found = judge(contract(state()), facts(series=[series([100, 100, None, 100])]))
    assert found.objectives[0].data_state is DataState.NEVER_ANSWERED
    assert found.objectives[0].verdict is Verdict.NO_DATA
    assert found.credit_due is None
    assert found.needs_approval
    assert "never answered" in found.approval_reasons[0]


def test_a_target_that_answered_before_and_fell_silent_is_down() -> None:
    day = 1440
    found = first(contract(state()), facts(series=[series([0] * day + [100] * day)]))
    assert found.counted_seconds == 86_400
    assert found.provisional  # the state had not ended at the last sample


def test_maintenance_and_what_the_customer_answers_for_are_taken_out_of_sampled_downtime() -> None:
    work = MaintenanceWindow(reference="CHG", start=START, end=START + timedelta(minutes=10))
    mine = outage("2025-04-01 00:20", "2025-04-01 00:30", attribution="customer")
    found = first(contract(state()), facts(mine, maintenance=[work], series=[series([100] * 40 + [0] * 40)]))
    assert found.counted_seconds == 20 * 60
    assert found.excluded_seconds == 20 * 60


def test_a_bound_is_compared_exactly_and_not_as_a_binary_float() -> None:
    bad = {"at_least": "0.3"}
    one = objective(measure={"kind": "unavailable_state", "series": "packet_loss", "bad": bad})
    found = first(contract(one), facts(series=[series(["0.299", "0.3", "0.300", "0.301", "0"])]))
    assert found.counted_seconds == 180


def sampled(kind: str, rule: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    tiers = {"kind": "tiers", "tiers": [{"at_most": "50", "credit": "0%"}, {"more_than": "50", "credit": "10%"}]}
    return {"id": "latency", "metric": "latency", "measure": {"kind": kind, **fields}, "rule": rule or tiers}


values_in_ms = st.lists(st.decimals(min_value=0, max_value=200, places=3), min_size=1, max_size=60)


@given(values_in_ms, st.integers(1, 100))
def test_statistics_are_the_exact_ones(values, rank) -> None:
    known = facts(series=[series(values, metric="latency", unit="ms")])
    exact = [Fraction(value) for value in values]
    share_rule = {"kind": "tiers", "tiers": [{"credit": "0%"}]}
    cases = [
        (sampled("mean"), sum(exact) / len(exact)),
        (sampled("percentile", percentile=rank), sorted(exact)[math.ceil(rank * len(exact) / 100) - 1]),
        (
            sampled("share_beyond", share_rule, bound={"more_than": "50"}),
            Fraction(100 * sum(value > 50 for value in exact), len(exact)),
        ),
    ]
    for terms, expected in cases:
        found = first(contract(terms), known)
        assert Fraction(found.measured_exact or 0) == expected


def test_the_share_of_samples_beyond_a_bound_is_in_percent_whatever_the_unit_of_the_samples() -> None:
    rule = {"kind": "tiers", "tiers": [{"at_most": "5", "credit": "0%"}, {"more_than": "5", "credit": "3%"}]}
    terms = sampled("share_beyond", rule, bound={"more_than": "10"})
    found = first(contract(terms), facts(series=[series([9, 10, 10.001, 9, 9], metric="latency", unit="ms")]))
    assert found.unit == "percent"
    assert found.measured == Decimal("20.00000000")
    assert str(found.credit) == "3.00 EUR"


def test_samples_in_excluded_time_are_not_averaged() -> None:
    work = MaintenanceWindow(reference="CHG", start=START + timedelta(minutes=1), end=START + timedelta(minutes=3))
    known = facts(series=[series([10, 900, 900, 20], metric="latency", unit="ms")], maintenance=[work])
    assert first(contract(sampled("mean")), known).measured == Decimal("15.00000000")


def test_a_series_of_another_unit_is_refused_and_a_missing_one_is_no_data() -> None:
    seconds = facts(series=[series([0.01], metric="latency", unit="s")])
    assert first(contract(sampled("mean")), seconds).refusal is RefusalCode.UNIT_MISMATCH
    assert first(contract(sampled("mean")), facts()).verdict is Verdict.NO_DATA


def test_an_objective_without_data_is_named_and_does_not_hold_the_credit_of_another() -> None:
    found = judge(contract(objective(), sampled("mean")), facts(outage("2025-04-10", "2025-04-11")))
    assert [o.objective for o in found.undecided] == ["latency"]
    assert str(found.credit_due) == "25.00 EUR"
    assert not found.needs_approval
    alone = judge(contract(sampled("mean")), facts())
    assert alone.credit_due is None
    assert alone.approval_reasons == ("no objective could be judged",)


def test_samples_outside_the_window_are_left_alone() -> None:
    before = [(APRIL.start - timedelta(minutes=2), Decimal(500)), (APRIL.start, Decimal(10)), (APRIL.end, Decimal(900))]
    long = SampleSeries.from_samples(before, metric="latency", unit="ms", step_seconds=60)
    found = first(contract(sampled("mean")), facts(series=[long]))
    assert found.measured == Decimal("10.00000000")
    assert found.samples == 1


def test_samples_named_by_the_end_of_their_step_are_moved_to_its_start() -> None:
    by_end = SampleSeries.from_samples(
        [(START + timedelta(minutes=5), 1)], metric="latency", unit="ms", step_seconds=300, labelled_by_end=True
    )
    assert by_end.start == START
    assert by_end.period.seconds == 300


def test_samples_may_come_in_any_order_with_gaps() -> None:
    samples = [(START + timedelta(minutes=3), 3), (START, 0), (START + timedelta(minutes=1), None)]
    placed = SampleSeries.from_samples(samples, metric="latency", unit="ms", step_seconds=60)
    assert placed.model_dump()["values"] == [0, None, None, 3000]
    assert SampleSeries.model_validate_json(placed.model_dump_json()) == placed
    assert hash(SampleSeries.model_validate_json(placed.model_dump_json())) == hash(placed)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        ([], "at least one"),
        ([(START, 1), (START, 2)], "Two different samples"),
        ([(START, 1), (START + timedelta(seconds=61), 2)], "off the 60 s grid"),
    ],
)
def test_samples_that_fit_no_grid_are_refused(samples: list[Any], why: str) -> None:
    with pytest.raises(UnableToPlaceSample, match=why):
        SampleSeries.from_samples(samples, metric="latency", unit="ms", step_seconds=60)


SUCCESS = {"id": "s", "metric": "success_rate", "rule": PERCENT_TIERS}
TWENTY_MINUTES = Period(start=START, end=START + timedelta(minutes=20))


def rates(*values: float | None, step: int = 300) -> SampleSeries:
    return series(list(values), metric="error_rate", step=step)


def test_error_rates_may_come_as_a_series() -> None:
    found = first(contract(SUCCESS), facts(series=[rates(0, 1, 2, 1)]), window=TWENTY_MINUTES)
    assert (found.measured, found.samples, found.coverage_percent) == (Decimal("99.00000000"), 4, Decimal("100.0000"))


def test_an_interval_without_an_error_rate_counts_as_free_of_errors_and_lowers_the_coverage() -> None:
    found = first(contract(SUCCESS), facts(series=[rates(4, None, 4)]), window=TWENTY_MINUTES)
    assert (found.measured, found.samples, found.coverage_percent) == (Decimal("98.00000000"), 4, Decimal("50.0000"))
    assert "2 interval(s) without a rate count as free of errors" in found.steps
    strict = contract(SUCCESS, counting={"least_coverage": "60%"})
    assert first(strict, facts(series=[rates(4, None, 4)]), window=TWENTY_MINUTES).verdict is Verdict.NO_DATA
    assert first(contract(SUCCESS), facts(series=[rates(None)])).verdict is Verdict.NO_DATA


def test_error_rates_of_other_intervals_than_the_contract_speaks_of_are_refused() -> None:
    found = first(contract(SUCCESS), facts(series=[rates(0, 1, step=60)]), window=TWENTY_MINUTES)
    assert found.refusal is RefusalCode.UNIT_MISMATCH
    assert "1 min each" in found.reason


@given(st.lists(st.integers(0, 100) | st.none(), min_size=4, max_size=4).filter(any), st.integers(0, 3))
def test_a_higher_error_rate_never_lowers_the_credit(values, at_index) -> None:
    worse = [*values[:at_index], 100, *values[at_index + 1 :]]
    terms = contract(SUCCESS, cap={"share": "60%"})
    found = [judge(terms, facts(series=[rates(*v)]), window=TWENTY_MINUTES).credit_due for v in (values, worse)]
    assert None not in found
    assert found[0] <= found[1]  # type: ignore[operator]


def test_the_distance_to_the_next_tier_of_a_value_is_named() -> None:
    known = facts(series=[series([40, 44], metric="latency", unit="ms")])
    found = first(contract(sampled("mean")), known, as_of=at("2025-04-02"))
    assert found.next_tier is not None
    assert found.next_tier.value_left == Decimal("8.00000000")
    assert str(found.next_tier.costs_more) == "10.00 EUR"


LOSS = objective({"kind": "share_when_missed", "credit": "10%"}, metric="packet_loss", target=1)


@pytest.mark.parametrize("metric", [state(), LOSS])
def test_a_target_silent_for_a_whole_window_is_held_whatever_it_answered_before_or_after(metric) -> None:
    silent, day = [100] * 30 * 1440, [0] * 1440
    may = calendar_window("month", "UTC", at("2025-05-10"))
    for values, windows in ((silent + day, {APRIL: True, may: False}), (day * 30 + silent, {APRIL: False, may: True})):
        known = facts(series=[series(values).model_copy(update={"answered_elsewhere": True})])
        for window, held in windows.items():
            found = first(contract(metric), known, window=window, as_of=at("2025-06-01"))
            assert (found.data_state is DataState.NEVER_ANSWERED) is held
            assert found.needs_approval is held


def test_one_answer_makes_no_paid_outage_and_no_right_to_leave_of_eleven_silent_months() -> None:
    start = at("2024-06-01")
    hours = int((at("2025-05-01") - start).total_seconds()) // 3600
    samples = [(start + timedelta(hours=n), 100) for n in range(hours)] + [
        (at("2025-05-01"), 0),
        (at("2025-05-02"), 100),
    ]
    late = SampleSeries.from_samples(
        samples, metric="packet_loss", unit="percent", step_seconds=3600, nothing_came_back=Decimal(100)
    )
    chronic = {"count": 1, "outage": {"at_least": "1 h"}, "within_days": 400, "total": {"at_least": "48 h"}}
    terms, known = contract(state(), chronic=chronic | {"total_over": "year"}), facts(series=[late])
    for month in range(11):
        window = calendar_window("month", "UTC", at("2024-06-10") + timedelta(days=month * 30.4))
        found = judge(terms, known, window=window, as_of=at("2025-05-03"))
        assert (found.objectives[0].data_state, found.credit_due) == (DataState.NEVER_ANSWERED, None)
        assert found.chronic is not None
        assert found.chronic.state != "reached"
    may = judge(terms, known, window=calendar_window("month", "UTC", at("2025-05-10")), as_of=at("2025-05-03"))
    assert may.objectives[0].counted_seconds == 3600
    assert may.chronic is not None
    assert may.chronic.references == ("samples of packet_loss",)


def test_a_gap_as_the_last_sample_hides_no_open_state() -> None:
    for opens in (1, 2):
        assert first(contract(state(opens)), facts(series=[series([0, 100, 100, None])])).provisional
        assert not first(contract(state(opens)), facts(series=[series([0, 100, 100, 0, None])])).provisional


def test_bad_samples_that_may_yet_open_the_state_make_the_judgement_provisional() -> None:
    found = first(contract(state(10, 10)), facts(series=[series([0] * 10 + [100] * 9)]))
    assert (found.counted_seconds, found.provisional) == (0, True)


def test_a_state_that_begins_after_the_window_leaves_its_judgement_final() -> None:
    window = Period(start=START, end=START + timedelta(minutes=10))
    found = first(contract(state()), facts(series=[series([0] * 10 + [100] * 10)]), window=window)
    assert (found.counted_seconds, found.provisional) == (0, False)


def test_a_state_over_the_edge_of_two_windows_counts_in_both() -> None:
    values = [0] * 55 + [100] * 10 + [0] * 55
    for low, high, seconds in ((0, 60, 300), (60, 120, 300), (0, 120, 600)):
        window = Period(start=START + timedelta(minutes=low), end=START + timedelta(minutes=high))
        found = first(contract(state(10, 10)), facts(series=[series(values)]), window=window)
        assert found.counted_seconds == seconds


@given(losses.filter(lambda values: not set(values) <= {100, None}), st.integers(1, 4), st.integers(1, 4), st.data())
def test_windows_that_touch_add_up_to_their_union(values, opens, closes, data) -> None:
    end = START + timedelta(minutes=len(values) + 5)
    cut = START + timedelta(seconds=data.draw(st.integers(1, int((end - START).total_seconds()) - 1)))
    known, terms = facts(series=[series(values)]), contract(state(opens, closes))
    windows = (Period(start=START, end=cut), Period(start=cut, end=end), Period(start=START, end=end))
    left, right, whole = (first(terms, known, window=window) for window in windows)
    if DataState.NEVER_ANSWERED not in (left.data_state, right.data_state):  # a silent window is held, whatever it is
        assert (left.counted_seconds or 0) + (right.counted_seconds or 0) == whole.counted_seconds
    assert left.no_data_seconds + right.no_data_seconds == whole.no_data_seconds


def test_samples_of_later_than_the_moment_of_judgement_are_not_known_yet() -> None:
    known = facts(series=[series([0] * 10 + [100] * 10)])
    assert first(contract(state()), known, as_of=START + timedelta(minutes=9, seconds=30)).counted_seconds == 0
    assert first(contract(state()), known).counted_seconds == 600


def test_planned_work_that_was_measured_is_measured_time() -> None:
    """A fifth of the samples lie in planned work: they are left out of the mean, and lower no coverage."""
    work = [MaintenanceWindow(reference="M", start=START, end=START + timedelta(days=6))]
    mean = objective({"kind": "credit", "when": "target_missed", "rate": "5%"}, metric="packet_loss", target="1")
    terms = contract(mean, counting={"least_coverage": "90%"})
    values = [50] * 6 * 24 + [2] * 24 * 24
    found = first(terms, facts(series=[series(values, step=3600)], maintenance=work))
    assert (found.measured, found.coverage_percent, found.verdict) == (2, 100, Verdict.BREACHED)
    values[6 * 24 : 9 * 24 + 1] = [None] * (3 * 24 + 1)
    assert first(terms, facts(series=[series(values, step=3600)])).verdict is Verdict.NO_DATA
