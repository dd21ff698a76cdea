"""The tickets that wait in the backlog, and what each waits for."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, select

from include.sla_logic.persistence.backlog import WAITING
from include.sla_logic.persistence.initial_positions import acceptable
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.system_t import tickets


@dataclass(frozen=True)
class Waiting:
    """How many tickets wait: those that can be accepted, and the others by what is missing."""

    ready: int
    unknown_customer: int
    no_agreement: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.ready + self.unknown_customer + self.no_agreement


def count_waiting(connection: Connection) -> Waiting:
    """Count the waiting tickets by what is missing."""
    known = exists().where(customers.c.id == tickets.c.customer)
    joined = arrivals.join(tickets, tickets.c.number == arrivals.c.ticket).join(
        queue, queue.c.ticket == arrivals.c.ticket
    )
    query = select(func.count(), func.count().filter(acceptable()), func.count().filter(~known))
    waiting = query.select_from(joined).where(arrivals.c.state == WAITING, queue.c.open.is_(True))
    total, ready, unknown = connection.execute(waiting).one()
    return Waiting(ready=ready, unknown_customer=unknown, no_agreement=total - ready - unknown)


def why_waiting(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return what each of these tickets waits for that cannot be accepted yet."""
    known = exists().where(customers.c.id == tickets.c.customer)
    query = (
        select(arrivals.c.ticket, tickets.c.customer, tickets.c.service, known.label("known"))
        .join(tickets, tickets.c.number == arrivals.c.ticket)
        .join(queue, queue.c.ticket == arrivals.c.ticket)
        .where(arrivals.c.state == WAITING, arrivals.c.ticket.in_(numbers), ~acceptable())
    )
    return {
        row.ticket: (
            f"customer {row.customer} has no agreement for service {row.service} in force on the day observed"
            if row.known
            else f"customer {row.customer} is not in the contract register"
        )
        for row in connection.execute(query)
    }
