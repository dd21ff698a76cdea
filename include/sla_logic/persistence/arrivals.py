"""Tickets that wait for a run; each gets a place in the queue before it is compared."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select, update

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.database import insert_once
from include.sla_logic.persistence.first_documents import load_first_documents
from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.initial_positions import place_arrivals
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.system_t import steps
from include.sla_logic.persistence.timelines import tell_timelines


def note_arrival(connection: Connection, ticket: TroubleTicket, *, source: str, now: datetime) -> bool:
    """Let the ticket wait in the backlog, once, and tell whether it waits; False if a run has it already."""
    number = ticket_number(ticket.id) or 0
    if connection.scalar(select(steps.c.id).where(steps.c.ticket == number).limit(1)) is not None:
        return False
    body = load_first_documents(connection, [number], ProblemNotification.kind())[number].body
    notification = ProblemNotification.model_validate_json(body)
    row = {
        "ticket": number,
        "source": source[:64],
        "fingerprint": sha256(body.encode()).hexdigest(),
        "observed_on": notification.observed_from.date(),
        "observed_at": notification.observed_from,
        "state": "waiting",
        "attempts": 0,
    }
    if not insert_once(connection, arrivals, "ticket", row):
        state = connection.scalar(select(arrivals.c.state).where(arrivals.c.ticket == number))
        return state == row["state"]
    protected = connection.scalar(select(customers.c.protected).where(customers.c.id == ticket.customer)) or False
    priority = policies_in_force().priorities.priority(notification.impact, notification.urgency)
    known = {"priority": priority.value, "original_priority": priority.value, "protected": protected}
    connection.execute(update(queue).where(queue.c.ticket == number).values(known))
    place_arrivals(connection, [number], now=now)
    tell_timelines(connection, [number], "Waits in the backlog.", now=now)
    return True
