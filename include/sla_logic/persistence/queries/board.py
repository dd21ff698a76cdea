"""The board: incidents in queue order, one page of them, cut out by the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.exposure import assume_exposure
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.queries.open_incidents import uncompared
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers, services
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.persistence.sla_clocks import Standing, read_clocks, read_standing

SHOWN = ("open", "waiting", "escalated", "on_hold", "settled", "all")


@dataclass(frozen=True)
class BoardFilter:
    """What of the board is asked for; an empty text asks for nothing. `shown` is one of SHOWN."""

    shown: str = "open"
    lane: str = ""
    priority: str = ""
    customer: str = ""
    service: str = ""
    search: str = ""


@dataclass(frozen=True)
class BoardLine:
    """One incident of the board; `deadline` is that of a restoration request that is still waited for.

    `seconds_left` until what `until` says, below zero once it has passed; they run down to `runs_out_at`, which is
    None while the clock stands, and `stopped_by` says for whom it does. At stake is what the next tier costs on top;
    `assumed` says that nobody has compared the incident yet, and that it is the contract's first tier.
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


@dataclass(frozen=True)
class BoardPage:
    """One page, and how many incidents fit in all."""

    lines: Sequence[BoardLine]
    total: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))


def read_board(
    connection: Connection, wanted: BoardFilter, *, now: datetime, page: int = 1, size: int = 50
) -> BoardPage:
    """Return one page of the incidents that fit, the most urgent first, with their clocks at this moment.

    The page is cut before anything is joined to it, along an index in queue order.
    """
    fitting = _fitting(wanted, now)
    total = int(connection.scalar(select(func.count()).select_from(fitting.subquery())) or 0)
    order = (queue.c.open.desc(), queue.c.place)
    cut = fitting.order_by(*order).limit(size).offset((page - 1) * size).subquery()
    rows = connection.execute(_dressed(cut.c.ticket).order_by(*order)).all()
    clocks = read_clocks(connection, [row.number for row in rows], as_of=now)
    exposure = assume_exposure(connection, uncompared(rows))
    lines = [_line(row, read_standing(row._asdict(), clocks[row.number]), exposure.get(row.number)) for row in rows]
    return BoardPage(lines, total, page, size)


def _fitting(wanted: BoardFilter, now: datetime) -> Select[Any]:
    query = select(queue.c.ticket)
    conditions = [*_shown(wanted.shown), *_asked(wanted)]
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
    """Tell the database which restoration requests nobody has sent or rejected."""
    return and_(restorations.c.sent_at.is_(None), restorations.c.rejected_at.is_(None))


def _asked(wanted: BoardFilter) -> Sequence[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    for column, value in (
        (tickets.c.assigned_to, wanted.lane),
        (tickets.c.customer, wanted.customer),
        (tickets.c.service, wanted.service),
    ):
        if value:
            asked.append(column == value)
    if wanted.search:
        asked.append(_found(wanted.search))
    return asked


def _found(search: str) -> ColumnElement[bool]:
    """Look for a ticket id, a reference, or a part of a customer's or service's number or name."""
    number = ticket_number(search.upper())
    if number is not None:
        return tickets.c.number == number
    names = select(customers.c.id).where(customers.c.name.icontains(search, autoescape=True))
    lines = select(services.c.id).where(services.c.name.icontains(search, autoescape=True))
    return or_(
        tickets.c.external_reference.icontains(search, autoescape=True),
        tickets.c.run_id == search,
        tickets.c.customer.icontains(search, autoescape=True),
        tickets.c.service.icontains(search, autoescape=True),
        tickets.c.customer.in_(names),
        tickets.c.service.in_(lines),
    )


def _dressed(numbers: ColumnElement[int]) -> Select[Any]:
    waits = and_(restorations.c.ticket == queue.c.ticket, restorations.c.outcome.is_(None), unanswered())
    return (
        select(
            queue,
            tickets,
            customers.c.name.label("customer_name"),
            services.c.name.label("service_name"),
            restorations.c.deadline,
            restorations.c.held_because,
            arrivals.c.observed_on,
        )
        .join(tickets, tickets.c.number == queue.c.ticket)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .outerjoin(services, services.c.id == tickets.c.service)
        .outerjoin(restorations, waits)
        .outerjoin(arrivals, arrivals.c.ticket == queue.c.ticket)
        .where(queue.c.ticket.in_(select(numbers)))
    )


def money(amount: int | None, currency: str | None) -> Money | None:
    """Return the amount, or None where it is not known."""
    return None if amount is None or currency is None else from_minor_units(amount, currency)


def _line(row: Row[Any], standing: Standing, assumed: Money | None) -> BoardLine:
    stake = money(row.at_stake, row.currency) if row.open else None
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
        net_seconds=int(standing.net.total_seconds()),
        at_stake=stake or assumed,
        assumed=stake is None and assumed is not None,
        due=money(row.due, row.currency),
        deadline=row.deadline,
        held_because=row.held_because,
        outcome=row.outcome,
        credit=money(row.credit, row.currency),
        credit_state=row.credit_state,
        closed_at=row.closed_at,
    )
