"""The places of tickets that wait: their clocks and their customers' significance, before any step is taken."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from include.sla_logic.domain.significance import Band, work_out_significance
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.incident_records import ticket_of
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.queue_positions import change_places
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.reference import agreements
from include.sla_logic.persistence.schema.system_t import tickets


def acceptable() -> ColumnElement[bool]:
    """Hold for tickets that the process would accept: an agreement is in force on the day that was observed."""
    return exists().where(
        agreements.c.customer == tickets.c.customer,
        agreements.c.service == tickets.c.service,
        agreements.c.starts <= arrivals.c.observed_on,
        or_(agreements.c.ends.is_(None), agreements.c.ends >= arrivals.c.observed_on),
    )


def place_arrivals(connection: Connection, numbers: Sequence[int], *, now: datetime) -> None:
    """Work out where these waiting tickets stand: a few queries, however many there are.

    The significance is that of step 4 without what only a comparison knows; who has no agreement has none yet.
    """
    query = select(tickets, arrivals.c.observed_on).join(arrivals, arrivals.c.ticket == tickets.c.number)
    rows = connection.execute(query.where(tickets.c.number.in_(numbers), acceptable())).all()
    waiting = [(row.number, ticket_of(row), row.observed_on) for row in rows]
    register = ContractRegister(
        connection=connection, subscriptions=[(ticket.customer, ticket.service) for _, ticket, _ in waiting]
    )
    told: dict[int, dict[str, Any]] = {number: {} for number in numbers}
    for number, ticket, observed_on in waiting:
        told[number] = _significance(register, ticket, observed_on, now=now)
    change_places(connection, told, now=now)


def _significance(
    register: ContractRegister, ticket: TroubleTicket, observed_on: date, *, now: datetime
) -> dict[str, Any]:
    agreement = register.agreement(ticket.customer, ticket.service, at=datetime.combine(observed_on, time(), UTC))
    said = work_out_significance(
        register.relationship(agreement, at=now, ticket=ticket.id),
        premium=register.contract(agreement).premium,
        near_chronic_right=None,
        policy=policies_in_force().significance,
        now=now,
    )
    return {"score": said.score, "protected": said.band is Band.PROTECTED}
