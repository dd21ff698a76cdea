"""Disputes about windows: recorded once, decided once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, tuple_, update

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.disputes import Dispute, DisputeState, frozen_by
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.judged_facts import Basis, kinds_of
from include.sla_logic.domain.numbers import number_in
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.counted_credits import Subscription, window_of
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.disputes import disputes

PREFIX = "DP-"
_d = disputes.c


class UnableToFindDispute(NotFoundError):
    """There is no such dispute."""


def add_dispute(connection: Connection, dispute: Dispute, basis: Basis | None) -> Dispute:
    """Keep a new dispute with what is on record now; return it with its reference."""
    row = dispute.model_dump(include={"customer", "service", "ticket", "contested", "words", "recorded_by", "state"})
    row |= {"window_start": dispute.window.start, "window_end": dispute.window.end}
    row |= {"recorded_at": dispute.recorded_at, "basis": None if basis is None else basis.model_dump_json()}
    number = connection.execute(insert(disputes).values(row).returning(_d.number)).scalar_one()
    return dispute.model_copy(update={"reference": f"{PREFIX}{number}"})


def find_dispute(connection: Connection, reference: str) -> tuple[Dispute, Basis | None]:
    """Return a dispute and what was on record when it was recorded; raise `UnableToFindDispute`."""
    number = number_in("", reference.strip().upper().removeprefix(PREFIX))
    query = select(disputes).where(_d.number == (number or 0))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnableToFindDispute(Sentence("There is no dispute %(reference)s.", reference=reference[:20]))
    return _dispute(row), None if row.basis is None else Basis.model_validate_json(row.basis)


def decide_dispute(connection: Connection, decided: Dispute) -> None:
    """Keep the decision."""
    values = {
        "state": decided.state.value,
        "decided_by": decided.decided_by,
        "decided_at": decided.decided_at,
        "reason": decided.reason,
        "changed": ",".join(decided.changed) or None,
    }
    mine = _d.number == int(decided.reference.removeprefix(PREFIX))
    connection.execute(update(disputes).where(mine).values(values))


def disputes_of(connection: Connection, subscriptions: Collection[Subscription]) -> dict[Subscription, list[Dispute]]:
    """Return the disputes of customers' services, decided ones too, oldest first."""
    found: dict[Subscription, list[Dispute]] = {one: [] for one in subscriptions}
    mine = tuple_(_d.customer, _d.service).in_(list(found))
    for row in connection.execute(select(disputes).where(mine).order_by(_d.number)):
        found[row.customer, row.service].append(_dispute(row))
    return found


def disputes_about(connection: Connection, ticket: TroubleTicket, rebate: Rebate | None) -> list[Dispute]:
    """Return what was contested at an incident, or of its window elsewhere."""
    subscription = ticket.customer, ticket.service
    found = disputes_of(connection, [subscription])[subscription]
    mine = [one for one in found if one.ticket == ticket.id]
    return mine if rebate is None else [one for one in found if one in mine or one.window.overlaps(rebate.window)]


def freezing(connection: Connection, subscription: Subscription, window: Period) -> Dispute | None:
    """Return the open dispute by which nothing is booked for a window."""
    return frozen_by(disputes_of(connection, [subscription])[subscription], window)


def all_disputes(connection: Connection) -> dict[Subscription, list[Dispute]]:
    """Return every dispute, by customer's service."""
    named = connection.execute(select(_d.customer, _d.service).distinct())
    return disputes_of(connection, [(row.customer, row.service) for row in named])


def open_disputes(connection: Connection) -> list[Dispute]:
    """Return what is to be decided, oldest first."""
    return [_dispute(row) for row in connection.execute(_in_state(DisputeState.OPEN))]


def page_of_disputes(connection: Connection, *, state: str | None, number: int, size: int) -> Page[Dispute]:
    """Return one page of the disputes, perhaps only those in one state, oldest first."""
    return cut_page(connection, _in_state(state), _dispute, number=number, size=size)


def release_credit(connection: Connection, reference: str) -> None:
    """Let a credit that was held as its window was disputed wait for the customer's claim again."""
    values = {"state": "unclaimed", "held_because": None}
    connection.execute(
        update(applied_billing_credits).where(applied_billing_credits.c.id == reference).values(**values)
    )


def _in_state(state: str | None) -> Select[Any]:
    query = select(disputes).order_by(_d.recorded_at, _d.number)
    return query if state is None else query.where(_d.state == state)


def _dispute(row: Row[Any]) -> Dispute:
    names = ("customer", "service", "ticket", "words", "recorded_by", "recorded_at", "decided_by", "decided_at")
    return Dispute.model_validate(
        {name: getattr(row, name) for name in (*names, "contested", "state", "reason")}
        | {"reference": f"{PREFIX}{row.number}", "window": window_of(row), "changed": kinds_of(row.changed)}
    )
