"""Credits are booked once, netted under the lock, held where a person must decide; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from include.sla_logic.domain.credit import Rebate, RebateLine
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import line_key
from include.sla_logic.gateways.simulated_ledger import UnableToPost, accept_posting
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.services.claims import JudgedClaim
from include.sla_logic.services.credit_decisions import (
    Person,
    UnableToDecideCredit,
    approve_credit,
    claim_credit,
    decline_credit,
)
from include.sla_logic.services.waiting_credits import waiting_credits
from tests.persistence.batches import file_of

NOW = datetime(2026, 11, 23, 23, 7, tzinfo=UTC)
WINDOW = Period(start=datetime(2026, 10, 31, 23, tzinfo=UTC), end=datetime(2026, 11, 30, 23, tzinfo=UTC))


def euros(amount):
    return Money(amount=amount, currency="EUR")


QUARTER = Period(start=datetime(2026, 9, 30, 22, tzinfo=UTC), end=datetime(2026, 12, 31, 23, tzinfo=UTC))
OCTOBER = Period(start=QUARTER.start, end=WINDOW.start)


def rebate_of(
    gross, *, earlier="0", held=None, claim=False, deadline=None, objective="availability", window=WINDOW, cap=None
):
    net = euros(gross) - euros(earlier)
    line = RebateLine(
        key=line_key("premium-ethernet", "S-1001", window, objective),
        objective=objective,
        gross=euros(gross),
        earlier=euros(earlier),
        net=net,
        arithmetic=(f"{gross} due",),
    )
    return Rebate(
        cap=None if cap is None else euros(cap),
        cap_window=None if cap is None else QUARTER,
        contract="premium-ethernet",
        contract_version="1",
        rules_version="1",
        service="S-1001",
        window=window,
        lines=(line,) if line.gross or line.earlier else (),
        total=net,
        provisional=False,
        held_for_approval=held is not None,
        held_because=held,
        claim_required=claim,
        claim_deadline=deadline,
        reason="Credit for availability" if net else "No credit is due",
    )


@pytest.fixture
def bookings(connection):
    return BookingSample(connection)


class BookingSample:
    """Books for one incident after another."""

    def __init__(self, connection):
        self.connection = connection
        self.outgoing = PendingMessages()
        self.agreement = ContractRegister(connection=connection).agreement("C-1001", "S-1001", at=NOW)

    def of(self, ticket):
        file = file_of(self.connection, ticket, now=NOW, customer="C-1001", service="S-1001")
        file.outgoing = self.outgoing
        return file

    def book(self, rebate, ticket="TT-000001"):
        file = self.of(ticket)
        adjustment = file.billing.book(rebate, self.agreement)
        file.repositories.flush()
        return adjustment

    def approve(self, reference, rebate, *, by="ann"):
        return approve_credit(
            self.connection,
            reference,
            rebate=rebate,
            person=Person(by, "checked"),
            policy=policies_in_force().credits,
            now=NOW,
            outgoing=self.outgoing,
        )

    def states(self):
        query = select(a.applied_billing_credits.c.state, a.applied_billing_credits.c.amount)
        return [tuple(row) for row in self.connection.execute(query.order_by(a.applied_billing_credits.c.id))]


def test_a_rebate_lowers_the_open_invoice(bookings):
    adjustment = bookings.book(rebate_of("240.00"))
    assert adjustment.booked == euros("240.00")
    assert (adjustment.invoice_before, adjustment.invoice_after) == (euros("2400.00"), euros("2160.00"))
    assert (adjustment.account, adjustment.invoice, adjustment.held) == ("B-1001", "I-B-1001-0", False)
    assert bookings.states() == [("booked", 24000)]


def test_booking_twice_books_once_and_says_the_same(bookings):
    first, second = bookings.book(rebate_of("240.00")), bookings.book(rebate_of("240.00"))
    assert first == second
    assert bookings.states() == [("booked", 24000)]
    assert len({message.key for message in bookings.outgoing.messages}) == 1


def test_nothing_due_books_nothing_and_gives_the_reason(bookings):
    adjustment = bookings.book(rebate_of("0"))
    assert (adjustment.booked, adjustment.references, adjustment.reason) == (euros("0"), (), "No credit is due")
    assert adjustment.invoice_before == adjustment.invoice_after
    assert bookings.outgoing.messages == []


def test_earlier_credits_are_those_of_the_window_and_of_this_customer_s_service(bookings):
    bookings.book(rebate_of("240.00"))
    [credit] = bookings.of("TT-000002").billing.earlier_credits(bookings.agreement, WINDOW)
    assert (credit.amount, credit.window, credit.objective) == (euros("240.00"), WINDOW, "availability")
    later = Period(start=WINDOW.end, end=WINDOW.end + timedelta(days=30))
    assert bookings.of("TT-000002").billing.earlier_credits(bookings.agreement, later) == []
    other = bookings.agreement.model_copy(update={"id": "A-1002", "contract": "other", "account": "B-1002"})
    assert bookings.of("TT-000002").billing.earlier_credits(other, WINDOW) == [credit]  # the agreement is no identity
    elsewhere = bookings.agreement.model_copy(update={"service": "S-1002"})
    assert bookings.of("TT-000002").billing.earlier_credits(elsewhere, WINDOW) == []


def test_a_second_incident_of_the_window_is_credited_the_difference(bookings):
    bookings.book(rebate_of("240.00"))
    adjustment = bookings.book(rebate_of("480.00", earlier="240.00"), ticket="TT-000002")
    assert adjustment.booked == euros("240.00")
    assert (adjustment.invoice_before, adjustment.invoice_after) == (euros("2160.00"), euros("1920.00"))


def test_what_was_credited_since_the_rebate_was_worked_out_is_not_credited_again(bookings):
    bookings.book(rebate_of("240.00"))
    adjustment = bookings.book(rebate_of("240.00"), ticket="TT-000002")  # worked out before the other was booked
    assert adjustment.booked == euros("0")
    assert adjustment.reason == "Everything that is due was credited before."
    assert len(bookings.outgoing.messages) == 1


def test_a_held_rebate_books_nothing_until_it_is_approved(bookings):
    rebate = rebate_of("240.00", held="above the limit")
    adjustment = bookings.book(rebate)
    assert (adjustment.held, adjustment.booked, adjustment.reason) == (
        True,
        euros("0"),
        "Held for a second person: above the limit.",
    )
    assert bookings.outgoing.messages == []
    [waiting] = waiting_credits(bookings.connection)
    assert bookings.approve(waiting.reference, rebate) == euros("240.00")
    assert bookings.states() == [("booked", 24000)]
    assert [message.kind for message in bookings.outgoing.messages] == ["billing"]
    assert waiting_credits(bookings.connection) == []


def test_a_credit_is_decided_once(bookings):
    [reference] = bookings.book(rebate_of("240.00", held="above the limit")).references
    decline_credit(bookings.connection, reference, by="ann", reason="wrong line", now=NOW)
    assert bookings.states() == [("declined", 24000)]
    with pytest.raises(UnableToDecideCredit, match="is declined, not held"):
        bookings.approve(reference, rebate_of("240.00", held="above the limit"), by="ben")
    assert bookings.of("TT-000002").billing.earlier_credits(bookings.agreement, WINDOW) == []


def test_two_held_credits_of_one_window_are_not_both_approved(bookings):
    rebate = rebate_of("240.00", held="limit")
    [first] = bookings.book(rebate).references
    [second] = bookings.book(rebate, ticket="TT-000002").references
    bookings.approve(first, rebate)
    with pytest.raises(UnableToDecideCredit, match=r"only 0\.00 EUR are still due"):
        bookings.approve(second, rebate)


def test_two_held_credits_of_two_months_are_not_both_approved_beyond_the_cap_of_their_quarter(bookings):
    november = rebate_of("240.00", held="limit", cap="300.00")
    october = rebate_of("240.00", held="limit", cap="300.00", window=OCTOBER)
    [first] = bookings.book(november).references
    [second] = bookings.book(october, ticket="TT-000002").references
    bookings.approve(first, november)
    with pytest.raises(UnableToDecideCredit, match=r"the cap of 300\.00 EUR leaves only 60\.00 EUR"):
        bookings.approve(second, october)
    assert sorted(bookings.states()) == [("booked", 24000), ("held", 24000)]


def test_two_claims_of_one_quarter_bring_its_cap_together_and_the_third_nothing(bookings):
    claims = [
        ("TT-000001", rebate_of("240.00", claim=True, cap="300.00")),
        ("TT-000002", rebate_of("240.00", claim=True, cap="300.00", window=OCTOBER)),
        ("TT-000003", rebate_of("250.00", claim=True, cap="300.00", window=OCTOBER)),
    ]
    kept = [(bookings.book(rebate, ticket=ticket).references[0], rebate) for ticket, rebate in claims]
    how = {"by": "ann", "claim": JudgedClaim(NOW, None, euros("0")), "now": NOW, "outgoing": bookings.outgoing}
    brought = [claim_credit(bookings.connection, name, rebate=rebate, **how) for name, rebate in kept[:2]]
    assert brought == [euros("240.00"), euros("60.00")]
    assert [message.payload["amount"] for message in bookings.outgoing.messages] == ["240.00", "60.00"]
    with pytest.raises(UnableToDecideCredit, match="was credited for other incidents"):
        claim_credit(bookings.connection, kept[2][0], rebate=kept[2][1], **how)


def test_an_unknown_credit_is_named(bookings):
    with pytest.raises(UnableToDecideCredit, match="no credit X"):
        decline_credit(bookings.connection, "X", by="ann", reason="-", now=NOW)


def test_a_difference_in_our_favour_waits_and_is_only_booked_by_a_person(bookings):
    bookings.book(rebate_of("240.00"))
    back = rebate_of("100.00", earlier="240.00", held="more was credited before")
    [reference] = bookings.book(back, ticket="TT-000002").references
    assert bookings.approve(reference, back) == euros("-140.00")


def test_a_credit_that_must_be_claimed_waits_for_the_customer(bookings):
    deadline = NOW + timedelta(days=7)
    rebate = rebate_of("240.00", claim=True, deadline=deadline)
    adjustment = bookings.book(rebate)
    assert (adjustment.held, adjustment.booked) == (False, euros("0"))
    assert "before the customer claims" in adjustment.reason
    [reference] = adjustment.references
    claim = {"rebate": rebate, "by": "ann", "now": deadline, "outgoing": bookings.outgoing}
    wholly_late = JudgedClaim(deadline, None, lost=euros("240.00"), due=euros("0"))
    for late in (JudgedClaim(deadline, "too late", euros("0")), wholly_late):
        with pytest.raises(UnableToDecideCredit, match="too late"):
            claim_credit(bookings.connection, reference, claim=late, **claim)
    partly = JudgedClaim(deadline - timedelta(seconds=1), None, lost=euros("40.00"), due=euros("200.00"))
    assert claim_credit(bookings.connection, reference, claim=partly, **claim) == euros("200.00")


def test_without_an_open_invoice_the_credit_is_booked_all_the_same(bookings):
    bookings.connection.execute(a.invoices.update().values(state="settled"))
    adjustment = bookings.book(rebate_of("240.00"))
    assert (adjustment.booked, adjustment.invoice, adjustment.invoice_after) == (euros("240.00"), None, None)


def test_the_ledger_posts_once_per_key(bookings):
    bookings.book(rebate_of("240.00"))
    [message] = bookings.outgoing.messages
    first = accept_posting(bookings.connection, key=message.key, payload=message.payload, now=NOW)
    again = accept_posting(bookings.connection, key=message.key, payload=message.payload, now=NOW + timedelta(hours=1))
    assert first == again
    assert bookings.states() == [("posted", 24000)]
    assert bookings.connection.scalar(select(func.sum(a.ledger_postings.c.amount))) == 24000


def test_the_ledger_refuses_another_amount_under_the_same_key(bookings):
    bookings.book(rebate_of("240.00"))
    [message] = bookings.outgoing.messages
    accept_posting(bookings.connection, key=message.key, payload=message.payload, now=NOW)
    changed = replace(message, payload={**message.payload, "amount": "1.00"})
    with pytest.raises(UnableToPost, match="another amount"):
        accept_posting(bookings.connection, key=changed.key, payload=changed.payload, now=NOW)


def booked_at_once(sample, rebates):
    """Book rebates of one incident each that were worked out before any was booked; return what each brought."""
    start = Barrier(len(rebates))

    def book(number):
        start.wait()
        with sample.write() as connection:
            return BookingSample(connection).book(rebates[number], ticket=f"TT-{number:06}").booked

    with ThreadPoolExecutor(len(rebates)) as pool:
        booked = sorted(pool.map(book, range(len(rebates))))
    with sample.read() as connection:
        assert euros(sum(one.amount for one in booked)) == from_minor_units(
            connection.scalar(select(func.sum(a.applied_billing_credits.c.amount))), "EUR"
        )
    return booked


def test_incidents_at_the_same_time_credit_a_window_once(sample):
    assert booked_at_once(sample, [rebate_of("240.00")] * 8) == [*[euros("0")] * 7, euros("240.00")]


def test_incidents_of_two_months_at_the_same_time_keep_to_the_cap_of_their_quarter(sample):
    november, october = (rebate_of("240.00", cap="300.00", window=window) for window in (WINDOW, OCTOBER))
    booked = booked_at_once(sample, [november, october] * 4)
    assert booked == [*[euros("0")] * 6, euros("60.00"), euros("240.00")]


def test_incidents_of_two_objectives_at_the_same_time_keep_to_the_cap_of_their_month(sample):
    rebates = [rebate_of("240.00", cap="300.00", objective=name) for name in ("availability", "latency")]
    joined = rebates[0].model_copy(update={"lines": (*rebates[0].lines, *rebates[1].lines)})
    booked = booked_at_once(sample, [*rebates, joined] * 2)
    assert sum(one.amount for one in booked) == 300


def test_an_objective_that_no_longer_pays_beside_a_dearer_one_is_taken_off_what_the_window_brings(sample):
    """Judged an hour apart, the same time was worth 50.00 for one objective, and then 80.00 for another alone."""
    booked = booked_at_once(sample, [rebate_of("50.00"), rebate_of("80.00", objective="latency")])
    assert max(one.amount for one in booked) in {50, 80}
    assert sum(one.amount for one in booked) == 80
