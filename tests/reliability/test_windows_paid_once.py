"""`sla doctor` sees each way in which a second of a customer's service was ever paid twice: each is seeded here."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit, most_for, net_off
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.schema import accounts as a
from tests.reliability.test_invariants import CREDIT, opened, spoil, violations

__all__ = ["opened"]  # the fixture

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
NOVEMBER = OCTOBER[1], datetime(2026, 12, 1, tzinfo=UTC)
QUARTER = OCTOBER[0], datetime(2027, 1, 1, tzinfo=UTC)
BILLING_MONTH = datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)


def credit(number, window, amount, *, gross=None, **parts):
    """Return a booked credit as a row; amounts are in cents."""
    start, end = window
    row = {"id": f"X-{number}", "ticket": f"TT-{number:06d}", "window_start": start, "window_end": end}
    return CREDIT | row | {"gross": amount if gross is None else gross, "amount": amount} | parts


SEEDED = {
    "an upgrade inside the window": [credit(1, OCTOBER, 24000), credit(2, OCTOBER, 24000)],
    "the month, then the quarter": [credit(1, OCTOBER, 24000), credit(2, QUARTER, 72000)],
    "another account": [credit(1, OCTOBER, 24000), credit(2, OCTOBER, 24000, account="A-2")],
    "another billing day": [credit(1, OCTOBER, 24000), credit(2, BILLING_MONTH, 24000)],
    "another zone": [credit(1, OCTOBER, 500), credit(2, tuple(at - timedelta(hours=1) for at in OCTOBER), 500)],
    "another objective": [credit(1, OCTOBER, 5000), credit(2, OCTOBER, 8000, objective="availability")],
}


@pytest.mark.parametrize("rows", SEEDED.values(), ids=SEEDED.keys())
def test_what_was_paid_twice_is_named(opened, rows):
    spoil(opened, *(insert(a.applied_billing_credits).values(row) for row in rows))
    [said] = [line for line in violations(opened) if "which owe at most" in line]
    assert said.startswith("I3 C-1 S-1: was credited")
    assert "X-1, X-2" in said


ALLOWED = {
    "one after the other": [credit(1, OCTOBER, 24000), credit(2, NOVEMBER, 24000)],
    "the month, then what the quarter owes beside it": [
        credit(1, OCTOBER, 24000),
        credit(2, QUARTER, 48000, gross=72000),
    ],
    "the quarter, then the month, which brings nothing": [credit(1, QUARTER, 72000)],
    "a difference of another objective": [credit(1, OCTOBER, 5000), credit(2, OCTOBER, 3000, gross=8000)],
    "two objectives of one incident, from before": [
        credit(1, OCTOBER, 5000),
        credit(1, OCTOBER, 8000, id="X-2", objective="availability"),
    ],
    "another customer of the service": [credit(1, OCTOBER, 24000), credit(2, OCTOBER, 24000, customer="C-2")],
    "what is held or declined": [
        credit(1, OCTOBER, 24000),
        credit(2, OCTOBER, 24000, state="held"),
        credit(3, OCTOBER, 24000, state="declined"),
    ],
}


@pytest.mark.parametrize("rows", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_was_paid_once_is_not_named(opened, rows):
    spoil(opened, *(insert(a.applied_billing_credits).values(row) for row in rows))
    assert [line for line in violations(opened) if line.startswith("I3")] == []


def test_a_rest_beside_a_window_that_only_overlaps_needs_a_person(opened):
    rows = [credit(1, OCTOBER, 5000), credit(2, BILLING_MONTH, 3000, gross=8000)]
    spoil(opened, *(insert(a.applied_billing_credits).values(row) for row in rows))
    [said] = [line for line in violations(opened) if line.startswith("I3")]
    assert said.startswith("I3 C-1 S-1: booked X-2 for 2026-10-19")
    assert "beside X-1 for 2026-10-01" in said
    spoil(opened, a.applied_billing_credits.update().values(decided_by="ann"))
    assert [line for line in violations(opened) if line.startswith("I3")] == []


def test_what_was_declined_and_booked_on_the_same_facts_is_named(opened):
    later = OCTOBER[1] + timedelta(days=5)
    rows = [
        credit(1, OCTOBER, 5000, state="declined", facts="f", decided_by="ann", decided_at=OCTOBER[1]),
        credit(2, OCTOBER, 5000, facts="f", recorded_at=later),
    ]
    spoil(opened, *(insert(a.applied_billing_credits).values(row) for row in rows))
    assert "I3 C-1 S-1: booked X-2, which ann had declined on the same facts (X-1)" in violations(opened)


def test_an_amount_that_one_person_entered_and_approved_is_named(opened):
    alone = {"held_because": "no tier", "entered_by": "ann", "decided_by": "ann"}
    spoil(opened, insert(a.applied_billing_credits).values(credit(1, OCTOBER, 5000) | alone))
    assert "I8 X-1: was approved by ann, who had entered or claimed the amount" in violations(opened)


days = st.integers(0, 12)
windows = st.tuples(days, days).filter(lambda ends: ends[0] < ends[1])
START = datetime(2026, 1, 1, tzinfo=UTC)


def period(ends):
    return Period(start=START + timedelta(days=ends[0]), end=START + timedelta(days=ends[1]))


def euros(cents):
    return Money(amount=cents, currency="EUR")


@given(st.lists(st.tuples(windows, st.integers(0, 9)), min_size=1, max_size=8))
def test_in_whatever_order_windows_are_judged_together_they_never_bring_more_than_they_may(judged):
    """The oracle tries every choice of windows that share no day."""
    booked: list[EarlierCredit] = []
    for ends, owed in judged:
        netted = net_off(euros(owed), period(ends), booked)
        if netted.net.amount > 0:  # what is held is approved by a person here
            booked.append(EarlierCredit(window=period(ends), amount=netted.net, reference=str(len(booked))))
    owes: dict[tuple[int, int], int] = {}
    for ends, owed in judged:
        owes[ends] = max(owed, owes.get(ends, 0))
    spans = list(owes)
    choices = [[s for i, s in enumerate(spans) if chosen >> i & 1] for chosen in range(2 ** len(spans))]
    apart = [
        chosen
        for chosen in choices
        if sum(e - s for s, e in chosen) == len({d for s, e in chosen for d in range(s, e)})
    ]
    most = max(sum(owes[span] for span in chosen) for chosen in apart)
    assert sum(one.amount.amount for one in booked) <= most
    assert most_for({period(span).span: owed for span, owed in owes.items()}) == most


@given(st.permutations([(0, 4, 3), (4, 8, 2), (8, 12, 4), (0, 12, 9)]))
def test_months_and_their_quarter_bring_together_what_the_quarter_owes_in_any_order(order):
    booked: list[EarlierCredit] = []
    for start, end, owed in [*order, *order]:
        netted = net_off(euros(owed), period((start, end)), booked)
        assert netted.held_because is None
        booked.append(EarlierCredit(window=period((start, end)), amount=netted.net, reference="R"))
    assert sum(one.amount.amount for one in booked) == 9


def test_documents_of_earlier_releases_owe_what_their_lines_say():
    old = {"contract": "K", "contract_version": "1", "rules_version": "1", "service": "S", "lines": [], "reason": "r"}
    old |= {"window": {"start": START, "end": START}, "total": {"amount": "5", "currency": "EUR"}, "provisional": False}
    old |= {"held_for_approval": False, "held_because": None, "claim_required": False, "claim_deadline": None}
    line = {"key": "k", "objective": "o", "gross": euros(7), "earlier": euros(2), "net": euros(5), "arithmetic": []}
    assert Rebate.model_validate(old | {"lines": [line]}).gross == euros(7)
