"""The customers' accounts: rebates as applied billing credits (TMF678) on their open invoices.

A credit belongs to a customer, a service and a window; nothing else is its identity. The service is held while it is
worked out, so that no two incidents credit the same time twice, whatever agreements and accounts they are about, nor
two of one quarter exceed its cap.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from include.sla_logic.domain.credit import BillingAdjustment, Decision, Rebate
from include.sla_logic.domain.disputes import DISPUTED, Dispute, StatedDispute, frozen_by
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement, unlike_currencies
from include.sla_logic.persistence.accounts import Accounts, read_accounts
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import COUNTS, History, Subscription, credit_histories, touching
from include.sla_logic.persistence.credit_rows import Booking, booking_reference, bookings_of, credit_row, posting
from include.sla_logic.persistence.disputes import disputes_of
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.reported_rebates import ReportedRebates
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units


class BillingLedger:
    """Billing & Collections inside the operations database, looked up once for all services of a batch."""

    def __init__(
        self, batch: Batch, contracts: ContractRegister, *, about: Sequence[Subscription] | None = None
    ) -> None:
        self._batch = batch
        self._contracts = contracts
        self._about = about
        self._histories: dict[Subscription, History] = {}
        self._disputes: dict[Subscription, list[Dispute]] = {}
        self._reported: ReportedRebates | None = None
        self._bookings: dict[str, list[tuple[Period, Booking]]] = {}
        self._accounts: Accounts | None = None
        self._held = False
        self._rows: list[dict[str, Any]] = []

    def earlier_credits(self, agreement: Agreement, window: Period, *, ticket: str) -> Sequence[EarlierCredit]:
        """Return what counts in windows that touch this one, and what others of the cohort have reported."""
        booked = touching(self._history(agreement).credited, window)
        known = {credit.reference for credit in booked}
        others = touching(self._reported_by_others(agreement, ticket), window)
        return [*booked, *(credit for credit in others if credit.reference not in known)]

    def decisions(self, agreement: Agreement) -> Sequence[Decision]:
        """Return what people decided about credits of this customer's service."""
        return self._history(agreement).decided

    def settled_with(self, agreement: Agreement, window: Period) -> str | None:
        """Return the invoice with which the window was settled, where none that is open holds any of it."""
        if self._accounts is None:
            self._accounts = read_accounts(self._batch.connection, self._accounts_of(agreement))
        return self._accounts.settled_with(agreement.account, window)

    def disputes(self, agreement: Agreement, window: Period) -> Sequence[StatedDispute]:
        """Return what the customer contests of a window, and what they contested before."""
        return [one.stated for one in self._disputed(agreement) if one.window.overlaps(window)]

    def book(
        self, rebate: Rebate, agreement: Agreement, *, ticket: str, outgoing: PendingMessages, again: bool = False
    ) -> BillingAdjustment:
        """Book the rebate of one incident once; what is booked before it in the same batch counts."""
        accounts = self._hold(agreement)
        known = [one for window, one in self._bookings.get(ticket, ()) if window == rebate.window]
        bookings, because = [one for one in known if one.waits] if again else known, None
        if not bookings:
            bookings, because = self._keep(rebate, agreement, ticket, outgoing, number=len(known) + 1)
        counted = [b.amount for b in bookings if b.state in COUNTS and b.amount is not None]
        booked = sum(counted, start=Money.zero(rebate.total.currency))
        held = [b for b in bookings if b.state == "held"]
        same = accounts.currencies[agreement.account] == booked.currency
        invoice = accounts.invoices[agreement.account] if same else None
        after = None if invoice is None else from_minor_units(accounts.totals[invoice], booked.currency)
        return BillingAdjustment(
            account=agreement.account,
            invoice=invoice,
            references=tuple(b.reference for b in bookings),
            booked=booked,
            invoice_before=None if after is None else after + booked,
            invoice_after=after,
            held=bool(held),
            waiting=held[0].amount if held else None,
            reason=_reason(rebate, bookings, booked, because),
        )

    def flush(self) -> None:
        """Write the new bookings into the open transaction."""
        if self._rows:
            self._batch.connection.execute(insert(a.applied_billing_credits), self._rows)
            self._rows = []

    def _subscriptions(self, asked: Agreement) -> list[Subscription]:
        return list(dict.fromkeys([(asked.customer, asked.service), *(self._about or self._batch.subscriptions)]))

    def _accounts_of(self, asked: Agreement) -> set[str]:
        return {one.account for one in (asked, *self._contracts.agreements())}

    def _history(self, agreement: Agreement) -> History:
        subscription = agreement.customer, agreement.service
        if subscription not in self._histories:
            self._histories |= credit_histories(self._batch.connection, self._subscriptions(agreement))
        return self._histories[subscription]

    def _disputed(self, agreement: Agreement) -> list[Dispute]:
        subscription = agreement.customer, agreement.service
        if subscription not in self._disputes:
            self._disputes |= disputes_of(self._batch.connection, self._subscriptions(agreement))
        return self._disputes[subscription]

    def _reported_by_others(self, agreement: Agreement, ticket: str) -> list[EarlierCredit]:
        """Return what others report for this customer's service; what is held or unclaimed is no credit."""
        if self._reported is None:
            self._reported = ReportedRebates(self._batch)
        return [
            EarlierCredit(window=rebate.window, amount=rebate.total, reference=booking_reference(other, rebate))
            for other, rebate in self._reported.about(agreement)
            if other != ticket and not rebate.held_for_approval and not rebate.claim_required
        ]

    def _hold(self, agreement: Agreement) -> Accounts:
        """Hold the services and accounts of the batch, then read what depends on them.

        The service is what all credits of a window have in common, whatever agreement and account they are booked on.
        """
        if not self._held:
            connection, accounts = self._batch.connection, self._accounts_of(agreement)
            self._batch.hold(t.services, {service for _, service in self._subscriptions(agreement)})
            self._batch.hold(t.billing_accounts, accounts)
            self._accounts = read_accounts(connection, accounts)
            self._bookings = bookings_of(connection, self._batch.tickets)
            self._histories = credit_histories(connection, self._subscriptions(agreement))
            self._disputes = disputes_of(connection, self._subscriptions(agreement))
            self._held = True
        assert self._accounts is not None  # noqa: S101 - read while they were held
        return self._accounts

    def _keep(
        self, rebate: Rebate, agreement: Agreement, ticket: str, outgoing: PendingMessages, *, number: int
    ) -> tuple[list[Booking], str | None]:
        """Return the credit of this incident and window, and why there is none; `number` counts them from 1."""
        history = self._history(agreement)
        state, amount, because = rebate.settle(history.credited, history.decided)
        if state is None:
            return [], because
        if unlike := self._unlike_currencies(rebate, agreement):
            state, because = "held", "; ".join((*([because] if because else []), unlike))
        if frozen_by(self._disputed(agreement), rebate.window):
            state, because = "held", "; ".join((*([because] if because else []), DISPUTED))
        booking = Booking(booking_reference(ticket, rebate, number=number), amount, state, because)
        self._bookings.setdefault(ticket, []).append((rebate.window, booking))
        invoice = self._count(booking, rebate, agreement) if state in COUNTS else None
        self._rows.append(
            credit_row(booking, rebate, agreement, self._batch.now) | {"ticket": ticket, "invoice": invoice}
        )
        if state in COUNTS and amount:
            message = posting(self._batch.installation, booking.reference, agreement.account, amount)
            outgoing.put(kind=message.kind, key=message.key, payload=message.payload)
        return [booking], None

    def _unlike_currencies(self, rebate: Rebate, agreement: Agreement) -> str | None:
        account = self._hold(agreement).currencies[agreement.account]
        return unlike_currencies(agreement, contract=rebate.total.currency, account=account)

    def _count(self, booking: Booking, rebate: Rebate, agreement: Agreement) -> str | None:
        """Let the booking count for those that come after it; return the invoice to which it is applied."""
        assert booking.amount is not None and self._accounts is not None  # noqa: S101, PT018 - it is booked
        credit = EarlierCredit(window=rebate.window, amount=booking.amount, reference=booking.reference)
        self._history(agreement).credited.append(credit)
        invoice = self._accounts.invoices[agreement.account]
        if invoice is not None:
            self._accounts.totals[invoice] -= to_minor_units(booking.amount)
        return invoice


