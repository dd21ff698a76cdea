"""Decisions of people about credits that are not booked automatically."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import EarlierCredit, Rebate, room_under_cap, still_due
from include.sla_logic.persistence.accounts import lock_account, open_invoices
from include.sla_logic.persistence.billing import posting
from include.sla_logic.persistence.counted_credits import counted_credits, touching
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units


class UnableToDecideCredit(ForeseenError):
    """The credit does not exist, is decided already, or has changed since it was held."""


@dataclass(frozen=True)
class WaitingCredit:
    """A credit that waits for a person: `held` for a second one at TELECO, `unclaimed` for the customer."""

    reference: str
    ticket: str
    agreement: str
    objective: str
    amount: Money
    state: str
    recorded_at: datetime
    claim_deadline: datetime | None


def waiting_credits(connection: Connection) -> list[WaitingCredit]:
    """Return the undecided credits, oldest first."""
    return [_waiting(row) for row in connection.execute(_undecided())]


def page_of_credits(connection: Connection, *, number: int, size: int) -> Page[WaitingCredit]:
    """Return one page of the same credits."""
    return cut_page(connection, _undecided(), _waiting, number=number, size=size)


def held_credits_of(connection: Connection, ticket: str) -> list[WaitingCredit]:
    """Return the credits of one incident that wait for a second person."""
    table = a.applied_billing_credits.c
    mine = _undecided().where(table.ticket == ticket, table.state == "held")
    return [_waiting(row) for row in connection.execute(mine)]


def _undecided() -> Select[Any]:
    table = a.applied_billing_credits.c
    query = select(a.applied_billing_credits).where(table.state.in_(("held", "unclaimed")))
    return query.order_by(table.recorded_at, table.id)


def _waiting(row: Row[Any]) -> WaitingCredit:
    return WaitingCredit(
        reference=row.id,
        ticket=row.ticket,
        agreement=row.agreement,
        objective=row.objective,
        amount=from_minor_units(row.amount, row.currency),
        state=row.state,
        recorded_at=row.recorded_at,
        claim_deadline=row.claim_deadline,
    )


def approve_credit(
    connection: Connection,
    reference: str,
    *,
    rebate: Rebate,
    by: str,
    reason: str,
    now: datetime,
    outgoing: PendingMessages,
) -> Money:
    """Book a held credit of this rebate; refuse if it or the cap was used up meanwhile."""
    row, account = _locked(connection, reference, state="held")
    amount = from_minor_units(row.amount, row.currency)
    _check_unchanged(connection, row, amount, rebate)
    return _book(
        connection, reference, account, amount, outgoing=outgoing, decided_by=by, decision_reason=reason, decided_at=now
    )


def claim_credit(
    connection: Connection,
    reference: str,
    *,
    rebate: Rebate,
    by: str,
    claimed_at: datetime,
    now: datetime,
    outgoing: PendingMessages,
) -> Money:
    """Book a credit that the customer has claimed in time; raise `UnableToDecideCredit` for a late claim.

    What another incident has brought in the meantime is taken off; where nothing is left, the claim is refused.
    The deadline is the first instant that is too late, as the judgement names it.
    """
    row, account = _locked(connection, reference, state="unclaimed")
    if claimed_at > now:
        msg = f"A claim of {claimed_at:%Y-%m-%d %H:%M} UTC lies in the future."
        raise UnableToDecideCredit(msg)
    if row.claim_deadline is not None and claimed_at >= row.claim_deadline:
        msg = f"The credit {reference} had to be claimed before {row.claim_deadline:%Y-%m-%d %H:%M} UTC."
        raise UnableToDecideCredit(msg)
    amount = _left_to_claim(connection, row, rebate)
    kept = a.applied_billing_credits
    connection.execute(update(kept).where(kept.c.id == reference).values(claimed_at=claimed_at))
    reason = f"claimed at {claimed_at:%Y-%m-%d %H:%M} UTC"
    return _book(
        connection, reference, account, amount, outgoing=outgoing, decided_by=by, decision_reason=reason, decided_at=now
    )


def decline_credit(connection: Connection, reference: str, *, by: str, reason: str, now: datetime) -> None:
    """Decline a held credit; nothing is booked."""
    _locked(connection, reference, state="held")
    _decide(connection, reference, state="declined", decided_by=by, decision_reason=reason, decided_at=now)


def _locked(connection: Connection, reference: str, *, state: str) -> tuple[Row[Any], str]:
    kept = a.applied_billing_credits
    account = connection.scalar(
        select(t.agreements.c.account).join(kept, kept.c.agreement == t.agreements.c.id).where(kept.c.id == reference)
    )
    if account is None:
        msg = f"There is no credit {reference}."
        raise UnableToDecideCredit(msg)
    lock_account(connection, account)
    row = connection.execute(select(kept).where(kept.c.id == reference)).one()
    if row.state != state:
        msg = f"The credit {reference} is {row.state}, not {state}."
        raise UnableToDecideCredit(msg)
    return row, account


def _check_unchanged(connection: Connection, row: Row[Any], held: Money, rebate: Rebate) -> None:
    counted = _counted(connection, row, rebate)
    window = Period(start=row.window_start, end=row.window_end)
    mine = [c.amount for c in counted if c.window == window and c.objective == row.objective]
    before = sum(mine, start=Money.zero(row.currency))
    due = from_minor_units(row.gross, row.currency) - before
    if due != held:
        msg = f"The credit {row.id} was held at {held}, but {before} were credited since: only {due} are still due."
        raise UnableToDecideCredit(msg)
    room = room_under_cap(rebate, counted)
    if room is not None and room < held:
        msg = f"The credit {row.id} was held at {held}, but the cap of {rebate.cap} leaves only {room}."
        raise UnableToDecideCredit(msg)


def _left_to_claim(connection: Connection, row: Row[Any], rebate: Rebate) -> Money:
    line = next(line for line in rebate.lines if line.objective == row.objective)
    left = still_due(rebate, line, credited=_counted(connection, row, rebate))
    if not left:
        msg = (
            f"All that is due for {row.objective} was credited for other incidents: the credit {row.id} brings nothing."
        )
        raise UnableToDecideCredit(msg)
    return left


def _counted(connection: Connection, row: Row[Any], rebate: Rebate) -> Sequence[EarlierCredit]:
    counted = counted_credits(connection, [row.agreement])[row.agreement]
    return touching(counted, rebate.cap_window or rebate.window)


def _book(
    connection: Connection, reference: str, account: str, amount: Money, *, outgoing: PendingMessages, **decision: Any
) -> Money:
    _decide(
        connection,
        reference,
        state="booked",
        amount=to_minor_units(amount),
        invoice=open_invoices(connection, [account])[account],
        **decision,
    )
    if amount:
        message = posting(installation_id(connection), reference, account, amount)
        outgoing.put(kind=message.kind, key=message.key, payload=message.payload)
    return amount


def _decide(connection: Connection, reference: str, **values: object) -> None:
    kept = a.applied_billing_credits
    connection.execute(update(kept).where(kept.c.id == reference).values(**values))
