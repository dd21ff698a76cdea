"""The credit as the customer reads it: booked, provisional, to be claimed, under review, or none."""

from decimal import Decimal

import pytest

from include.sla_logic.domain.credit import BillingAdjustment, Rebate, RebateLine
from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.stated_credit import state_credit
from tests.domain.process.given import MONTH, NOW


def eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def rebate(total: str = "100", **more) -> Rebate:
    line = RebateLine(
        key="K-1:2026-11:availability",
        objective="availability",
        gross=eur(total),
        earlier=eur("0"),
        net=eur(total),
        arithmetic=("10 % of 1000.00 EUR = 100.00 EUR",),
    )
    usual = {
        "contract": "K-1",
        "contract_version": "1",
        "rules_version": "1",
        "service": "S-1",
        "window": MONTH,
        "lines": (line,),
        "total": eur(total),
        "provisional": False,
        "held_for_approval": False,
        "held_because": None,
        "claim_required": False,
        "claim_deadline": None,
        "reason": "Credit for availability",
    }
    return Rebate(**(usual | more))


def booking(booked: str = "100", *, held: bool = False) -> BillingAdjustment:
    return BillingAdjustment(
        account="ACC-1",
        invoice="INV-1",
        references=(),
        booked=eur(booked),
        invoice_before=eur("1000"),
        invoice_after=eur("1000") - eur(booked),
        held=held,
        reason="booked",
    )


@pytest.mark.parametrize(
    ("owed", "done", "state", "amount"),
    [
        (rebate(), booking(), CreditState.BOOKED, "100"),
        (rebate(provisional=True), booking(), CreditState.PROVISIONAL, "100"),
        (rebate("0"), booking("0"), CreditState.NONE_DUE, "0"),
        (rebate("0", provisional=True), booking("0"), CreditState.NONE_DUE, "0"),
        (rebate(claim_required=True), booking("0"), CreditState.TO_BE_CLAIMED, "0"),
        (rebate(claim_required=True), booking(), CreditState.BOOKED, "100"),
        (rebate(held_for_approval=True), booking("0", held=True), CreditState.UNDER_REVIEW, "100"),
        (rebate(held_for_approval=True, provisional=True), booking("0", held=True), CreditState.UNDER_REVIEW, "100"),
    ],
)
def test_the_state_says_what_is_true_of_the_money(owed, done, state, amount):
    found = state_credit(owed, done)
    assert (found.state, found.amount) == (state, eur(amount))


def test_a_held_credit_says_why_it_is_reviewed():
    held = rebate(held_for_approval=True, held_because="the credit of 100.00 EUR is above the approval limit")
    assert "approval limit" in state_credit(held, booking("0", held=True)).reason


def test_a_booked_credit_shows_its_arithmetic_account_and_invoice():
    found = state_credit(rebate(claim_deadline=NOW), booking())
    assert found.lines[0].arithmetic == ("10 % of 1000.00 EUR = 100.00 EUR",)
    assert (found.account, found.invoice, found.invoice_after) == ("ACC-1", "INV-1", eur("900"))
    assert found.claim_deadline == NOW
