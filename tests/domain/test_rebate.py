from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import EarlierCredit, Rebate, work_out_rebate
from tests.domain.sla.make import (
    APRIL,
    DURATION_TIERS,
    PERCENT_TIERS,
    at,
    contract,
    euros,
    facts,
    judge,
    objective,
    outage,
)


def credited(amount: str, *, name: str = "availability", window: Period = APRIL, terms: str = "K-1") -> EarlierCredit:
    return EarlierCredit(contract=terms, window=window, objective=name, amount=euros(amount), reference=f"CR-{amount}")


DAY = facts(outage("2025-04-10", "2025-04-11"))


def test_a_credit_becomes_a_line_with_its_arithmetic_and_its_key() -> None:
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[])
    (line,) = rebate.lines
    assert rebate.total == line.net == euros("25.00")
    assert line.key == "K-1:S-1:20250401T000000Z-20250501T000000Z:availability"
    assert "25.00 EUR due" in line.arithmetic[0]
    assert Rebate.model_validate_json(rebate.model_dump_json()) == rebate


def test_what_was_credited_before_is_taken_off() -> None:
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[credited("10.00"), credited("5.00")])
    assert rebate.total == euros("10.00")
    assert "credited before (CR-10.00, CR-5.00) = 10.00 EUR" in rebate.lines[0].arithmetic[-1]


def test_working_it_out_again_books_nothing_more() -> None:
    comparison = judge(contract(), DAY)
    once = work_out_rebate(comparison, earlier=[])
    again = work_out_rebate(comparison, earlier=[credited(str(once.total.amount))])
    assert again.total == euros("0.00")
    assert again.reason == "Everything that is due was credited before."


def test_a_later_finding_in_the_same_window_books_the_difference() -> None:
    terms = contract(objective(DURATION_TIERS))
    one = facts(outage("2025-04-10 10:00", "2025-04-10 10:30"))
    two = facts(*one.outages, outage("2025-04-20 10:00", "2025-04-20 10:40", "O2"))
    first_booked = work_out_rebate(judge(terms, one), earlier=[]).total
    assert first_booked == euros("5.00")
    later = work_out_rebate(judge(terms, two), earlier=[credited("5.00")])
    assert later.total == euros("10.00")  # 70 minutes earn 15 in all


def test_credits_of_other_windows_and_contracts_are_not_taken_off() -> None:
    march = calendar_window("month", "UTC", at("2025-03-10"))
    others = [credited("10.00", window=march), credited("10.00", terms="K-2")]
    assert work_out_rebate(judge(contract(), DAY), earlier=others).total == euros("25.00")


def test_more_credited_than_due_is_held_and_not_taken_back_by_itself() -> None:
    rebate = work_out_rebate(judge(contract(), facts()), earlier=[credited("10.00")])
    assert rebate.total == euros("-10.00")
    assert rebate.held_for_approval
    assert "more than is due now" in (rebate.held_because or "")


def test_an_earlier_credit_of_an_objective_that_is_gone_stays_visible() -> None:
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[credited("3.00", name="old")])
    assert [(line.objective, line.net) for line in rebate.lines] == [
        ("availability", euros("25.00")),
        ("old", euros("-3.00")),
    ]
    assert rebate.held_for_approval


def test_no_breach_is_a_rebate_of_nothing_with_its_reason() -> None:
    rebate = work_out_rebate(judge(contract(), facts()), earlier=[])
    assert rebate.total == euros("0.00")
    assert rebate.lines == ()
    assert rebate.reason.startswith("No credit is due: ")
    assert not rebate.held_for_approval


def test_a_cap_over_a_quarter_leaves_what_the_other_months_left() -> None:
    terms = contract(cap={"share": "20%", "over": "quarter"})  # 60 of 300
    may = calendar_window("month", "UTC", at("2025-05-10"))
    june = calendar_window("month", "UTC", at("2025-06-10"))
    july = calendar_window("month", "UTC", at("2025-07-10"))
    earlier = [credited("20.00", window=may), credited("30.00", window=june), credited("99.00", window=july)]
    rebate = work_out_rebate(judge(terms, DAY), earlier=earlier)
    assert rebate.total == euros("10.00")
    assert "the cap leaves 10.00 EUR" in rebate.lines[0].arithmetic[1]


def test_an_exhausted_cap_pays_nothing() -> None:
    terms = contract(cap={"share": "10%", "over": "quarter"})
    may = calendar_window("month", "UTC", at("2025-05-10"))
    rebate = work_out_rebate(judge(terms, DAY), earlier=[credited("45.00", window=may)])
    assert rebate.total == euros("0.00")


