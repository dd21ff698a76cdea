"""The rows and messages of credits: one for each incident and window."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.outgoing_keys import outgoing_key
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units

BILLING = "billing"


@dataclass(frozen=True)
class Booking:
    """The credit that one incident brought for a window, as stored."""

    reference: str
    amount: Money | None
    state: str
    because: str | None = None

    @property
    def waits(self) -> bool:
        """Tell whether a person must still decide about it, or the customer claim it."""
        return self.state in {"held", "unclaimed"}


def booking_reference(ticket: str, rebate: Rebate, *, number: int = 1) -> str:
    """Name the credit of one incident and window; a further one, booked after its run, ends with its number."""
    name = f"{ticket}:{rebate.window.start:%Y%m%dT%H%M}-{rebate.window.end:%Y%m%dT%H%M}"
    return name if number == 1 else f"{name}:{number}"


def owes_the_window(row: Any) -> bool:
    """Tell whether `gross` of a credit is what its whole window owes; credits of old are one for each objective."""
    return bool(row.id.startswith(f"{row.ticket}:"))


def bookings_of(connection: Connection, numbers: Collection[str]) -> dict[str, list[tuple[Period, Booking]]]:
    """Return what these incidents have booked before, also by objective as it once was."""
    table = a.applied_billing_credits
    found: dict[str, list[tuple[Period, Booking]]] = {}
    for row in connection.execute(select(table).where(table.c.ticket.in_(numbers)).order_by(table.c.id)):
        amount = None if row.amount is None else from_minor_units(row.amount, row.currency)
        found.setdefault(row.ticket, []).append((window_of(row), Booking(row.id, amount, row.state, row.held_because)))
    return found


def credit_row(booking: Booking, rebate: Rebate, agreement: Agreement, now: datetime) -> dict[str, Any]:
    """Return the row of a new credit, without its ticket and invoice."""
    steps = [step for line in rebate.lines for step in line.arithmetic]
    if booking.amount is not None and booking.amount != rebate.total:
        steps.append(f"{booking.amount} left: the rest was credited for another incident in the meantime")
    names = [line.objective for line in rebate.lines if line.gross] or list(rebate.undecided)
    return {
        "id": booking.reference,
        "agreement": agreement.id,
        "customer": agreement.customer,
        "service": agreement.service,
        "account": agreement.account,
        "objective": ", ".join(names),
        "window_start": rebate.window.start,
        "window_end": rebate.window.end,
        "gross": to_minor_units(rebate.gross) if rebate.named else None,
        "amount": None if booking.amount is None else to_minor_units(booking.amount),
        "currency": rebate.total.currency,
        "state": booking.state,
        "held_because": booking.because if booking.state == "held" else None,
        "facts": rebate.facts,
        "claim_deadline": rebate.claim_deadline,
        "text": "; ".join(steps),
        "recorded_at": now,
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
