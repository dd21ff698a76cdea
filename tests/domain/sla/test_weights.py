"""Outages that count in part: by the share of the service that they hit, and as degradations."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.counted_times import counted_times
from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.period import from_seconds
from include.sla_logic.domain.sla import RefusalCode
from tests.domain.sla.make import APRIL, at, contract, euros, facts, first, judge, objective, outage

BY_SHARE = {"partial_outages": "by_share"}
PART = outage("2025-04-03 08:00", "2025-04-03 18:00", "PART", affected_percent="30")
SLOW = outage("2025-04-05 08:00", "2025-04-05 12:00", "SLOW", degraded=True)


def exact(counting: dict[str, Any], *outages: Outage, rule: dict[str, Any] | None = None) -> Fraction:
    about = objective(rule or {"kind": "credit", "rate": "pro_rata"}, target="99.9")
    found = first(contract(about, counting=counting), facts(*outages, charge="720.00"))
    assert found.credit_exact is not None, found.reason
    return Fraction(found.credit_exact)  # 1 EUR for each hour


@pytest.mark.parametrize(
    ("counting", "hours"),
    [
        ({}, 14),
        (BY_SHARE, 7),
        ({"degradations": "25%"}, 11),
        (BY_SHARE | {"degradations": "25%"}, 4),
        (BY_SHARE | {"degradations": 0}, 3),
    ],
)
def test_ten_hours_of_thirty_percent_count_three_and_degradations_by_their_weight(
    counting: dict[str, Any], hours: int
) -> None:
    assert exact(counting, PART, SLOW) == hours


def test_time_that_counts_says_whether_the_whole_service_was_down() -> None:
    whole = outage("2025-04-07 08:00", "2025-04-07 09:00", "WHOLE", affected_percent="100")
    known = facts(PART, SLOW, whole)
    [times] = counted_times(judge(contract(), known), known)
    assert [(one.counts, one.in_part) for one in times.stretches] == [(True, True), (True, True), (True, False)]


@pytest.mark.parametrize(
    ("counting", "weighed"),
    [
        (BY_SHARE, 3 * 3600 + 4 * 3600),
        ({"degradations": "25%"}, 10 * 3600 + 3600),
        (BY_SHARE | {"degradations": "25%"}, 3 * 3600 + 3600),
        (BY_SHARE | {"degradations": "1/7"}, 3 * 3600 + Fraction(4 * 3600, 7)),
    ],
)
def test_seconds_are_told_as_they_weigh_only_where_any_weighs_less_than_whole(
    counting: dict[str, Any], weighed: Fraction
) -> None:
    terms, whole = contract(counting=counting), outage("2025-04-07 08:00", "2025-04-07 09:00", "WHOLE")
    found = first(terms, facts(PART, SLOW, whole))
    assert (found.counted_seconds, found.weighed_seconds) == (15 * 3600, weighed + 3600)
    assert [first(terms, facts(*known)).weighed_seconds for known in ([], [whole])] == [None, None]


def test_a_degradation_without_weight_is_named_and_left_out() -> None:
    found = first(contract(counting={"degradations": 0}), facts(SLOW))
    assert found.counted_seconds == 0
    assert any("no outage of the whole service" in interval.why for interval in found.intervals)


def test_of_two_outages_at_once_the_heavier_counts() -> None:
    whole = outage("2025-04-03 10:00", "2025-04-03 12:00", "WHOLE")
    assert exact(BY_SHARE, PART, whole) == 2 + Fraction(8 * 3, 10)


def test_events_blocks_and_tiers_take_the_time_that_counts() -> None:
    by_event = {"kind": "credit", "for_each": "event", "block": "1 h", "rate": "1 EUR"}
    by_length = {
        "kind": "credit",
        "for_each": "event",
        "tiers": [{"at_most": "3 h", "rate": "1 EUR"}, {"more_than": "3 h", "rate": "9 EUR"}],
    }
    assert exact(BY_SHARE, PART, rule=by_event) == 3
    assert exact(BY_SHARE, PART, rule=by_length) == 1
    assert exact({}, PART, rule=by_length) == 9
    assert exact(BY_SHARE, PART, rule={"kind": "day_per_block", "block": "1 h", "days": 30}) == 3 * 24


def test_the_value_and_the_next_tier_go_by_what_counts() -> None:
    about = objective(target="99.9")
    found = first(contract(about, counting=BY_SHARE), facts(PART))  # 10,800 s of 2,592,000: 99.58 %
    assert Fraction(found.measured_exact or 0) == 100 - Fraction(100 * 10_800, 2_592_000)
    assert (found.counted_seconds, found.credit) == (36_000, euros("10.00"))
    assert found.next_tier is not None
    assert found.next_tier.seconds_left == 25_920 - 10_800 + 1
    assert any("10800 s count" in step for step in found.steps)


def test_what_the_source_does_not_record_is_refused_with_its_field() -> None:
    known = facts(outage("2025-04-03 08:00", "2025-04-03 18:00"), not_kept=("affected_percent", "degraded"))
    found = first(contract(counting=BY_SHARE), known)
    assert found.refusal is RefusalCode.NOT_KEPT
    assert "affected_percent" in found.reason
    assert "import them again" in found.reason
    assert first(contract(), known).refusal is None
    assert first(contract(counting=BY_SHARE), known.model_copy(update={"outages": ()})).refusal is None


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60), st.sampled_from([0, 30, 50, 100])), max_size=6))
def test_weighed_time_agrees_with_a_counter_of_hours(down: list[tuple[int, int, int]]) -> None:
    start = APRIL.span[0]
    cells: dict[int, int] = {}
    for begin, length, percent in down:
        for hour in range(begin, begin + length):
            cells[hour] = max(cells.get(hour, 0), percent)
    known = [
        Outage(
            reference=f"O{i}",
            start=from_seconds(start + 3600 * b),
            end=from_seconds(start + 3600 * (b + n)),
            affected_percent=p,
        )
        for i, (b, n, p) in enumerate(down)
    ]
    assert exact(BY_SHARE, *known) == Fraction(sum(cells.values()), 100)


def test_no_outage_counts_more_than_whole() -> None:
    with pytest.raises(ValueError, match="less than or equal to 100"):
        outage("2025-04-03 08:00", None, affected_percent="101")
    assert at("2025-04-03 08:00") == PART.start
