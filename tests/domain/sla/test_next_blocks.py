"""The next block of downtime that is paid: found at once where the rule is a plain count, and never wrongly."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.next_tier import next_by_downtime
from tests.domain.sla.make import APRIL, contract, objective

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