class IncidentBilling:
    """The account as one incident sees it (`ports.Billing`)."""

    def __init__(self, ledger: BillingLedger, ticket: str, outgoing: PendingMessages) -> None:
        self._ledger = ledger
        self._ticket = ticket
        self._outgoing = outgoing

    def earlier_credits(self, agreement: Agreement, window: Period) -> Sequence[EarlierCredit]:
        return self._ledger.earlier_credits(agreement, window, ticket=self._ticket)

    def decisions(self, agreement: Agreement) -> Sequence[Decision]:
        return self._ledger.decisions(agreement)

    def settled_with(self, agreement: Agreement, window: Period) -> str | None:
        return self._ledger.settled_with(agreement, window)

    def disputes(self, agreement: Agreement, window: Period) -> Sequence[StatedDispute]:
        return self._ledger.disputes(agreement, window)

    def book(self, rebate: Rebate, agreement: Agreement, *, again: bool = False) -> BillingAdjustment:
        return self._ledger.book(rebate, agreement, ticket=self._ticket, outgoing=self._outgoing, again=again)


def _reason(rebate: Rebate, bookings: Sequence[Booking], booked: Money, because: str | None) -> str:
    if held := [booking for booking in bookings if booking.state == "held"]:
        return f"Held for a second person: {held[0].because or rebate.held_because}."
    if any(booking.state == "unclaimed" for booking in bookings):
        until = f"; {rebate.claim_last_day} is the last day" if rebate.claim_last_day else ""
        return f"Nothing is booked before the customer claims the credit{until}."
    return rebate.reason if booked or because is None else because
