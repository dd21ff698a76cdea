from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import work_out_rebate
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


def credited(amount: str, *, name: str = "availability", window: Period = APRIL) -> EarlierCredit:
    return EarlierCredit(window=window, objective=name, amount=euros(amount), reference=f"CR-{amount}")


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


def test_credits_of_windows_that_share_no_second_are_not_taken_off() -> None:
    march, may = (calendar_window("month", "UTC", at(day)) for day in ("2025-03-10", "2025-05-10"))
    others = [credited("10.00", window=march), credited("10.00", window=may)]
    assert work_out_rebate(judge(contract(), DAY), earlier=others).total == euros("25.00")


def test_an_earlier_window_wholly_inside_is_taken_off_whole_and_books_the_rest() -> None:
    within = Period(start=at("2025-04-05"), end=at("2025-04-12"))
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[credited("10.00", window=within)])
    assert (rebate.total, rebate.held_for_approval) == (euros("15.00"), False)


def test_an_earlier_window_that_overlaps_in_part_is_taken_off_whole_and_the_rest_is_held() -> None:
    billing_month = Period(start=at("2025-03-19"), end=at("2025-04-19"))
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[credited("10.00", window=billing_month)])
    assert (rebate.total, rebate.held_for_approval) == (euros("15.00"), True)
    assert "2025-03-19 00:00:00 to 2025-04-19 00:00:00 UTC" in (rebate.held_because or "")
    assert "2025-04-01 00:00:00 to 2025-05-01 00:00:00 UTC" in (rebate.held_because or "")


def test_a_longer_window_that_was_credited_before_leaves_nothing_and_is_not_taken_back() -> None:
    year = calendar_window("year", "UTC", at("2025-04-10"))
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[credited("90.00", window=year)])
    assert (rebate.total, rebate.held_for_approval) == (euros("0.00"), False)
    assert rebate.reason == "Everything that is due was credited before."


def test_what_another_objective_brought_is_one_difference() -> None:
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[credited("10.00", name="latency")])
    assert (rebate.total, rebate.held_for_approval) == (euros("15.00"), False)


def test_a_credit_in_another_currency_is_never_taken_off_in_silence() -> None:
    dollars = EarlierCredit(window=APRIL, amount=Money(amount="10", currency="USD"), reference="CR-1")
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[dollars])
    assert (rebate.total, rebate.held_for_approval) == (euros("25.00"), True)
    assert "10.00 USD (CR-1)" in (rebate.held_because or "")


def test_more_credited_than_due_is_held_and_not_taken_back_by_itself() -> None:
    rebate = work_out_rebate(judge(contract(), facts()), earlier=[credited("10.00")])
    assert rebate.total == euros("-10.00")
    assert rebate.held_for_approval
    assert "more than the 0.00 EUR that are due now" in (rebate.held_because or "")


@pytest.mark.parametrize(("name", "line"), [("old", "old"), ("", "availability")])
def test_what_is_taken_back_whole_stands_at_the_objective_that_brought_it(name: str, line: str) -> None:
    rebate = work_out_rebate(judge(contract(), facts()), earlier=[credited("10.00", name=name)])
    assert [(one.objective, one.gross, one.net) for one in rebate.lines] == [(line, euros("0.00"), euros("-10.00"))]


def test_an_earlier_credit_of_an_objective_that_is_gone_is_taken_off_the_window() -> None:
    rebate = work_out_rebate(judge(contract(), DAY), earlier=[credited("3.00", name="old")])
    (line,) = rebate.lines
    assert (line.gross, line.earlier, line.net) == (euros("25.00"), euros("3.00"), euros("22.00"))
    assert not rebate.held_for_approval


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
    for before, left in (("5.00", "20.00"), ("30.00", "0.00")):
        rebate = work_out_rebate(comparison, earlier=[credited(before, name="latency")])
        assert [line.objective for line in rebate.lines] == ["availability"]
        assert (rebate.total, rebate.held_for_approval) == (euros(left), False)


def test_an_objective_for_which_nothing_is_due_has_no_line() -> None:
    free = objective({"kind": "tiers", "tiers": [{"credit": "0%"}]}, id="free")
    rebate = work_out_rebate(judge(contract(objective(), free), DAY), earlier=[])
    assert [line.objective for line in rebate.lines] == ["availability"]


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