def test_a_held_judgement_is_a_held_rebate_with_the_same_reason() -> None:
    comparison = judge(contract(approval_limit="20"), DAY)
    rebate = work_out_rebate(comparison, earlier=[])
    assert rebate.held_for_approval
    assert rebate.held_because == "the credit of 25.00 EUR is above the approval limit of 20.00 EUR"


def test_a_refused_judgement_books_nothing_and_says_why() -> None:
    holed = contract(objective({"kind": "tiers", "tiers": [{"at_least": "99", "credit": "0%"}]}))
    rebate = work_out_rebate(judge(holed, DAY), earlier=[])
    assert rebate.total == euros("0.00")
    assert rebate.held_for_approval
    assert "lies in no tier" in rebate.reason


def test_what_cannot_be_judged_any_more_takes_back_nothing_that_was_credited() -> None:
    latency = {"id": "latency", "metric": "latency", "rule": {"kind": "tiers", "tiers": [{"credit": "5%"}]}}
    comparison = judge(contract(objective(), latency), DAY)
    assert [o.objective for o in comparison.undecided] == ["latency"]
    rebate = work_out_rebate(comparison, earlier=[credited("5.00", name="latency")])
    assert [line.objective for line in rebate.lines] == ["availability"]
    assert rebate.total == euros("25.00")
    assert not rebate.held_for_approval


def test_a_late_claim_books_nothing_and_says_why() -> None:
    comparison = judge(contract(claim={"within_days": 5}), DAY, as_of=at("2025-06-01"))
    rebate = work_out_rebate(comparison, earlier=[])
    assert rebate.total == euros("0.00")
    assert "No claim was filed" in rebate.reason


def test_the_claim_s_deadline_goes_with_the_rebate() -> None:
    open_claim = work_out_rebate(judge(contract(claim={"within_days": 30}), DAY), earlier=[])
    assert open_claim.claim_required
    assert open_claim.claim_deadline == at("2025-05-31")
    assert not work_out_rebate(judge(contract(claim={"automatic": True}), DAY), earlier=[]).claim_required


def test_an_open_outage_makes_the_rebate_provisional() -> None:
    known = facts(outage("2025-04-10", None))
    assert work_out_rebate(judge(contract(), known, as_of=at("2025-04-11")), earlier=[]).provisional


@pytest.mark.parametrize("cents", ["100.00", "99.99", "0.01", "33.33"])
def test_the_lines_add_up_to_the_rounded_total(cents: str) -> None:
    rules = [objective(PERCENT_TIERS, id="a"), objective(DURATION_TIERS, id="b"), objective(PERCENT_TIERS, id="c")]
    comparison = judge(contract(*rules, stacking="sum"), facts(outage("2025-04-10", "2025-04-11"), charge=cents))
    rebate = work_out_rebate(comparison, earlier=[])
    assert sum((line.net for line in rebate.lines), start=euros("0")) == rebate.total == comparison.credit_due


def test_what_is_owed_besides_money_is_noted() -> None:
    waiver = objective({"kind": "hour_waiver", "downtime": {"more_than": "6 min"}}, id="hours")
    chronic = {"count": 2, "outage": {"more_than": "30 min"}, "within_days": 30, "notice_days": 30}
    one = outage("2025-04-10 10:00", "2025-04-10 12:00")
    terms = contract(objective(), waiver, chronic=chronic)
    warned = work_out_rebate(judge(terms, facts(one), as_of=APRIL.end), earlier=[])
    assert warned.notes == (
        "hours: 2 clock hour(s) are left off the bill.",
        (
            "One more event gives the customer the right of termination without charge: "
            "1 of 2 outages more than 30 min in the last 30 days."
        ),
    )
    both = facts(one, outage("2025-04-20 10:00", "2025-04-20 11:00", "O2"))
    reached = work_out_rebate(judge(terms, both), earlier=[])
    assert "has the right of termination" in reached.notes[-1]
    assert "notice before 2025-05-21 00:00 UTC" in reached.notes[-1]


lengths = st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 600)), min_size=1, max_size=5)


@given(lengths)
def test_incidents_reported_one_after_the_other_are_never_paid_more_than_all_at_once(outages) -> None:
    terms = contract(objective(DURATION_TIERS), cap={"share": "40%"})
    booked = euros("0")
    known: list[Outage] = []
    for i, (start, minutes) in enumerate(outages):
        begin: datetime = APRIL.start + timedelta(minutes=start)
        known.append(Outage(reference=f"O{i}", start=begin, end=begin + timedelta(minutes=minutes)))
        earlier = [credited(str(booked.amount))] if booked else []
        booked += work_out_rebate(judge(terms, facts(*known)), earlier=earlier).total
    assert booked == judge(terms, facts(*known)).credit_due
    assert booked <= euros("40.00")
