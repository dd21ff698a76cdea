"""Events of service problems (TMF656): told to a customer with their first incident, and with each change of status."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, or_, select, update

from include.sla_logic.domain.events import (
    PROBLEM_CHANGED,
    PROBLEM_CREATED,
    PROBLEM_STATUS,
    SERVICE_PROBLEM,
    Event,
)
from include.sla_logic.domain.open_apis.service_problem import service_problem
from include.sla_logic.domain.problem_view import ProblemView, status_of
from include.sla_logic.domain.service_problem import ProblemEnd
from include.sla_logic.persistence.events import heard_apis, note_events
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.persistence.service_problems import as_problem, problem_id

ROOT = "/tmf-api"
# What depends on whose incidents are seen: several customers are told of one event.
_OF_ONE = ("affectedService", "affectedNumberOfServices", "troubleTicket", "relatedEntity", "priority")
p, ties = service_problems.c, service_problem_tickets.c
_WAITS = (restorations.c.outcome.is_(None), restorations.c.sent_at.is_(None), restorations.c.rejected_at.is_(None))


def tell_problems(
    connection: Connection, numbers: Sequence[int], fresh: Collection[tuple[int, int]], *, now: datetime
) -> None:
    """Tell what has become of the problems of these incidents; `fresh` are problem and ticket of what was tied now."""
    rows = _problems(connection, numbers)
    changed = [{"its_number": row.number, "told": _status(row)} for row in rows if _status(row) != row.told_status]
    if changed:
        mark = update(service_problems).where(p.number == bindparam("its_number")).values(told_status=bindparam("told"))
        connection.execute(mark, changed)
    if (changed or fresh) and SERVICE_PROBLEM in heard_apis(connection):
        note_events(connection, _events(rows, _customers(connection, [row.number for row in rows]), fresh), now=now)


def _events(
    rows: Sequence[Row[Any]], whose: Mapping[int, list[tuple[int, str]]], fresh: Collection[tuple[int, int]]
) -> list[Event]:
    events: list[Event] = []
    for row in rows:
        before = {who for ticket, who in whose[row.number] if (row.number, ticket) not in fresh}
        mine = sorted({who for ticket, who in whose[row.number] if (row.number, ticket) in fresh} - before)
        if row.told_status not in {None, _status(row)}:
            events.append(_event(PROBLEM_STATUS, row, sorted(before)))
        events += [_event(PROBLEM_CREATED, row, [customer]) for customer in mine]
    return events


def tell_acknowledged(
    connection: Connection, numbers: Sequence[int], record: Mapping[str, Any], *, now: datetime
) -> None:
    """Tell the customers of these problems that they were acknowledged."""
    whose = _customers(connection, numbers)
    query = select(service_problems, *_HELD).where(p.number.in_(numbers)).order_by(p.number)
    rows = connection.execute(query).all()
    told = [
        _event(PROBLEM_CHANGED, row, sorted({who for _, who in whose[row.number]}), trackingRecord=[dict(record)])
        for row in rows
    ]
    note_events(connection, told, now=now)


_HELD = (
    select(restorations.c.ticket)
    .join(service_problem_tickets, ties.ticket == restorations.c.ticket)
    .where(ties.problem == p.number, *_WAITS)
    .correlate(service_problems)
    .exists()
    .label("held"),
)


def _problems(connection: Connection, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    """Return the problems of these incidents, and those that they have superseded."""
    mine = select(ties.problem).where(ties.ticket.in_(numbers))
    places = select(p.resource).where(p.number.in_(mine))
    untold = and_(p.resource.in_(places), p.ended.is_not(None), p.told_status.not_in(("resolved", "closed")))
    query = select(service_problems, *_HELD).where(or_(p.number.in_(mine), untold)).order_by(p.number)
    return connection.execute(query).all()


def _customers(connection: Connection, problems: Sequence[int]) -> Mapping[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    query = select(ties.problem, ties.ticket, tickets.c.customer).join(tickets, tickets.c.number == ties.ticket)
    for row in connection.execute(query.where(ties.problem.in_(problems)).order_by(ties.ticket)):
        found[row.problem].append((row.ticket, row.customer))
    return found


def _status(row: Row[Any]) -> str:
    return status_of(ProblemEnd(row.ended) if row.ended else None, held=bool(row.held))


def _view(row: Row[Any]) -> ProblemView:
    return ProblemView(problem=as_problem(row), tickets=(), services=(), priority=10, held=int(row.held))


def _event(kind: str, row: Row[Any], customers: Sequence[str], **beside: Any) -> Event:
    told = service_problem(_view(row), root=ROOT)
    said = {name: value for name, value in told.items() if name not in _OF_ONE} | beside
    return Event(SERVICE_PROBLEM, kind, problem_id(row.number), tuple(customers), {"serviceProblem": said})
