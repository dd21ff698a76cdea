"""Service problems with their incidents."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, true

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.service_problem import ProblemEnd, ServiceProblem
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.paging import Page
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.persistence.service_problems import as_problem, problem_id, problem_number

p, ties = service_problems.c, service_problem_tickets.c


class UnableToFindProblem(NotFoundError):
    """There is no service problem of that number."""


class ProblemView(Value):
    """One service problem with the incidents that are tied to it."""

    problem: ServiceProblem
    tickets: tuple[str, ...]
    services: tuple[str, ...]
    priority: int
    held: int

    @property
    def status(self) -> str:
        """Tell how far it is; held while a request waits for a release."""
        if self.problem.end is not None:
            return "resolved" if self.problem.end is ProblemEnd.RESTORED else "closed"
        return "held" if self.held else "inProgress"

    def as_printed(self) -> dict[str, Any]:
        """Return what `sla problem --json` prints."""
        one = self.problem
        return {
            "id": one.id,
            "category": one.type_of_problem,
            "priority": self.priority,
            "reason": one.reason,
            "status": self.status,
            "statusChangeReason": one.end,
            "creationDate": _iso(one.opened_at),
            "resolutionDate": _iso(one.closed_at),
            "firstAlert": _iso(one.began_at),
            "affectedNumberOfServices": len(self.services),
            "rootCauseResource": [{"id": one.resource}],
            "affectedService": [{"id": service} for service in self.services],
            "associatedTroubleTicket": [{"id": ticket} for ticket in self.tickets],
            "analysedAs": {"id": one.analysed_as},
            "releaseDate": _iso(one.released_at),
        }


def list_problems(connection: Connection, *, open_only: bool, limit: int) -> Sequence[ProblemView]:
    """Return service problems, the newest first; the same number of queries however many there are."""
    condition = p.closed_at.is_(None) if open_only else true()
    return _views(connection, condition, limit)


def page_of_problems(connection: Connection, *, open_only: bool, number: int, size: int) -> Page[ProblemView]:
    """Return one page of the same list."""
    condition = p.closed_at.is_(None) if open_only else true()
    total = connection.scalar(select(func.count()).select_from(service_problems).where(condition)) or 0
    return Page(_views(connection, condition, size, (number - 1) * size), int(total), number, size)


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


def _views(
    connection: Connection, condition: ColumnElement[bool], limit: int | None, skipped: int = 0
) -> list[ProblemView]:
    cut = select(service_problems).where(condition).order_by(p.number.desc()).limit(limit).offset(skipped)
    rows = connection.execute(cut).all()
    held = select(restorations.c.ticket).where(
        restorations.c.ticket == ties.ticket,
        restorations.c.outcome.is_(None),
        restorations.c.sent_at.is_(None),
        restorations.c.rejected_at.is_(None),
    )
    query = (
        select(ties.problem, ties.ticket, ties.priority, tickets.c.service, held.exists().label("held"))
        .join(tickets, tickets.c.number == ties.ticket)
        .where(ties.problem.in_([row.number for row in rows]))
        .order_by(ties.ticket)
    )
    members: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(query) if rows else ():
        members[problem_id(row.problem)].append(row)
    return [_view(as_problem(row), members[problem_id(row.number)]) for row in rows]


def _view(problem: ServiceProblem, members: Sequence[Any]) -> ProblemView:
    return ProblemView(
        problem=problem,
        tickets=tuple(ticket_id(member.ticket) for member in members),
        services=tuple(sorted({member.service for member in members})),
        priority=min((member.priority for member in members), default=10),
        held=sum(bool(member.held) for member in members),
    )


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
