"""What the next tier costs: what would really be due more, after stacking, cap and claim, before the window ends."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import work_out_rebate
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


def credit(amount, start, end, reference="TT-9"):
    window = Period(start=at(start), end=at(end))
    return EarlierCredit(window=window, amount=euros(amount), reference=reference)


QUARTER = {"cap": {"share": "20%", "over": "quarter"}}  # 60.00 of the 300.00 that April to June are charged


@pytest.mark.parametrize(
    ("terms", "credited", "expected"),
    [
        (QUARTER, [], "35.00"),  # 60.00 of the cap, 25.00 of it due already
        (QUARTER, [credit("20.00", "2025-05-01", "2025-06-01")], "15.00"),
        (QUARTER, [credit("60.00", "2025-05-01", "2025-06-01")], "0.00"),
        (QUARTER, [credit("60.00", "2025-03-01", "2025-04-01")], "35.00"),  # another quarter's
        (QUARTER, [credit("25.00", "2025-04-01", "2025-05-01")], "35.00"),  # what is due was booked
        ({"cap": {"share": "5%", "over": "year"}}, [credit("60.00", "2025-11-01", "2025-12-01")], "0.00"),
        ({}, [credit("60.00", "2025-05-01", "2025-06-01")], "75.00"),  # no cap: other months are their own
        ({}, [credit("60.00", "2025-04-01", "2025-07-01")], "40.00"),  # a quarter's credit was for this month too
        ({}, [credit("140.00", "2025-04-01", "2025-07-01")], "0.00"),
    ],
)
def test_the_next_tier_costs_what_would_be_booked_beside_what_was_credited(terms, credited, expected):
    without = judge(contract(**terms), facts(DAY), as_of=at("2025-04-20"))
    found = judge(contract(**terms), facts(DAY, credited=tuple(credited)), as_of=at("2025-04-20"))
    assert found.objectives[0].next_tier.costs_more == euros(expected)
    assert found.credit_due == without.credit_due


def booked(comparison, credited):
    """Return what booking would bring now; what it would take back waits for a person and costs nothing more."""
    amount = work_out_rebate(comparison, earlier=credited).settle(credited, ()).amount
    return max(amount, euros("0"))


EDGES = [at(f"2025-{month:02d}-{day:02d}") for month in range(3, 8) for day in (1, 15)]
SOME_TIME = st.tuples(st.sampled_from(EDGES), st.sampled_from(EDGES)).filter(lambda two: two[0] < two[1])


@given(
    st.lists(st.tuples(SOME_TIME, st.integers(1, 9_000)), max_size=4),
    st.sampled_from([None, ("20%", "quarter"), ("90%", "quarter"), ("9%", "year"), ("40%", "window")]),
    st.integers(1, 200_000),
)
def test_the_cost_is_what_booking_would_bring_then_less_what_it_would_bring_now(before, cap, length):
    credited = [
        EarlierCredit(window=Period(start=start, end=end), amount=euros(f"{cents / 100:.2f}"), reference=str(number))
        for number, ((start, end), cents) in enumerate(before)
    ]
    terms = contract(cap=None if cap is None else {"share": cap[0], "over": cap[1]})
    begun = at("2025-04-10 08:00")
    first = outage("2025-04-10 08:00", None).model_copy(update={"end": begun + timedelta(seconds=length)})
    now = judge(terms, facts(first, credited=tuple(credited)), as_of=first.end)
    tier = now.objectives[0].next_tier
    if tier is None:
        return
    then = first.end + timedelta(seconds=tier.seconds_left)
    longer = first.model_copy(update={"end": then})
    after = judge(terms, facts(longer), as_of=then)
    assert tier.costs_more == (booked(after, credited) - booked(now, credited) if then <= APRIL.end else euros("0"))
