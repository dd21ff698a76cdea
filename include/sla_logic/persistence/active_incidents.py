"""Active incidents: started and not ended; tickets in the backlog and imported history are not active."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, select

from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import tickets

# Begins with the queue: by its index only those are read that have no end yet, however many have one.
INCIDENTS: FromClause = queue.join(tickets, tickets.c.number == queue.c.ticket)


def active() -> ColumnElement[bool]:
    """Return the condition for rows of `INCIDENTS` that are active."""
    not_begun = exists().where(arrivals.c.ticket == queue.c.ticket, arrivals.c.state != "started").correlate(queue)
    return and_(
        queue.c.closed_at.is_(None),
        tickets.c.parent.is_(None),
        tickets.c.status != TicketStatus.CANCELLED.value,
        ~not_begun,
    )


def active_tickets(connection: Connection, tickets_: Iterable[str]) -> set[str]:
    """Return which of these tickets are active."""
    numbers = [number for one in tickets_ if (number := ticket_number(one)) is not None]
    if not numbers:
        return set()
    query = select(tickets.c.number).select_from(INCIDENTS).where(tickets.c.number.in_(numbers), active())
    return {ticket_id(number) for number in connection.scalars(query)}
