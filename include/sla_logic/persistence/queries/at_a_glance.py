"""What the head of an incident's page says besides its clock: the money, and where the customer is reached."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.exposure import at_stake, money
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.system_t import tickets


@dataclass(frozen=True)
class AtAGlance:
    """What the next tier costs, what is owed so far, and the address that letters go to; None is not known."""

    stake: Money | None
    due: Money | None
    contact: str | None


def at_a_glance(connection: Connection, number: int, *, now: datetime) -> AtAGlance:
    """Read it for one ticket."""
    query = (
        select(queue, customers.c.email)
        .join(tickets, tickets.c.number == queue.c.ticket)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
    )
    row = connection.execute(query.where(queue.c.ticket == number)).one()
    return AtAGlance(at_stake(row, None, now).amount, money(row.due, row.currency), row.email)
