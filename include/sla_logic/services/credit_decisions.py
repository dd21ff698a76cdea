"""Decisions of people about credits that are not booked automatically."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.credit_policy import CreditPolicy
from include.sla_logic.domain.disputes import DISPUTED
from include.sla_logic.domain.money import Money, minor_digits
from include.sla_logic.domain.netting import EarlierCredit, Netted
from include.sla_logic.domain.sentence import Code, Sentence
from include.sla_logic.persistence.accounts import lock_credits, open_invoice
from include.sla_logic.persistence.counted_credits import counted_credits
from include.sla_logic.persistence.credit_rows import owes_the_window, posting
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units
from include.sla_logic.services.claims import JudgedClaim
from include.sla_logic.services.frozen_credits import check_undisputed, freezing_dispute
from include.sla_logic.services.typed_amounts import UnableToDecideCredit

_CREDITS = a.applied_billing_credits


@dataclass(frozen=True)
class Person:
    """Who decides, with the roles of their login, and why."""

    name: str
    reason: str
    roles: Collection[str] = ()


def approve_credit(
    connection: Connection,
    reference: str,
    *,
    rebate: Rebate,
    person: Person,
    policy: CreditPolicy,
    now: datetime,
    outgoing: PendingMessages,
) -> Money:
    """Book a held credit of this rebate; refuse if it or the cap was used up meanwhile, or if it is not theirs."""
    row = _locked(connection, reference, "held")
    if row.amount is None:
        msg = "Nobody has named an amount for the credit %(credit)s: enter one first, or decline it."
        raise UnableToDecideCredit(Sentence(msg, credit=reference))
    amount = from_minor_units(row.amount, row.currency)
    check_undisputed(connection, row)
    _check_person(policy, person, amount, row)
    _check_unchanged(connection, row, amount, rebate)
    return _book(connection, row, amount, person=person, now=now, outgoing=outgoing)


def enter_amount(
    connection: Connection, reference: str, *, rebate: Rebate, amount: Money, person: Person, now: datetime
) -> None:
    """Name the amount of a held credit; it still waits for the approval of another person."""
    row = _locked(connection, reference, "held")
    check_undisputed(connection, row)
    if amount.currency != row.currency:
        msg = "The credit %(credit)s is in %(currency)s: enter an amount in %(currency)s, not %(amount)s."
        raise UnableToDecideCredit(Sentence(msg, credit=reference, currency=row.currency, amount=amount))
    if amount.amount <= 0:
        msg = "Enter an amount above 0, not %(amount)s; to credit nothing, decline %(credit)s."
        raise UnableToDecideCredit(Sentence(msg, amount=amount, credit=reference))
    if round(amount.amount, minor_digits(amount.currency)) != amount.amount:
        digits = minor_digits(amount.currency)
        msg = "%(amount)s is finer than the minor unit of %(currency)s: enter at most %(digits)s decimals."
        raise UnableToDecideCredit(Sentence(msg, amount=amount, currency=amount.currency, digits=digits))
    before = _taken_off(connection, row)
    owed = before + amount
    due = rebate.model_copy(update={"owed": owed, "undecided": ()}).net_of(_counted(connection, row)).net
    if due < amount:
        left = max(due, Money.zero(row.currency))
        msg = "The cap of %(cap)s leaves %(left)s for %(credit)s, less than %(amount)s."
        raise UnableToDecideCredit(Sentence(msg, cap=rebate.cap, left=left, credit=reference, amount=amount))
    _decide(
        connection,
        reference,
        amount=to_minor_units(amount),
        gross=to_minor_units(owed),
        entered_by=person.name,
        text=f"{row.text}; {amount} entered by {person.name} at {now:%Y-%m-%d %H:%M} UTC: {person.reason}".lstrip("; "),
    )


def claim_credit(
    connection: Connection,
    reference: str,
    *,
    rebate: Rebate,
    by: str,
    claim: JudgedClaim,
    now: datetime,
    outgoing: PendingMessages,
) -> Money:
    """Book a credit that the customer has claimed in time; raise `UnableToDecideCredit` for a late claim.

    What another incident has brought in the meantime is taken off; where nothing is left, the claim is refused, and
    where what is left is for a window that another only overlaps, or that is disputed, it is held and nothing booked.
    What the claim came too late for is not paid.
    """
    row = _locked(connection, reference, "unclaimed")
    netted = _due_now(connection, row, rebate, at_most=claim.due)
    too_late = Sentence("What is due was claimed too late.") if claim.lost and netted.net.amount <= 0 else None
    if (refusal := claim.refusal or too_late) is not None:
        msg = "The credit %(credit)s cannot be booked: %(why)s"
        raise UnableToDecideCredit(Sentence(msg, credit=reference, why=refusal))
    if netted.net.amount <= 0:
        msg = "All that is due for this window was credited for other incidents: the credit %(credit)s brings nothing."
        raise UnableToDecideCredit(Sentence(msg, credit=reference))
    _decide(connection, reference, claimed_at=claim.filed, claimed_by=by)
    disputed = None if freezing_dispute(connection, row) is None else DISPUTED
    if because := "; ".join(filter(None, (netted.held_because, disputed))):
        held = {"state": "held", "amount": to_minor_units(netted.net), "held_because": because}
        _decide(connection, reference, **held)
        return Money.zero(row.currency)
    person = Person(by, f"claimed {claim.shown}")
    return _book(connection, row, netted.net, person=person, now=now, outgoing=outgoing)


def decline_credit(connection: Connection, reference: str, *, by: str, reason: str, now: datetime) -> None:
    """Decline a held credit; nothing is booked, now or by a later judgement of the same facts."""
    row = _locked(connection, reference, "held")
    check_undisputed(connection, row)
    held = row.held_because or "held before the reason was kept"
    _decide(
        connection,
        reference,
        state="declined",
        held_because=held,
        decided_by=by,
        decision_reason=reason,
        decided_at=now,
    )


def settle_with(connection: Connection, reference: str, decided: str, *, by: str, now: datetime) -> None:
    """Close a credit that waits, of which another incident's credit, that was `decided`, has left nothing."""
    _locked(connection, reference, "held", "unclaimed")
    settled = {"state": "declined", "amount": 0, "decided_by": by, "decided_at": now}
    _decide(connection, reference, **settled, decision_reason=f"decided with {decided}")


