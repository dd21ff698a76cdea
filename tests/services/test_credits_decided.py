"""Whatever is undecided can be decided: listed, entered, approved by another person, told, and left alone."""

from datetime import timedelta

import pytest

from include.sla_logic.domain.credit_policy import CreditPolicy
from include.sla_logic.domain.customer_report import CreditState, CustomerReport
from include.sla_logic.persistence import case_file
from include.sla_logic.process.stages import step_named
from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from tests.clock import NOON
from tests.reference.walk import next_step
from tests.services.sample import conf

LIMITS = {"op": {"EUR": "20"}, "admin": "unlimited", "default": {"EUR": "50"}}


@pytest.fixture
def policy(monkeypatch):
    def set_policy(**changed):
        table = CreditPolicy.model_validate({"version": "t-1", "limits": LIMITS, "old_after_days": 180} | changed)
        tables = case_file.policies_in_force().model_copy(update={"credits": table})
        monkeypatch.setattr(case_file, "policies_in_force", lambda: tables)

    set_policy()
    return set_policy


def lead(use_cases, run_id, **changes):
    """Lead one incident to its end; nothing was measured, so that no objective can be judged."""
    use_cases.incidents.accept(conf(**changes), run_id=run_id, origin="form")
    while step := next_step(use_cases, run_id):
        use_cases.incidents.perform(step_named(step), run_id=run_id)
    return use_cases.lookups.incident(run_id)


@pytest.fixture
def undecided(use_cases, policy):
    lead(use_cases, "run-1")
    return use_cases


def violations(use_cases):
    return list(map(str, use_cases.monitoring.violations()))


def told(use_cases, run_id="run-1"):
    return [report.credit.state for report in reports(use_cases, run_id) if report.credit is not None]


def reports(use_cases, run_id):
    case = use_cases.lookups.incident(run_id)
    return [CustomerReport.model_validate(d.body) for d in case.documents if d.kind == "CustomerReport"]


def test_a_judgement_that_cannot_be_made_is_listed_with_its_customer_and_why(undecided):
    [waiting] = undecided.credits.waiting()
    assert (waiting.customer_name, waiting.service, waiting.amount, waiting.state) == ("Ada", "S-1", None, "held")
    assert "no objective could be judged" in (waiting.reason or "")
    assert told(undecided) == [CreditState.UNDER_REVIEW]
    with pytest.raises(UnableToDecideCredit, match="enter one first"):
        undecided.credits.approve(waiting.reference, by="ben", reason="ok")


def test_one_person_enters_an_amount_and_another_approves_it_and_the_letter_follows(undecided):
    [waiting] = undecided.credits.waiting()
    undecided.credits.enter(waiting.reference, amount="12.50", by="ann", reason="a day")
    with pytest.raises(UnableToDecideCredit, match="entered or claimed this amount"):
        undecided.credits.approve(waiting.reference, by=" Ann ", reason="mine")
    assert str(undecided.credits.approve(waiting.reference, by="ben", reason="ok")) == "12.50 EUR"
    assert told(undecided)[0] is CreditState.UNDER_REVIEW
    assert told(undecided)[-1] in {CreditState.BOOKED, CreditState.PROVISIONAL}
    assert [m.kind for m in undecided.outbox.messages()].count("mail") == 2
    assert "12.50" in undecided.letters.as_text("run-1")
    assert violations(undecided) == []


def test_one_person_may_do_both_where_the_setting_says_so(undecided, policy):
    policy(four_eyes=False)
    [waiting] = undecided.credits.waiting()
    undecided.credits.enter(waiting.reference, amount="12.50 EUR", by="ann", reason="a day")
    undecided.credits.approve(waiting.reference, by="ann", reason="ok")


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("0", "above 0"),
        ("-5", "above 0"),
        ("1.0055", "finer"),
        ("1.250", "may be thousands or a fraction"),
        ("5 USD", "is in EUR"),
        ("1e3", "is no amount"),
        ("NaN", "no"),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_write(undecided, amount, says):
    [waiting] = undecided.credits.waiting()
    with pytest.raises(UnableToDecideCredit, match=says):
        undecided.credits.enter(waiting.reference, amount=amount, by="ann", reason="-")


