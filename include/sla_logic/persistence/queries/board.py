"""The board: one page of the incidents in queue order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.standing import Standing
from include.sla_logic.persistence.exposure import Stake, assume_exposure, at_stake, money
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.paging import Page
from include.sla_logic.persistence.queries.open_incidents import uncompared
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers, services
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.persistence.sla_clocks import read_clocks, read_standing

SHOWN = ("open", "waiting", "escalated", "on_hold", "settled", "all")


@dataclass(frozen=True)
class BoardFilter:
    """Which incidents to show, `shown` being one of SHOWN; an empty text leaves a field open."""

    shown: str = "open"
    lane: str = ""
    priority: str = ""
    customer: str = ""
    service: str = ""
    search: str = ""


@dataclass(frozen=True)
class BoardLine:
    """One incident of the board; `deadline` is that of a restoration request that still waits.

    `seconds_left` run until what `until` says and are negative once it has passed; they run out at `runs_out_at`,
    which is None while the clock is stopped, and `stopped_by` says who owes the next step. Outside the service hours
    it stands until `stands_until`, in words `stands`; `counts_to` and `closes_at` are for the countdown.
    `at_stake` is what the next tier costs on top; `assumed` says that it is the first tier of the contract, because no
    comparison exists yet.
    """

    ticket: str
    reference: str | None
    run_id: str
    customer: str
    customer_name: str | None
    service: str
    service_name: str | None
    status: str
    lane: str
    escalated: bool
    created_at: datetime
    protected: bool
    priority: str | None
    original_priority: str | None
    score: int | None
    breached: bool | None
    objective: str | None
    judged_at: datetime | None
    open: bool
    seconds_left: int | None
    until: str | None
    runs_out_at: datetime | None
    stopped_by: str | None
    stands_until: datetime | None
    stands: str | None
    counts_to: datetime | None
    closes_at: datetime | None
    net_seconds: int
    at_stake: Money | None
    assumed: bool
    due: Money | None
    deadline: datetime | None
    held_because: str | None
    outcome: str | None
    credit: Money | None
    credit_state: str | None
    closed_at: datetime | None


def read_board(
    connection: Connection, wanted: BoardFilter, *, now: datetime, page: int = 1, size: int = 50
) -> Page[BoardLine]:
    """Return one page of the incidents that match, the most urgent first, with their clocks at this moment.

    The page is cut before anything is joined to it, along an index in queue order.
    """
    matching = _matching(wanted, now)
    total = int(connection.scalar(select(func.count()).select_from(matching.subquery())) or 0)
    order = (queue.c.open.desc(), queue.c.place)
    cut = matching.order_by(*order).limit(size).offset((page - 1) * size).subquery()
    rows = connection.execute(_with_details(cut.c.ticket).order_by(*order)).all()
    clocks = read_clocks(connection, [row.number for row in rows], as_of=now)
    exposure = assume_exposure(connection, uncompared(rows), now=now)
    lines = [
        _line(row, read_standing(row._asdict(), clocks[row.number]), at_stake(row, exposure.get(row.number), now))
        for row in rows
    ]
    return Page(lines, total, page, size)


def _matching(wanted: BoardFilter, now: datetime) -> Select[Any]:
    query = select(queue.c.ticket)
    conditions = [*_shown(wanted.shown), *_filters(wanted)]
    if wanted.priority:
        conditions.append(queue.c.priority == wanted.priority)
    needs_ticket = any((wanted.lane, wanted.customer, wanted.service, wanted.search)) or wanted.shown in {
        "escalated",
        "on_hold",
    }
    if needs_ticket:
        query = query.join(tickets, tickets.c.number == queue.c.ticket)
    if wanted.shown == "waiting":
        query = query.join(restorations, restorations.c.ticket == queue.c.ticket).where(restorations.c.deadline >= now)
    return query.where(*conditions)


def _shown(shown: str) -> Sequence[ColumnElement[bool]]:
    shows: dict[str, list[ColumnElement[bool]]] = {
        "open": [queue.c.open.is_(True)],
        "settled": [queue.c.open.is_(False)],
        "waiting": [queue.c.open.is_(True), restorations.c.outcome.is_(None), unanswered()],
        "escalated": [queue.c.open.is_(True), tickets.c.escalated.is_(True)],
        "on_hold": [queue.c.open.is_(True), tickets.c.status.in_(("pending", "held"))],
    }
    return shows.get(shown, [])


def unanswered() -> ColumnElement[bool]:
    """Return the condition that a restoration request was neither sent nor rejected."""
    return and_(restorations.c.sent_at.is_(None), restorations.c.rejected_at.is_(None))


def _filters(wanted: BoardFilter) -> Sequence[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    for column, value in (
        (tickets.c.assigned_to, wanted.lane),
        (tickets.c.customer, wanted.customer),
        (tickets.c.service, wanted.service),
    ):
        if value:
            filters.append(column == value)
    if wanted.search:
        filters.append(_search(wanted.search))
    return filters


def _search(text: str) -> ColumnElement[bool]:
    """Match a ticket id, a reference, or a part of a customer's or service's number or name."""
    number = ticket_number(text.upper())
    if number is not None:
        return tickets.c.number == number
    customer_names = select(customers.c.id).where(customers.c.name.icontains(text, autoescape=True))
    service_names = select(services.c.id).where(services.c.name.icontains(text, autoescape=True))
    return or_(
        tickets.c.external_reference.icontains(text, autoescape=True),
        tickets.c.run_id == text,
        tickets.c.customer.icontains(text, autoescape=True),
        tickets.c.service.icontains(text, autoescape=True),
        tickets.c.customer.in_(customer_names),
        tickets.c.service.in_(service_names),
    )


def _with_details(numbers: ColumnElement[int]) -> Select[Any]:
    waits = and_(restorations.c.ticket == queue.c.ticket, restorations.c.outcome.is_(None), unanswered())
    return (
        select(
            queue,
            tickets,
            customers.c.name.label("customer_name"),
            services.c.name.label("service_name"),
            restorations.c.deadline,
            restorations.c.held_because,
            arrivals.c.observed_at,
        )
        .join(tickets, tickets.c.number == queue.c.ticket)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .outerjoin(services, services.c.id == tickets.c.service)
        .outerjoin(restorations, waits)
        .outerjoin(arrivals, arrivals.c.ticket == queue.c.ticket)
        .where(queue.c.ticket.in_(select(numbers)))
    )


def _line(row: Row[Any], standing: Standing, stake: Stake) -> BoardLine:
    return BoardLine(
        ticket=ticket_id(row.number),
        reference=row.external_reference,
        run_id=row.run_id,
        customer=row.customer,
        customer_name=row.customer_name,
        service=row.service,
        service_name=row.service_name,
        status=row.status,
        lane=row.assigned_to,
        escalated=row.escalated,
        created_at=row.created_at,
        protected=row.protected,
        priority=row.priority,
        original_priority=row.original_priority,
        score=row.score,
        breached=row.breached,
        objective=row.objective,
        judged_at=row.judged_at,
        open=row.open,
        seconds_left=standing.seconds_left if row.open else None,
        until=standing.until if row.open else None,
        runs_out_at=standing.runs_out_at if row.open else None,
        stopped_by=standing.stopped_by,
        stands_until=standing.stands_until if row.open else None,
        stands=standing.stands if row.open else None,
        counts_to=standing.counts_to if row.open else None,
        closes_at=standing.closes_at if row.open else None,
        net_seconds=standing.net_seconds,
        at_stake=stake.amount,
        assumed=stake.assumed,
        due=money(row.due, row.currency),
        deadline=row.deadline,
        held_because=row.held_because,
        outcome=row.outcome,
        credit=money(row.credit, row.currency),
        credit_state=row.credit_state,
        closed_at=row.closed_at,
    )
