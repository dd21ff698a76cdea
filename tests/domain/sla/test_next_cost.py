"""What the next tier costs: what would really be due more, after stacking, cap and claim, before the window ends."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.sla.make import APRIL, DURATION_TIERS, at, contract, euros, facts, judge, objective, outage

TWO = (objective(), objective(DURATION_TIERS, id="minutes"))
DAY = outage("2025-04-10 08:00", "2025-04-10 18:00")  # 1.39 %: 25 % of the charge


def cost(terms, *outages, as_of):
    tiers = [o.next_tier for o in judge(terms, facts(*outages), as_of=at(as_of)).objectives]
    return [tier and tier.costs_more for tier in tiers]


@pytest.mark.parametrize(
    ("terms", "as_of", "expected"),
    [
        ({}, "2025-04-20", "75.00"),
        ({"cap": {"share": "25%"}}, "2025-04-20", "0.00"),
        ({"cap": {"share": "30%"}}, "2025-04-20", "5.00"),
        ({}, "2025-05-01", "0.00"),
        ({}, "2025-06-20", "0.00"),
        ({}, "2025-04-30 00:00", "0.00"),  # 26 h are missing, and the window has 24 h left
        ({"claim": {"within_days": 5, "counted_from": "outage_end"}}, "2025-04-12", "75.00"),
        ({"claim": {"within_days": 5, "counted_from": "outage_end"}}, "2025-04-20", "10.00"),
    ],
)
def test_the_next_tier_costs_what_cap_claim_and_the_end_of_the_window_leave(terms, as_of, expected):
    assert cost(contract(**terms), DAY, as_of=as_of) == [euros(expected)]


@given(
    st.sampled_from(["highest_per_event", "highest", "sum"]),
    st.sampled_from([None, "20%", "40%", "60%"]),
    st.sampled_from([{}, {"within_days": 3, "counted_from": "outage_end"}]),
    st.integers(1, 40_000),
    st.integers(0, 10 * 86_400),
)
def test_the_cost_is_the_difference_of_two_judgements(stacking, cap, claim, length, later):
    """The present outage goes on until the tier is reached; the credit then, less the credit now, is what it costs."""
    terms = contract(*TWO, stacking=stacking, claim=claim, cap=None if cap is None else {"share": cap})
    begun = at("2025-04-10 08:00")
    first = outage("2025-04-10 08:00", None).model_copy(update={"end": begun + timedelta(seconds=length)})
    now = first.end + timedelta(seconds=later)
    before = judge(terms, facts(first), as_of=now)
    for found in before.objectives:
        tier = found.next_tier
        if tier is None:
            continue
        until = now + timedelta(seconds=tier.seconds_left)
        assert until <= APRIL.end or tier.costs_more == euros("0")
        if until <= APRIL.end:
            more = outage("2025-04-10 08:00", None, "NEW").model_copy(update={"start": now})
            after = judge(terms, facts(first, more), as_of=until)
            other_unchanged = all(
                one.credit == two.credit
                for one, two in zip(before.objectives, after.objectives, strict=True)
                if one.objective != found.objective
            )
            if other_unchanged and not claim:
                assert after.credit_due - before.credit_due == tier.costs_more
            assert tier.costs_more >= euros("0")
