"""What wants a person's attention, counted and listed for the head of the board."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.queries.board import unanswered
from include.sla_logic.persistence.schema.accounts import applied_billing_credits as kept
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.system_t import outbox, quarantine, restorations, tickets


@dataclass(frozen=True)
class Waiting:
    """One restoration request that an operator can still release."""

    ticket: str
    customer: str
    service: str
    deadline: datetime
    held_because: str | None


def waiting_restorations(connection: Connection, *, now: datetime, number: int = 1, size: int = 8) -> Page[Waiting]:
    """Return the requests that wait for a release, the nearest deadline first."""
    query = (
        select(restorations, customers.c.name, tickets.c.customer, tickets.c.service)
        .join(tickets, tickets.c.number == restorations.c.ticket)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .where(restorations.c.outcome.is_(None), unanswered(), restorations.c.deadline >= now)
        .order_by(restorations.c.deadline, restorations.c.ticket)
    )
    return cut_page(connection, query, _waiting, number=number, size=size)


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(ticket_id(row.ticket), row.name or row.customer, row.service, row.deadline, row.held_because)


@dataclass(frozen=True)
class Figures:
    """What the head of the board counts."""

    open: int
    escalated: int
    waiting: int
    credits: int
    quarantined: int
    undelivered: int
    dead: int


def count_figures(connection: Connection, *, now: datetime) -> Figures:
    """Count everything that wants attention, along indexes."""

    def count(query: Select[Any]) -> int:
        return int(connection.scalar(query) or 0)

    escalated = select(func.count()).select_from(queue.join(tickets, tickets.c.number == queue.c.ticket))
    waits = select(func.count()).select_from(restorations).where(restorations.c.outcome.is_(None))
    messages = select(func.count()).select_from(outbox)
    return Figures(
        open=count(select(func.count()).select_from(queue).where(queue.c.open.is_(True))),
        escalated=count(escalated.where(queue.c.open.is_(True), tickets.c.escalated.is_(True))),
        waiting=count(waits.where(unanswered(), restorations.c.deadline >= now)),
        credits=count(select(func.count()).select_from(kept).where(kept.c.state == "held")),
        quarantined=count(select(func.count()).select_from(quarantine).where(quarantine.c.state == "waiting")),
        undelivered=count(messages.where(outbox.c.state.in_(("waiting", "claimed")))),
        dead=count(messages.where(outbox.c.state == "dead")),
    )