def note_paid_out(connection: Connection, reference: str, *, by: str, now: datetime) -> Money:
    """Note that a credit without an open invoice was paid out in another way; return its amount."""
    row = connection.execute(select(_CREDITS).where(_CREDITS.c.id == reference)).one_or_none()
    if row is None or row.state not in ("booked", "posted") or row.invoice is not None or row.paid_out_at is not None:
        msg = "The credit %(credit)s is not one that is to be paid out."
        raise UnableToDecideCredit(Sentence(msg, credit=reference))
    lock_credits(connection, row.service, row.account)
    _decide(connection, reference, paid_out_at=now, paid_out_by=by)
    return from_minor_units(row.amount, row.currency)


def _locked(connection: Connection, reference: str, *states: str) -> Row[Any]:
    query = select(_CREDITS).where(_CREDITS.c.id == reference)
    found = connection.execute(query).one_or_none()
    if found is None:
        raise UnableToDecideCredit(Sentence("There is no credit %(credit)s.", credit=reference))
    lock_credits(connection, found.service, found.account)
    row = connection.execute(query).one()
    if row.state not in states:
        msg = "The credit %(credit)s is %(state)s, not %(wanted)s."
        wanted = tuple(Code(state) for state in states)
        raise UnableToDecideCredit(Sentence(msg, credit=reference, state=Code(row.state), wanted=wanted))
    return row


def _check_person(policy: CreditPolicy, person: Person, amount: Money, row: Row[Any]) -> None:
    before = (row.entered_by, row.claimed_by)
    if refusal := policy.refusal(amount, by=person.name, roles=person.roles, before=before):
        raise UnableToDecideCredit(refusal)


def _check_unchanged(connection: Connection, row: Row[Any], held: Money, rebate: Rebate) -> None:
    due = _due_now(connection, row, rebate).net
    if held <= due if held.amount > 0 else due <= held:
        return
    before, cap = _taken_off(connection, row), rebate.cap
    values = {"credit": row.id, "held": held, "before": before, "cap": cap, "due": due}
    msg = "The credit %(credit)s was held at %(held)s, but %(before)s were credited since: only %(due)s are still due."
    if cap is not None and _due_now(connection, row, rebate.model_copy(update={"cap": None})).net > due:
        msg = "The credit %(credit)s was held at %(held)s, but the cap of %(cap)s leaves only %(due)s."
    raise UnableToDecideCredit(Sentence(msg, **values))


def _due_now(connection: Connection, row: Row[Any], rebate: Rebate, *, at_most: Money | None = None) -> Netted:
    """Return what is left of what the window owes, no more than was claimed in time; old rows owe by objective."""
    same = (_CREDITS.c.ticket == row.ticket) & (_CREDITS.c.window_start == row.window_start)
    mine = same & (_CREDITS.c.window_end == row.window_end) & (_CREDITS.c.agreement == row.agreement)
    one = _CREDITS.c.id == row.id if owes_the_window(row) else mine
    gross = connection.scalar(select(func.sum(_CREDITS.c.gross)).where(one))
    owed = from_minor_units(int(gross or 0), row.currency)
    owed = owed if at_most is None else min(owed, at_most)
    return rebate.model_copy(update={"owed": owed}).net_of(_counted(connection, row))


def _taken_off(connection: Connection, row: Row[Any]) -> Money:
    """Return what was credited for the same time in the same currency: no other can be taken off."""
    counted = (one for one in _counted(connection, row) if one.amount.currency == row.currency)
    amounts = (c.amount for c in counted if c.window.start < row.window_end and row.window_start < c.window.end)
    return sum(amounts, start=Money.zero(row.currency))


def _counted(connection: Connection, row: Row[Any]) -> Sequence[EarlierCredit]:
    return counted_credits(connection, row.customer, row.service)


def _check_currency(connection: Connection, row: Row[Any]) -> None:
    table = t.billing_accounts.c
    currency = connection.scalar(select(table.currency).where(table.id == row.account))
    if currency != row.currency:
        msg = "The credit %(credit)s is in %(currency)s, the account %(account)s in %(other)s: decline it."
        values = {"credit": row.id, "currency": row.currency, "account": row.account, "other": currency}
        raise UnableToDecideCredit(Sentence(msg, **values))


def _book(
    connection: Connection, row: Row[Any], amount: Money, *, person: Person, now: datetime, outgoing: PendingMessages
) -> Money:
    _check_currency(connection, row)
    _decide(
        connection,
        row.id,
        state="booked",
        amount=to_minor_units(amount),
        invoice=open_invoice(connection, row.account),
        decided_by=person.name,
        decision_reason=person.reason,
        decided_at=now,
    )
    if amount:
        message = posting(installation_id(connection), row.id, row.account, amount)
        outgoing.put(kind=message.kind, key=message.key, payload=message.payload)
    return amount


def _decide(connection: Connection, reference: str, **values: object) -> None:
    connection.execute(update(_CREDITS).where(_CREDITS.c.id == reference).values(**values))
