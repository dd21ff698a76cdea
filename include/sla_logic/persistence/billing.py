"""The customer's account: rebates as applied billing credits (TMF678) on her open invoice.

A credit is booked once for each incident, objective and window; the account is locked while it is worked out,
so that two incidents of one month never credit the same downtime twice, nor two of one quarter exceed its cap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import BillingAdjustment, EarlierCredit, Rebate, RebateLine, still_due
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.accounts import lock_account, open_invoice, total
from include.sla_logic.persistence.pending_messages import Message, PendingMessages
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units

BILLING = "billing"
COUNTS = ("booked", "posted")


@dataclass(frozen=True)
class Booking:
    """One line of a rebate as it is kept."""

    reference: str
    amount: Money
    state: str


class BillingLedger:
    """Billing & Collections inside the operations database; the postings leave through the outbox."""

    def __init__(
        self, *, connection: Connection, ticket: str, now: datetime, outgoing: PendingMessages | None = None
    ) -> None:
        """Book inside this transaction for this incident."""
        self._connection = connection
        self._ticket = ticket
        self._now = now
        self._outgoing = outgoing or PendingMessages()

    def earlier_credits(self, agreement: Agreement, window: Period) -> Sequence[EarlierCredit]:
        """Return what was credited in windows that touch this one; held and declined credits are none."""
        return counted_credits(self._connection, agreement.id, window)

    def book(self, rebate: Rebate, agreement: Agreement) -> BillingAdjustment:
        lock_account(self._connection, agreement.account)
        invoice = open_invoice(self._connection, agreement.account)
        bookings = [self._keep(rebate, line, agreement, invoice) for line in rebate.lines]
        booked = sum((b.amount for b in bookings if b.state in COUNTS), start=Money.zero(rebate.total.currency))
        after = None if invoice is None else total(self._connection, invoice, booked.currency)
        return BillingAdjustment(
            account=agreement.account,
            invoice=invoice,
            references=tuple(b.reference for b in bookings),
            booked=booked,
            invoice_before=None if after is None else after + booked,
            invoice_after=after,
            held=any(b.state == "held" for b in bookings),
            reason=_reason(rebate, bookings, booked),
        )

    def _keep(self, rebate: Rebate, line: RebateLine, agreement: Agreement, invoice: str | None) -> Booking:
        if known := self._known(rebate, line, agreement):
            return Booking(known.id, from_minor_units(known.amount, known.currency), known.state)
        booking = self._new_booking(rebate, line, agreement)
        counts = booking.state in COUNTS
        self._insert(booking, rebate, line, agreement, invoice if counts else None)
        if counts and booking.amount:
            message = posting(booking.reference, agreement.account, booking.amount)
            self._outgoing.put(kind=message.kind, key=message.key, payload=message.payload)
        return booking

    def _new_booking(self, rebate: Rebate, line: RebateLine, agreement: Agreement) -> Booking:
        """Net a booking once more under the lock: another incident may have been credited in the meantime."""
        state = "held" if rebate.held_for_approval else "unclaimed" if rebate.claim_required else "booked"
        amount = line.net
        if state != "held":
            stretch = rebate.cap_window or rebate.window
            credited = counted_credits(self._connection, agreement.id, stretch)
            amount = still_due(rebate, line, credited=credited)
        return Booking(booking_reference(self._ticket, line, rebate), amount, state)

    def _known(self, rebate: Rebate, line: RebateLine, agreement: Agreement) -> Row[Any] | None:
        table = a.applied_billing_credits.c
        return self._connection.execute(
            select(a.applied_billing_credits).where(
                table.ticket == self._ticket,
                table.agreement == agreement.id,
                table.objective == line.objective,
                table.window_start == rebate.window.start,
                table.window_end == rebate.window.end,
            )
        ).one_or_none()

    def _insert(
        self, booking: Booking, rebate: Rebate, line: RebateLine, agreement: Agreement, invoice: str | None
    ) -> None:
        self._connection.execute(
            insert(a.applied_billing_credits).values(
                id=booking.reference,
                ticket=self._ticket,
                agreement=agreement.id,
                objective=line.objective,
                window_start=rebate.window.start,
                window_end=rebate.window.end,
                gross=to_minor_units(line.gross),
                amount=to_minor_units(booking.amount),
                currency=booking.amount.currency,
                state=booking.state,
                claim_deadline=rebate.claim_deadline,
                invoice=invoice,
                text="; ".join((*line.arithmetic, *_lowered(booking, line))),
                recorded_at=self._now,
            )
        )


def booking_reference(ticket: str, line: RebateLine, rebate: Rebate) -> str:
    """Name the booking of one line; the same incident, objective and window give the same name."""
    return f"{ticket}:{line.objective}:{rebate.window.start:%Y%m%d}"


def counted_credits(connection: Connection, agreement: str, window: Period) -> Sequence[EarlierCredit]:
    """Return what counts under an agreement in windows that touch this one; held and declined credits do not."""
    table = a.applied_billing_credits.c
    rows = connection.execute(
        select(a.applied_billing_credits, t.agreements.c.contract)
        .join(t.agreements, t.agreements.c.id == table.agreement)
        .where(
            table.agreement == agreement,
            table.state.in_(COUNTS),
            table.window_start < window.end,
            table.window_end > window.start,
        )
        .order_by(table.recorded_at, table.id)
    )
    return [
        EarlierCredit(
            contract=row.contract,
            window=Period(start=row.window_start, end=row.window_end),
            objective=row.objective,
            amount=from_minor_units(row.amount, row.currency),
            reference=row.id,
        )
        for row in rows
    ]


def posting(reference: str, account: str, amount: Money) -> Message:
    """Return the message that tells the ledger of one credit; its key stays the same for ever."""
    payload = {
        "credit": reference,
        "account": account,
        "amount": str(amount.amount),
        "currency": amount.currency,
        "type": "appliedBillingCredit",
    }
    return Message(kind=BILLING, key=f"{BILLING}:{reference}", payload=payload)


def _lowered(booking: Booking, line: RebateLine) -> Sequence[str]:
    if booking.amount == line.net:
        return ()
    return (f"{booking.amount} booked: the rest was credited for another incident in the meantime",)


def _reason(rebate: Rebate, bookings: Sequence[Booking], booked: Money) -> str:
    if any(booking.state == "held" for booking in bookings):
        return f"Held for a second person: {rebate.held_because}."
    if any(booking.state == "unclaimed" for booking in bookings):
        until = f" until {rebate.claim_deadline:%Y-%m-%d %H:%M} UTC" if rebate.claim_deadline else ""
        return f"Nothing is booked before the customer claims the credit{until}."
    if rebate.total and not booked:
        return "Everything that is due was credited before."
    return rebate.reason
