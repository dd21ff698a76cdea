"""What needs a person's attention, counted and listed for the head of the board."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.outbox import not_suspended
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.quarantine import of_import
from include.sla_logic.persistence.queries.board_filter import folded_places, unanswered
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.system_t import outbox, quarantine, restorations, tickets


@dataclass(frozen=True)
class HeldRestoration:
    """One restoration request that an operator can still release."""

    ticket: str
    customer: str
    service: str
    deadline: datetime
    held_because: str | None


def held_restorations(
    connection: Connection, *, now: datetime, number: int = 1, size: int = 8
) -> Page[HeldRestoration]:
    """Return the requests that wait for a release, the nearest deadline first."""
    query = (
        select(restorations, customers.c.name, tickets.c.customer, tickets.c.service)
        .join(tickets, tickets.c.number == restorations.c.ticket)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .where(restorations.c.outcome.is_(None), unanswered(), restorations.c.deadline >= now)
        .order_by(restorations.c.deadline, restorations.c.ticket)
    )
    return cut_page(connection, query, _held_restoration, number=number, size=size)


def _held_restoration(row: Row[Any]) -> HeldRestoration:
    customer = row.name or row.customer
    return HeldRestoration(ticket_id(row.ticket), customer, row.service, row.deadline, row.held_because)


@dataclass(frozen=True)
class AttentionCounts:
    """What the head of the board counts."""

    open: int
    escalated: int
    waiting: int
    credits: int
    quarantined: int
    undelivered: int
    dead: int


def count_attention(connection: Connection, *, now: datetime) -> AttentionCounts:
    """Count everything that needs attention, along indexes; a child ticket counts with its open parent."""

    def count(query: Select[Any]) -> int:
        return int(connection.scalar(query) or 0)

    opened = select(func.count()).select_from(queue).where(queue.c.open.is_(True))
    escalated = opened.where(queue.c.ticket.in_(select(tickets.c.number).where(tickets.c.escalated.is_(True))))
    waits = select(func.count()).select_from(restorations).where(restorations.c.outcome.is_(None))
    decisions = select(func.count()).select_from(applied_billing_credits)
    messages = select(func.count()).select_from(outbox)
    refused = select(func.count()).select_from(quarantine)
    return AttentionCounts(
        open=count(opened) - count(folded_places()),
        escalated=count(escalated) - count(folded_places(escalated=True)),
        waiting=count(waits.where(unanswered(), restorations.c.deadline >= now)),
        credits=count(decisions.where(applied_billing_credits.c.state == "held")),
        quarantined=count(refused.where(quarantine.c.state == "waiting", of_import(imports=False))),
        undelivered=count(messages.where(outbox.c.state.in_(("waiting", "claimed")))),
        dead=count(messages.where(outbox.c.state == "dead", not_suspended())),
    )
