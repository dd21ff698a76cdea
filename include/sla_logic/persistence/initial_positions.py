"""The places of tickets that wait: their clocks and their customers' significance, before any step is taken."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from include.sla_logic.domain.significance import Band, work_out_significance
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord
from include.sla_logic.persistence.incident_records import ticket_of
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.queue_positions import change_places
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.columns import day_after, day_before
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import agreements
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.sla_clocks import as_kept


def acceptable() -> ColumnElement[bool]:
    """Hold for tickets that the process would accept: an agreement was in force when the problem was observed.

    Days are those of the contract's zone, at most one away from those of UTC: near the first and the last day, and
    where the terms changed, a ticket is acceptable once the register has found its agreement and given it a score.
    """
    changed = exists().where(agreement_terms.c.agreement == agreements.c.id)
    day = arrivals.c.observed_on
    surely = exists().where(_own(), ~changed, _in_force(first=day_after(day), last=day_before(day)))
    return or_(surely, and_(queue.c.score.is_not(None), perhaps_acceptable()))


def perhaps_acceptable() -> ColumnElement[bool]:
    """Hold for tickets whose customers had an agreement for the service about that day."""
    day, terms = arrivals.c.observed_on, agreement_terms.c
    about = _in_force(first=day_before(day), last=day_after(day))
    had = exists().where(
        terms.customer == tickets.c.customer,
        terms.agreement == agreements.c.id,
        agreements.c.service == tickets.c.service,
        about,
    )
    return or_(exists().where(_own(), about), had)


def _own() -> ColumnElement[bool]:
    return and_(agreements.c.customer == tickets.c.customer, agreements.c.service == tickets.c.service)


def _in_force(*, first: ColumnElement[Any], last: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(agreements.c.starts <= last, or_(agreements.c.ends.is_(None), agreements.c.ends >= first))


def place_arrivals(connection: Connection, numbers: Sequence[int], *, now: datetime) -> None:
    """Work out where these waiting tickets stand: a few queries, however many there are.

    The significance is that of step 4 without what only a comparison knows; who has no agreement has none yet.
    """
    query = select(tickets, arrivals.c.observed_on, arrivals.c.observed_at)
    query = query.join(arrivals, arrivals.c.ticket == tickets.c.number)
    rows = connection.execute(query.where(tickets.c.number.in_(numbers), perhaps_acceptable())).all()
    waiting = [
        (row.number, ticket_of(row), row.observed_at or datetime.combine(row.observed_on, time(12), UTC))
        for row in rows
    ]
    register = ContractRegister(
        connection=connection, subscriptions=[(ticket.customer, ticket.service) for _, ticket, _ in waiting]
    )
    told: dict[int, dict[str, Any]] = {number: {} for number in numbers}
    for number, ticket, observed_at in waiting:
        told[number] = _significance(register, ticket, observed_at, now=now)
    change_places(connection, told, now=now)


def _significance(
    register: ContractRegister, ticket: TroubleTicket, observed_at: datetime, *, now: datetime
) -> dict[str, Any]:
    try:
        agreement = register.agreement(ticket.customer, ticket.service, at=observed_at)
    except UnableToFindRecord:
        return {}
    said = work_out_significance(
        register.relationship(agreement, at=now, ticket=ticket.id),
        premium=register.contract(agreement).premium,
        near_chronic_right=None,
        policy=policies_in_force().significance,
        now=now,
    )
    hours = as_kept(register.contract(agreement).service_hours)
    return {"score": said.score, "protected": said.band is Band.PROTECTED, "contract_hours": hours}
