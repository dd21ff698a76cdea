"""What needs a person's attention, counted and listed for the head of the board."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    Select,
    bindparam,
    func,
    literal_column,
    select,
)

from include.sla_logic.domain.disputes import DisputeState
from include.sla_logic.domain.trouble_ticket import OPEN
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.outbox import not_suspended
from include.sla_logic.persistence.paging import COUNTED, Page, cut_first
from include.sla_logic.persistence.quarantine import of_import
from include.sla_logic.persistence.queries.board_filter import folded_places, unanswered
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.disputes import disputes
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
    connection: Connection, *, now: datetime, number: int = 1, size: int = 8, most: int | None = None
) -> Page[HeldRestoration]:
    """Return the requests that wait for a release, the nearest deadline first, counted no further than `most`."""
    waiting = restorations.c.outcome.is_(None), unanswered(), restorations.c.deadline >= now
    rows = select(restorations).where(*waiting).order_by(restorations.c.deadline, restorations.c.ticket)
    return cut_first(connection, rows, _described, _held_restoration, number=number, size=size, most=most)


def nearest_held_restorations(connection: Connection, *, now: datetime, size: int = 8) -> list[HeldRestoration]:
    """Return the first of these requests, uncounted."""
    return [_held_restoration(row) for row in connection.execute(_nearest(size), {"now": now})]


@cache
def _nearest(size: int) -> Select[Any]:
    """Return the query for the first requests, which are found before anything is joined to them.

    Their number stands in the query: of a parameter PostgreSQL expects a tenth of all, and reads every ticket.
    """
    waiting = restorations.c.outcome.is_(None), unanswered(), restorations.c.deadline >= bindparam("now")
    first = select(restorations).where(*waiting).order_by(restorations.c.deadline, restorations.c.ticket)
    return _described(first.limit(literal_column(str(size))).subquery())


def _described(waits: FromClause) -> Select[Any]:
    """Return the query for these requests with customer and service, in the order of their deadlines."""
    return (
        select(waits.c.ticket, waits.c.deadline, waits.c.held_because, customers.c.name, tickets.c.customer)
        .add_columns(tickets.c.service)
        .select_from(waits)
        .join(tickets, tickets.c.number == waits.c.ticket)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .order_by(waits.c.deadline, waits.c.ticket)
    )


def _held_restoration(row: Row[Any]) -> HeldRestoration:
    customer = row.name or row.customer
    return HeldRestoration(ticket_id(row.ticket), customer, row.service, row.deadline, row.held_because)


@dataclass(frozen=True)
class AttentionCounts:
    """What the head of the board counts; more than COUNTED of a kind are COUNTED + 1."""

    open: int
    escalated: int
    waiting: int
    credits: int
    disputes: int
    quarantined: int
    undelivered: int
    dead: int


def count_attention(connection: Connection, *, now: datetime) -> AttentionCounts:
    """Count everything that needs attention, along indexes; a child ticket counts with its open parent."""
    found = dict(connection.execute(_COUNTS, {"now": now}).mappings().one())
    for name in _FOLDED:
        found[name] -= found.pop(f"folded_{name}")
    return AttentionCounts(**found)


_FOLDED = ("open", "escalated")


def _counts() -> Select[Any]:
    """Count all in one statement, which is put together once: the head of the board is read with every page of it.

    What is folded is subtracted from what is open and escalated, which are counted further by as many.
    """
    waits = (restorations.c.outcome.is_(None), unanswered(), restorations.c.deadline >= bindparam("now"))
    refused = (quarantine.c.state == "waiting", of_import(imports=False))
    counted: dict[str, tuple[FromClause, Sequence[ColumnElement[bool]]]] = {
        "open": (queue, [queue.c.open.is_(True)]),
        "escalated": (tickets, [tickets.c.escalated.is_(True), tickets.c.status.in_(OPEN)]),
        "waiting": (restorations, waits),
        "credits": (applied_billing_credits, [applied_billing_credits.c.state == "held"]),
        "disputes": (disputes, [disputes.c.state == DisputeState.OPEN.value]),
        "quarantined": (quarantine, refused),
        "undelivered": (outbox, [outbox.c.state.in_(("waiting", "claimed"))]),
        "dead": (outbox, [outbox.c.state == "dead", not_suspended()]),
    }
    folded = folded_places().cte("folded")
    most: dict[str, ColumnElement[Any]] = dict.fromkeys(counted, literal_column(str(COUNTED + 1)))
    for name in _FOLDED:
        most[name] += select(folded.c[name]).scalar_subquery()
    columns: list[ColumnElement[Any]] = [
        *(_count_of(table, which, most[name]).label(name) for name, (table, which) in counted.items()),
        *(folded.c[name].label(f"folded_{name}") for name in _FOLDED),
    ]
    return select(*columns)


def _count_of(table: FromClause, which: Sequence[ColumnElement[bool]], most: ColumnElement[Any]) -> ScalarSelect[Any]:
    found = select(literal_column("1").label("one")).select_from(table).where(*which).limit(most).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


_COUNTS = _counts()
