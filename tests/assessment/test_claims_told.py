"""A claim changes what is owed: the customer gets the letter that follows, once, with the amount that was decided."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.performed import ActionRequest
from tests.assessment.test_old_incidents import NOVEMBER, Led, invoice, sound
from tests.assessment.test_sla_status import euros

FAULT = datetime(2026, 11, 15, 8, tzinfo=UTC)


def letters(sample):
    return [one for one in sample.use_cases.outbox.messages() if one.kind == "mail"]


def receive(sample, day, reference=None):
    """Book a claim at the desk, as a person does with the customer's letter before them."""
    [waiting] = [one for one in sample.use_cases.credits.waiting() if reference in (None, one.reference)]
    order = ActionRequest(waiting.reference, "ann", "by letter", received_on=day)
    ACTIONS["credit", "claim"].perform(sample.use_cases, order)
    return waiting.reference


def text_of(led):
    return led.sample.use_cases.letters.as_text(led.run_id).replace("\xa0", " ")


def test_the_customer_reads_once_that_what_they_claimed_was_booked(sample):
    led = Led(sample, FAULT)
    assert led.told == [CreditState.TO_BE_CLAIMED]
    reference = receive(sample, "2026-11-20")
    assert [state.value for state in led.told] == ["to_be_claimed", "provisional"]
    assert "claim it by" not in text_of(led)
    assert "30.00" in text_of(led)
    assert len({one.key for one in letters(sample)}) == len(letters(sample)) == 2
    with pytest.raises(UnableToDecideCredit, match="is booked, not unclaimed"):
        sample.use_cases.credits.claim(reference, by="ben")
    assert len(letters(sample)) == 2
    assert sound(sample)


def test_a_claim_that_is_refused_is_not_told(sample):
    Led(sample, FAULT)
    sample.clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    with pytest.raises(UnableToDecideCredit, match="after 2026-11-25"):
        receive(sample, "2026-11-26")
    assert len(letters(sample)) == 1


def test_the_letter_names_what_was_claimed_in_time_and_not_what_was_due_before(sample):
    sample.outage("OUT-3", datetime(2026, 11, 18, 8, tzinfo=UTC), datetime(2026, 11, 18, 14, tzinfo=UTC))
    led = Led(sample, FAULT)
    assert "90.00" in text_of(led)
    sample.clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    receive(sample, "2026-11-28")
    assert ("30.00" in text_of(led), "90.00" in text_of(led)) == (True, False)
    assert led.ledger == [("booked", 3_000, None)]
    assert sound(sample)


def test_what_another_incident_had_for_the_same_window_is_settled_with_the_claim_and_told(sample):
    first, second = Led(sample, FAULT), Led(sample, FAULT.replace(minute=30), "run-2")
    assert [state for state, _ in first.waiting] == ["unclaimed"] * 2
    receive(sample, "2026-11-20", sample.use_cases.credits.waiting()[0].reference)
    assert first.waiting == [("to_be_paid_out", euros("30.00"))]
    assert (first.told[-1].value, second.told[-1].value) == ("provisional", "none_due")
    assert sorted(state for state, _, _ in first.ledger) == ["booked", "declined"]
    assert "credited" in text_of(second)
    assert sound(sample)


@pytest.mark.parametrize("decided", ["decline", "approve"])
def test_a_decision_about_the_window_is_one_about_what_could_be_claimed_for_it(sample, decided):
    """The invoice of the window is settled between two incidents, so that a person decides about the second."""
    first = Led(sample, FAULT)
    invoice(sample, "INV-11", NOVEMBER, "settled")
    second = Led(sample, FAULT.replace(minute=30), "run-2")
    assert sorted(state for state, _ in first.waiting) == ["held", "unclaimed"]
    [held] = [one for one in sample.use_cases.credits.waiting() if one.state == "held"]
    getattr(sample.use_cases.credits, decided)(held.reference, by="ben", reason="looked at it")
    expected = {"decline": ("declined", "declined", []), "approve": ("none_due", "provisional", ["to_be_paid_out"])}
    told = first.told[-1].value, second.told[-1].value
    assert (*told, [state for state, _ in first.waiting]) == expected[decided]
    third = Led(sample, FAULT.replace(minute=45), "run-3")
    assert (third.told, len(third.ledger)) == ([CreditState.NONE_DUE], 2)
    assert sound(sample)


def test_a_claim_that_only_overlaps_what_was_credited_is_told_as_under_review_and_then_as_booked(sample):
    led = Led(sample, FAULT)
    [unclaimed] = sample.use_cases.credits.waiting()
    window = {"window_start": datetime(2026, 11, 20, tzinfo=UTC), "window_end": datetime(2026, 12, 20, tzinfo=UTC)}
    row = {"id": "CR-1", "ticket": "TT-000077", "agreement": "AG-9", "customer": "C-1", "service": "S-9"}
    row |= {"account": "A-1", "objective": "availability", "gross": 1_000, "amount": 1_000, "currency": "EUR"}
    row |= window | {"state": "booked", "text": "-", "recorded_at": FAULT, "paid_out_at": FAULT}
    with sample.use_cases.work.database.write() as connection:
        connection.execute(insert(a.applied_billing_credits), [row])
    receive(sample, "2026-11-20", unclaimed.reference)
    assert led.waiting == [("held", euros("20.00"))]
    assert led.told == [CreditState.TO_BE_CLAIMED, CreditState.UNDER_REVIEW]
    with pytest.raises(UnableToDecideCredit, match="entered or claimed this amount"):
        sample.use_cases.credits.approve(unclaimed.reference, by="ANN", reason="mine")
    assert sample.use_cases.credits.approve(unclaimed.reference, by="ben", reason="ok") == euros("20.00")
    assert [state.value for state in led.told] == ["to_be_claimed", "under_review", "provisional"]
    assert "20.00" in text_of(led)
