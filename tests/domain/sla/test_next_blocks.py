"""The next block of downtime that is paid: found at once where the rule is a plain count, and never wrongly."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.next_tier import next_by_downtime
from tests.domain.sla.make import APRIL, DURATION_TIERS, PERCENT_TIERS, contract, facts, first, objective, outage

MONTH = APRIL.seconds
TARGETS = {"99.9": Fraction(2592), "99.99": Fraction(2592, 10), "100": Fraction(0)}
FREE = {"none": 0, "30 min": 1800, "target": None}
BLOCKS = {"10 min": 600, "1 h": 3600, "7 s": 7}


def blocks(seconds: int, free: Fraction, block: int, *, full: bool) -> Fraction:
    left = max(Fraction(0), seconds - free)
    return Fraction(left // block if full else -(-left // block))


def found(rule: dict[str, Any], target: str, counted: int, free: Fraction, block: int, most: int | None = None) -> Any:
    """Return the next step, the seconds for which the credit was asked, and the first that is dearer."""
    full = rule.get("counts") == "full"
    asked = list[int]()

    def credit(seconds: int) -> Fraction:
        paid = blocks(seconds, free, block, full=full)
        return paid if most is None else min(paid, Fraction(most))

    def worth(seconds: int) -> Fraction:
        asked.append(seconds)
        return credit(seconds)

    terms = contract(objective(rule, target=target), format=2 if rule["kind"] == "credit" else 1)
    start = APRIL.span[0]
    down = Downtime([APRIL.span], counted=[(start, start + counted)] if counted else [])
    measured = Measured(total=MONTH, value=100 - Fraction(100 * counted, MONTH), downtime=down)
    step = next_by_downtime(terms.objectives[0], measured, credit(counted), worth)
    longer = (seconds for seconds in range(counted + 1, min(MONTH, counted + 12_000) + 1))
    return step, set(asked), next((seconds for seconds in longer if credit(seconds) > credit(counted)), None), credit


CASES = st.tuples(
    st.sampled_from(sorted(TARGETS)), st.sampled_from(sorted(FREE)), st.sampled_from(sorted(BLOCKS)), st.booleans()
)


@settings(max_examples=120)
@given(CASES, st.integers(0, 9_000))
def test_the_next_block_is_the_first_dearer_second_and_no_other_is_asked_for(
    case: tuple[str, str, str, bool], counted: int
) -> None:
    target, beyond, size, full = case
    free = TARGETS[target] if beyond == "target" else Fraction(FREE[beyond] or 0)
    rule = {"kind": "credit", "block": size, "rate": "1 EUR", "counts": "full" if full else "started"}
    rule |= {} if beyond == "none" else {"beyond": beyond}
    step, asked, first, credit = found(rule, target, counted, free, BLOCKS[size])
    assert (step.seconds, step.share) == (first, credit(first))
    assert asked == {first, first - 1}


@pytest.mark.parametrize("counts", ["started", "full"])
@pytest.mark.parametrize("counted", [0, 1, 259, 260, 599, 600, 601, 859, 860, 1200])
def test_the_older_kinds_have_the_same_next_block(counts: str, counted: int) -> None:
    for kind, free in (("day_per_block", Fraction(0)), ("day_per_excess_block", TARGETS["99.99"])):
        rule = {"kind": kind, "block": "10 min", "counts": counts}
        step, asked, first, _credit = found(rule, "99.99", counted, free, 600)
        assert step.seconds == first
        assert asked == {first, first - 1}


@pytest.mark.parametrize(("counted", "most", "there"), [(0, 2, True), (601, 2, False), (600, 2, True), (1, 1, False)])
def test_where_no_further_block_is_paid_there_is_no_next_one(counted: int, most: int, there: bool) -> None:
    rule = {"kind": "credit", "block": "10 min", "rate": "1 EUR", "most_blocks": most}
    step, _asked, first, _credit = found(rule, "99.9", counted, Fraction(0), 600, most)
    assert (step is not None) == there == (first is not None)
    if there:
        assert step.seconds == first


@pytest.mark.parametrize(("counted", "next_one"), [(MONTH - 600, MONTH - 599), (MONTH - 599, None), (MONTH, None)])
def test_no_block_begins_beyond_the_window(counted: int, next_one: int | None) -> None:
    step, _asked, first, _credit = found(
        {"kind": "credit", "block": "10 min", "rate": "1 EUR"}, "99.9", counted, Fraction(0), 600
    )
    assert first == next_one
    assert (None if step is None else step.seconds) == next_one


WHOLE = [{"at_least": 99, "credit": 0}, {"below": 99, "more_than": 0, "credit": "10%"}, {"at_most": 0, "credit": 1}]
OF_TIME = [{"below": "720 h", "credit": 0}, {"at_least": "720 h", "credit": 1}]
LEVEL = [
    {"below": "2 h", "credit": "5%"},
    {"at_least": "2 h", "below": "3 h", "credit": "5%"},
    {"at_least": "3 h", "credit": "9%"},
]
ONE_MORE = [{"at_most": "720 h", "credit": 0}, {"more_than": "720 h", "credit": 1}]


@pytest.mark.parametrize(
    ("rule", "hours", "left"),
    [
        ({"kind": "tiers", "tiers": WHOLE}, 20, 2_592_000 - 72_000),  # not one second of the month was up
        ({"kind": "tiers", "tiers": WHOLE}, 7, 25_921 - 25_200),  # below 99 %: a second more than 25,920
        ({"kind": "tiers", "round_decimals": 1, "tiers": WHOLE}, 7, 27_217 - 25_200),  # 98.95 % still rounds to 99.0
        ({"kind": "tiers", "round_decimals": 1, "tiers": WHOLE}, 20, 2_590_705 - 72_000),  # 0.05 % rounds to 0.1
        ({"kind": "duration_tiers", "tiers": OF_TIME}, 20, 2_592_000 - 72_000),
        ({"kind": "duration_tiers", "tiers": ONE_MORE}, 20, None),  # no April has a second more
        ({"kind": "duration_tiers", "tiers": LEVEL}, 1, 10_800 - 3_600),  # from 2 h on it is no dearer
        ({"kind": "duration_tiers", "tiers": LEVEL}, 3, None),
        ({"kind": "duration_tiers", "tiers": LEVEL[::-1]}, 1, 10_800 - 3_600),
    ],
)
def test_a_tier_is_the_next_one_if_the_window_can_still_reach_it(rule: Any, hours: int, left: int | None) -> None:
    down = outage("2025-04-01 00:00", "2025-04-01 00:00").model_copy(
        update={"end": APRIL.start + timedelta(hours=hours)}
    )
    step = first(contract(objective(rule, target=None)), facts(down), as_of=down.end).next_tier
    assert (None if step is None else step.seconds_left) == left


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [
        (PERCENT_TIERS, [0, 2_593, 25_921, 129_601]),
        (DURATION_TIERS, [0, 300, 3_600, 10_800]),
        (
            {"kind": "tiers", "tiers": [{"at_least": 99, "at_most": 100, "credit": 0}, *WHOLE[1:]]},
            [0, 25_921, 2_592_000],
        ),
        ({"kind": "tiers", "tiers": [{"at_least": 99, "below": 100, "credit": 0}, *WHOLE[1:]]}, [1, 25_921, 2_592_000]),
        (
            {
                "kind": "tiers",
                "round_decimals": 1,
                "tiers": [{"at_least": 99, "at_most": 100, "credit": 0}, {"below": 99, "credit": 1}],
            },
            [0, 27_217],  # from 98.95 % on it is no more 99.0; 100.05 % would be above what there is
        ),
        ({"kind": "duration_tiers", "tiers": ONE_MORE}, [0]),
        ({"kind": "duration_tiers", "tiers": [{"more_than": "0 s", "credit": 1}]}, [1]),
        ({"kind": "duration_tiers", "tiers": [{"at_least": "1 s", "credit": 1}]}, [1]),
    ],
)
def test_the_picture_has_the_second_from_which_each_tier_stands(rule: Any, seconds: list[int]) -> None:
    known = facts(outage("2025-04-10 00:00", "2025-04-10 20:00"))
    found = first(contract(objective(rule, target=None)), known)
    assert [bound.from_seconds for bound in found.tier_bounds] == seconds


@pytest.mark.parametrize(
    ("counted", "block", "asked"),
    [
        (0, "720 h", {MONTH, MONTH - 1}),  # the last second completes the block
        (MONTH - 600, "1 h", {MONTH, MONTH - 1}),
        (MONTH - 1, "1 h", {MONTH, MONTH - 1}),
        (MONTH, "1 h", {MONTH}),
    ],
)
def test_a_block_may_be_completed_by_the_last_second(counted: int, block: str, asked: set[int]) -> None:
    length = int(block.removesuffix(" h")) * 3600
    rule = {"kind": "credit", "block": block, "rate": "1 EUR", "counts": "full"}
    step, seen, _first, _credit = found(rule, "99.9", counted, Fraction(0), length)
    assert (None if step is None else step.seconds) == (MONTH if counted < MONTH else None)
    assert seen == asked