def test_a_role_approves_up_to_its_limit_and_the_widest_of_several_counts(undecided):
    [waiting] = undecided.credits.waiting()
    undecided.credits.enter(waiting.reference, amount="60.00", by="ann", reason="two days")
    for roles in ((), ("op",), ("unknown",)):
        with pytest.raises(UnableToDecideCredit, match="ben may approve up to"):
            undecided.credits.approve(waiting.reference, by="ben", reason="ok", roles=roles)
    undecided.credits.approve(waiting.reference, by="ben", reason="ok", roles=("op", "Admin"))


def test_what_was_declined_is_told_and_no_later_judgement_of_the_same_facts_asks_again(undecided):
    [waiting] = undecided.credits.waiting()
    undecided.credits.decline(waiting.reference, by="ann", reason="not ours")
    assert told(undecided)[-1] is CreditState.DECLINED
    assert "no credit is given" in undecided.letters.as_text("run-1")
    again = lead(undecided, "run-2", external_reference="CRM-2")
    assert undecided.credits.waiting() == []
    assert "ann decided on the same facts before" in again.rebate.reason
    assert told(undecided, "run-2") == [CreditState.NONE_DUE]
    assert violations(undecided) == []


def test_what_was_entered_and_approved_stands_too(undecided):
    [waiting] = undecided.credits.waiting()
    undecided.credits.enter(waiting.reference, amount="12.50", by="ann", reason="a day")
    undecided.credits.approve(waiting.reference, by="ben", reason="ok")
    lead(undecided, "run-2", external_reference="CRM-2")
    assert [one.state for one in undecided.credits.waiting()] == ["to_be_paid_out"]
    assert violations(undecided) == []


def test_what_two_incidents_hold_for_one_window_is_decided_once_and_both_are_told(undecided):
    lead(undecided, "run-2", external_reference="CRM-2")
    first, second = undecided.credits.waiting()
    assert (first.window_start, first.ticket) == (second.window_start, "TT-000001")
    undecided.credits.enter(first.reference, amount="12.50", by="ann", reason="a day")
    undecided.credits.approve(first.reference, by="ben", reason="ok")
    assert [one.state for one in undecided.credits.waiting()] == ["to_be_paid_out"]
    assert told(undecided)[-1] in {CreditState.BOOKED, CreditState.PROVISIONAL}
    assert told(undecided, "run-2") == [CreditState.UNDER_REVIEW, CreditState.NONE_DUE]
    lead(undecided, "run-3", external_reference="CRM-3")
    assert [one.state for one in undecided.credits.waiting()] == ["to_be_paid_out"]
    assert violations(undecided) == []


def test_what_two_incidents_hold_for_one_window_is_declined_for_both(undecided):
    lead(undecided, "run-2", external_reference="CRM-2")
    undecided.credits.decline(undecided.credits.waiting()[0].reference, by="ann", reason="not ours")
    assert undecided.credits.waiting() == []
    assert [told(undecided, run)[-1] for run in ("run-1", "run-2")] == [CreditState.DECLINED] * 2
    assert violations(undecided) == []


def test_a_credit_without_an_open_invoice_is_listed_as_to_be_paid_out(undecided):
    [waiting] = undecided.credits.waiting()
    undecided.credits.enter(waiting.reference, amount="12.50", by="ann", reason="a day")
    undecided.credits.approve(waiting.reference, by="ben", reason="ok")
    [listed] = undecided.credits.waiting()
    assert (listed.state, listed.reason) == ("to_be_paid_out", "The account A-1 has no open invoice.")
    undecided.credits.paid_out(listed.reference, by="ann", reason="transfer 17")
    assert undecided.credits.waiting() == []


def test_an_old_incident_is_one_that_was_observed_more_than_the_setting_ago():
    policy = CreditPolicy(version="t", limits=LIMITS, old_after_days=1)
    day = timedelta(days=1)
    assert policy.too_old(NOON - day, now=NOON) is None
    assert policy.too_old(NOON - day - timedelta(seconds=1), now=NOON) is not None
