"""The places of tickets that wait: their clocks and their customers' significance, before any step is taken."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from include.sla_logic.domain.significance import Band, work_out_significance
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.batch_repositories import repositories_of
from include.sla_logic.persistence.incident_records import IncidentRecord, ticket_of
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
    records = [IncidentRecord(row.number, ticket_of(row)) for row in rows]
    batch = Batch(connection, records, run_id="", now=now)
    told: dict[int, dict[str, Any]] = {number: {} for number in numbers}
    for row, incident in zip(rows, records, strict=True):
        told[row.number] = _significance(batch, incident, row.observed_on)
    change_places(connection, told, now=now)


def _significance(batch: Batch, incident: IncidentRecord, observed_on: date) -> dict[str, Any]:
    ticket = incident.ticket
    register = repositories_of(batch, ticket.id, sender=None).contracts
    agreement = register.agreement(ticket.customer, ticket.service, at=datetime.combine(observed_on, time(), UTC))
    said = work_out_significance(
        register.relationship(agreement, at=batch.now),
        premium=register.contract(agreement).premium,
        near_chronic_right=None,
        policy=policies_in_force().significance,
        now=batch.now,
    )
    return {"score": said.score, "protected": said.band is Band.PROTECTED}
