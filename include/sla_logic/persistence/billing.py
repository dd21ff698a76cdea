"""The customers' accounts: rebates as applied billing credits (TMF678) on their open invoices.

A credit is booked once for each incident, objective and window. The accounts are held while it is worked out, so that
two incidents of one month never credit the same downtime twice, nor two of one quarter exceed its cap.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.outgoing_keys import outgoing_key
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import BillingAdjustment, EarlierCredit, Rebate, RebateLine, still_due
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.accounts import check_accounts, open_invoices, totals
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import COUNTS, counted_credits, touching, window_of
from include.sla_logic.persistence.pending_messages import Message, PendingMessages
from include.sla_logic.persistence.reported_rebates import ReportedRebates
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units

BILLING = "billing"
Line = tuple[str, str, str, Period]  # ticket, agreement, objective and window


@dataclass(frozen=True)
class Booking:
    """One line of a rebate as stored."""

    reference: str
    amount: Money
    state: str


class BillingLedger:
    """Billing & Collections inside the operations database, looked up once for all agreements of a batch."""

    def __init__(self, batch: Batch, contracts: ContractRegister) -> None:
        self._batch = batch
        self._contracts = contracts
        self._counted: dict[str, list[EarlierCredit]] = {}
        self._reported: ReportedRebates | None = None
        self._bookings: dict[Line, Booking] = {}
        self._invoices: dict[str, str | None] | None = None
        self._totals: dict[str, int] = {}
        self._rows: list[dict[str, Any]] = []

    def earlier_credits(self, agreement: Agreement, window: Period, *, ticket: str) -> Sequence[EarlierCredit]:
        """Return what counts in windows that touch this one, and what others of the cohort have reported."""
        booked = touching(self._credits(agreement), window)
        known = {credit.reference for credit in booked}
        others = touching(self._reported_by_others(agreement, ticket), window)
        return [*booked, *(credit for credit in others if credit.reference not in known)]

    def book(
        self, rebate: Rebate, agreement: Agreement, *, ticket: str, outgoing: PendingMessages
    ) -> BillingAdjustment:
        """Book the rebate of one incident once; what is booked before it in the same batch counts."""
        invoices = self._hold_accounts(agreement)
        invoice = invoices[agreement.account]
        bookings = [self._keep(rebate, line, agreement, ticket, outgoing) for line in rebate.lines]
        booked = sum((b.amount for b in bookings if b.state in COUNTS), start=Money.zero(rebate.total.currency))
        after = None if invoice is None else from_minor_units(self._totals[invoice], booked.currency)
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

    def flush(self) -> None:
        """Write the new bookings into the open transaction."""
        if self._rows:
            self._batch.connection.execute(insert(a.applied_billing_credits), self._rows)
            self._rows = []

    def _agreements(self, asked: Agreement) -> list[Agreement]:
        return list({one.id: one for one in (asked, *self._contracts.agreements())}.values())

    def _credits(self, agreement: Agreement) -> list[EarlierCredit]:
        if agreement.id not in self._counted:
            self._counted |= counted_credits(self._batch.connection, [one.id for one in self._agreements(agreement)])
        return self._counted[agreement.id]

    def _reported_by_others(self, agreement: Agreement, ticket: str) -> list[EarlierCredit]:
        """Return what others report under this agreement; what is held or unclaimed is no credit."""
        if self._reported is None:
            self._reported = ReportedRebates(self._batch)
        return [
            EarlierCredit(
                contract=agreement.contract,
                window=rebate.window,
                objective=line.objective,
                amount=line.net,
                reference=booking_reference(other, line, rebate),
            )
            for other, rebate in self._reported.about(agreement)
            if other != ticket and not rebate.held_for_approval and not rebate.claim_required
            for line in rebate.lines
        ]

    def _hold_accounts(self, agreement: Agreement) -> dict[str, str | None]:
        """Hold all accounts of the batch, then read what depends on them."""
        if self._invoices is None:
            connection, agreements = self._batch.connection, self._agreements(agreement)
            accounts = {one.account for one in agreements}
            self._batch.hold(t.billing_accounts, accounts)
            check_accounts(connection, accounts)
            self._invoices = open_invoices(connection, accounts)
            self._totals = totals(connection, [one for one in self._invoices.values() if one is not None])
            self._bookings = _bookings_of(connection, self._batch.tickets)
            self._counted = counted_credits(connection, [one.id for one in agreements])
        return self._invoices

    def _keep(
        self, rebate: Rebate, line: RebateLine, agreement: Agreement, ticket: str, outgoing: PendingMessages
    ) -> Booking:
        key = (ticket, agreement.id, line.objective, rebate.window)
        if known := self._bookings.get(key):
            return known
        booking = self._new_booking(rebate, line, agreement, ticket=ticket)
        self._bookings[key] = booking
        invoice = self._count(booking, rebate, line, agreement) if booking.state in COUNTS else None
        self._rows.append(_row(booking, rebate, line, key=key, invoice=invoice) | {"recorded_at": self._batch.now})
        if booking.state in COUNTS and booking.amount:
            message = posting(self._batch.installation, booking.reference, agreement.account, booking.amount)
            outgoing.put(kind=message.kind, key=message.key, payload=message.payload)
        return booking

    def _new_booking(self, rebate: Rebate, line: RebateLine, agreement: Agreement, *, ticket: str) -> Booking:
        """Net a booking again under the lock: another incident may have been credited meanwhile."""
        state = "held" if rebate.held_for_approval else "unclaimed" if rebate.claim_required else "booked"
        amount = line.net
        if state != "held":
            credited = touching(self._credits(agreement), rebate.cap_window or rebate.window)
            amount = still_due(rebate, line, credited=credited)
        return Booking(booking_reference(ticket, line, rebate), amount, state)

    def _count(self, booking: Booking, rebate: Rebate, line: RebateLine, agreement: Agreement) -> str | None:
        """Let the booking count for those that come after it; return the invoice to which it is applied."""
        credit = EarlierCredit(
            contract=agreement.contract,
            window=rebate.window,
            objective=line.objective,
            amount=booking.amount,
            reference=booking.reference,
        )
        self._counted[agreement.id].append(credit)
        invoice = (self._invoices or {})[agreement.account]
        if invoice is not None:
            self._totals[invoice] -= to_minor_units(booking.amount)
        return invoice


class IncidentBilling:
    """The account as one incident sees it (`ports.Billing`)."""

    def __init__(self, ledger: BillingLedger, ticket: str, outgoing: PendingMessages) -> None:
        self._ledger = ledger
        self._ticket = ticket
        self._outgoing = outgoing

    def earlier_credits(self, agreement: Agreement, window: Period) -> Sequence[EarlierCredit]:
        return self._ledger.earlier_credits(agreement, window, ticket=self._ticket)

    def book(self, rebate: Rebate, agreement: Agreement) -> BillingAdjustment:
        return self._ledger.book(rebate, agreement, ticket=self._ticket, outgoing=self._outgoing)


def booking_reference(ticket: str, line: RebateLine, rebate: Rebate) -> str:
    """Name the booking of one line; the same incident, objective and window give the same name."""
    return f"{ticket}:{line.objective}:{rebate.window.start:%Y%m%d}"


def _bookings_of(connection: Connection, numbers: Collection[str]) -> dict[Line, Booking]:
    """Return what these incidents have booked before."""
    table = a.applied_billing_credits
    return {
        (row.ticket, row.agreement, row.objective, window_of(row)): Booking(
            row.id, from_minor_units(row.amount, row.currency), row.state
        )
        for row in connection.execute(select(table).where(table.c.ticket.in_(numbers)))
    }


def _row(booking: Booking, rebate: Rebate, line: RebateLine, *, key: Line, invoice: str | None) -> dict[str, Any]:
    ticket, agreement, objective, window = key
    return {
        "id": booking.reference,
        "ticket": ticket,
        "agreement": agreement,
        "objective": objective,
        "window_start": window.start,
        "window_end": window.end,
        "gross": to_minor_units(line.gross),
        "amount": to_minor_units(booking.amount),
        "currency": booking.amount.currency,
        "state": booking.state,
        "claim_deadline": rebate.claim_deadline,
        "invoice": invoice,
        "text": "; ".join((*line.arithmetic, *_lowered(booking, line))),
    }


def posting(installation: str, reference: str, account: str, amount: Money) -> Message:
    """Return the message that posts one credit to the ledger; its key never changes."""
    payload = {
        "credit": reference,
        "account": account,
        "amount": str(amount.amount),
        "currency": amount.currency,
        "type": "appliedBillingCredit",
    }
    return Message(kind=BILLING, key=outgoing_key(installation, f"{BILLING}:{reference}"), payload=payload)


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
