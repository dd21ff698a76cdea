"""The open incidents in queue order, with the seconds left on each clock and the money at stake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.sla_clock import SlaClock
from include.sla_logic.persistence.exposure import Stake, Uncompared, assume_exposure, at_stake
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.queries.waiting_tickets import why_waiting
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.sla_clocks import read_clocks, read_standing


@dataclass(frozen=True)
class OpenTicket:
    """One open ticket in queue order; `seconds_left` until what `until` says, negative once it has passed.

    Outside the service hours the clock stands until `stands_until`, in words `stands`.
    `assumed` says that no comparison exists yet: at stake is what the contract's first tier costs.
    """

    ticket: str
    reference: str | None
    customer: str
    service: str
    status: str
    protected: bool
    priority: str | None
    score: int | None
    backlog: str | None
    seconds_left: int | None
    until: str | None
    running: bool
    stands_until: datetime | None
    stands: str | None
    at_stake: Money | None
    assumed: bool
    clock: SlaClock
    why: str | None


def read_open_list(
    connection: Connection, *, now: datetime, waiting_only: bool = False, limit: int = 50, offset: int = 0
) -> Sequence[OpenTicket]:
    """Return open tickets in queue order with their clocks, in a bounded number of queries."""
    query = (
        select(queue, tickets, arrivals.c.state.label("backlog"), arrivals.c.observed_at)
        .join(tickets, tickets.c.number == queue.c.ticket)
        .outerjoin(arrivals, arrivals.c.ticket == queue.c.ticket)
        .where(queue.c.open.is_(True))
        .order_by(queue.c.place)
        .limit(limit)
        .offset(offset)
    )
    rows = connection.execute(query.where(arrivals.c.state == "waiting") if waiting_only else query).all()
    numbers = [row.number for row in rows]
    clocks = read_clocks(connection, numbers, as_of=now)
    why = why_waiting(connection, numbers)
    exposure = assume_exposure(connection, uncompared(rows), now=now)
    return [
        _line(row, clocks[row.number], at_stake(row, exposure.get(row.number), now), why.get(row.number))
        for row in rows
    ]


def open_about(connection: Connection, service: str, *, limit: int) -> Sequence[str]:
    """Return the open tickets about a service, the most urgent first."""
    query = select(queue.c.ticket).join(tickets, tickets.c.number == queue.c.ticket)
    query = query.where(tickets.c.service == service, queue.c.open.is_(True)).order_by(queue.c.place).limit(limit)
    return [ticket_id(number) for number in connection.scalars(query)]


def uncompared(rows: Sequence[Row[Any]]) -> list[Uncompared]:
    """Return the tickets among these rows of queue, tickets and arrivals that no comparison has judged."""
    return [
        Uncompared(row.number, row.customer, row.service, row.observed_at or row.created_at)
        for row in rows
        if row.open and row.judged_at is None
    ]


def _line(row: Row[Any], clock: SlaClock, stake: Stake, why: str | None) -> OpenTicket:
    standing = read_standing(row._asdict(), clock)
    return OpenTicket(
        ticket=ticket_id(row.number),
        reference=row.external_reference,
        customer=row.customer,
        service=row.service,
        status=row.status,
        protected=row.protected,
        priority=row.priority,
        score=row.score,
        backlog=row.backlog,
        seconds_left=standing.seconds_left,
        until=standing.until,
        running=standing.running,
        stands_until=standing.stands_until,
        stands=standing.stands,
        at_stake=stake.amount,
        assumed=stake.assumed,
        clock=clock,
        why=why,
    )
