"""Service problems with their incidents."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select, true

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.problem_view import Acknowledged, ProblemView
from include.sla_logic.domain.service_problem import ProblemEnd
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.keyset import Cut, Part, cut_part
from include.sla_logic.persistence.paging import Page
from include.sla_logic.persistence.problem_acknowledgements import acknowledged
from include.sla_logic.persistence.schema.alarms import proactive_incidents
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.persistence.service_problems import as_problem, problem_number

Names = Collection[str]
p, ties, hits = service_problems.c, service_problem_tickets.c, proactive_incidents.c
_WAITS = (hits.ticket.is_(None), hits.opened_at.is_(None), hits.over_at.is_(None))
_HELD = (
    select(restorations.c.ticket)
    .where(
        restorations.c.ticket == ties.ticket,
        restorations.c.outcome.is_(None),
        restorations.c.sent_at.is_(None),
        restorations.c.rejected_at.is_(None),
    )
    .exists()
)


class UnableToFindProblem(NotFoundError):
    """There is no service problem of that number."""


@dataclass(frozen=True)
class ProblemFilter:
    """Which service problems are asked for, each by alternatives; None where any will do.

    `customers` are those of whom an incident is tied to it; tickets and services are looked for among theirs.
    """

    customers: Names | None = None
    problems: Names | None = None
    statuses: Names | None = None
    categories: Names | None = None
    priorities: Collection[int] | None = None
    resources: Names | None = None
    services: Names | None = None
    tickets: Names | None = None


def list_problems(connection: Connection, *, open_only: bool, limit: int) -> Sequence[ProblemView]:
    """Return service problems, the newest first; the same number of queries however many there are."""
    condition = p.closed_at.is_(None) if open_only else true()
    return _views(connection, condition, limit)


def page_of_problems(connection: Connection, *, open_only: bool, number: int, size: int) -> Page[ProblemView]:
    """Return one page of the same list."""
    condition = p.closed_at.is_(None) if open_only else true()
    total = connection.scalar(select(func.count()).select_from(service_problems).where(condition)) or 0
    return Page(_views(connection, condition, size, (number - 1) * size), int(total), number, size)


def find_problems(connection: Connection, wanted: ProblemFilter, cut: Cut) -> tuple[Part[ProblemView], int]:
    """Return a part of the problems that match, the newest first, and how many there are in all.

    For `customers` a problem shows their tickets and services only; status and priority are those of the problem.
    """
    query = select(service_problems).where(*_conditions(wanted))
    part = cut_part(connection, query, [p.number], lambda row: row, cut, descending=True)
    views = _with_members(connection, part.rows, wanted.customers)
    total = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    return Part(views, part.first, part.last, part.more_before, part.more_after), int(total)


def read_problem(connection: Connection, problem: str) -> ProblemView:
    """Return one service problem; raise `UnableToFindProblem`."""
    number = problem_number(problem)
    found = _views(connection, p.number == number, 1) if number else []
    if not found:
        raise UnableToFindProblem(f"There is no service problem {problem!r}; write it as SP-000001.")
    return found[0]


def problems_of(connection: Connection, number: int) -> Sequence[ProblemView]:
    """Return the service problems to which an incident is tied."""
    mine = select(ties.problem).where(ties.ticket == number)
    return _views(connection, p.number.in_(mine.scalar_subquery()), None)


def _conditions(wanted: ProblemFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.problems is not None:
        yield p.number.in_([problem_number(one) or 0 for one in wanted.problems])
    if wanted.statuses is not None:
        yield or_(false(), *(_has_status(one) for one in wanted.statuses))
    if wanted.categories is not None:
        yield p.type_of_problem.in_(wanted.categories)
    if wanted.resources is not None:
        yield p.resource.in_(wanted.resources)
    if wanted.priorities is not None:
        highest = func.min(ties.priority).in_(wanted.priorities)
        yield p.number.in_(select(ties.problem).group_by(ties.problem).having(highest))
    yield from _behind(wanted)


def _behind(wanted: ProblemFilter) -> Iterator[ColumnElement[bool]]:
    whose = true() if wanted.customers is None else tickets.c.customer.in_(wanted.customers)
    tied = select(ties.problem).join(tickets, tickets.c.number == ties.ticket).where(whose)
    if wanted.customers is not None:
        yield p.number.in_(tied)
    if wanted.tickets is not None:
        yield p.number.in_(tied.where(ties.ticket.in_([ticket_number(one) or 0 for one in wanted.tickets])))
    if wanted.services is not None:
        hit = select(hits.problem).where(*_WAITS, hits.service.in_(wanted.services), hits.problem.is_not(None))
        hit = hit if wanted.customers is None else hit.where(hits.customer.in_(wanted.customers))
        yield or_(p.number.in_(tied.where(tickets.c.service.in_(wanted.services))), p.number.in_(hit))


def _has_status(status: str) -> ColumnElement[bool]:
    held = select(ties.problem).where(_HELD)
    conditions: Mapping[str, ColumnElement[bool]] = {
        "resolved": p.ended == ProblemEnd.RESTORED.value,
        "closed": and_(p.ended.is_not(None), p.ended != ProblemEnd.RESTORED.value),
        "held": and_(p.ended.is_(None), p.number.in_(held)),
        "inProgress": and_(p.ended.is_(None), p.number.not_in(held)),
    }
    return conditions.get(status, false())


def _views(
    connection: Connection, condition: ColumnElement[bool], limit: int | None, skipped: int = 0
) -> list[ProblemView]:
    cut = select(service_problems).where(condition).order_by(p.number.desc()).limit(limit).offset(skipped)
    return _with_members(connection, connection.execute(cut).all(), None)


def _with_members(connection: Connection, rows: Sequence[Row[Any]], customers: Names | None) -> list[ProblemView]:
    numbers = [row.number for row in rows]
    if not numbers:
        return []
    columns = ties.problem, ties.ticket, ties.priority, tickets.c.customer, tickets.c.service, _HELD.label("held")
    query = select(*columns).join(tickets, tickets.c.number == ties.ticket)
    members: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.where(ties.problem.in_(numbers)).order_by(ties.ticket)):
        members[row.problem].append(row)
    waiting, seen = _waiting(connection, numbers, customers), acknowledged(connection, numbers)
    return [
        _view(row, members[row.number], customers, waiting.get(row.number, set()), seen.get(row.number, []))
        for row in rows
    ]


def _view(
    row: Row[Any],
    members: Sequence[Row[Any]],
    customers: Names | None,
    waiting: Collection[str],
    seen: Sequence[Acknowledged],
) -> ProblemView:
    shown = [member for member in members if customers is None or member.customer in customers]
    return ProblemView(
        problem=as_problem(row),
        tickets=tuple(ticket_id(member.ticket) for member in shown),
        services=tuple(sorted({member.service for member in shown})),
        priority=min((member.priority for member in members), default=10),
        held=sum(bool(member.held) for member in members),
        without_incident=tuple(sorted(waiting)),
        acknowledged=tuple(seen) if customers is None else tuple(one.unnamed for one in seen),
    )


def _waiting(connection: Connection, numbers: Sequence[int], customers: Names | None) -> Mapping[int, Collection[str]]:
    query = select(hits.problem, hits.service).where(hits.problem.in_(numbers), *_WAITS)
    found: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(query if customers is None else query.where(hits.customer.in_(customers))):
        found[row.problem].add(row.service)
    return found
