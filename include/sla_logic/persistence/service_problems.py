"""Service problems as they are kept: found once for many incidents, opened once for each resource."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.service_problem import ProblemEnd, ServiceProblem, Sighting, by_resource, see_problem
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.problems import OPEN, service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.reference import topology
from include.sla_logic.persistence.schema.system_t import steps, tickets

_FINDINGS = TypeAdapter(tuple[Finding, ...])
_TRIES = 5  # whoever loses the race for a resource so often has met something that nobody foresaw
_CLOSING = "close_incident"
p, ties = service_problems.c, service_problem_tickets.c


class UnableToTieIncident(ForeseenError):
    """The service problem of a resource could neither be joined nor opened."""

    passes = True


@dataclass(frozen=True)
class Tie:
    """One new tie of an incident to a problem, to be filed with what else its activity writes."""

    problem: ServiceProblem
    priority: int


def problem_id(number: int) -> str:
    """Write the number of a problem as people read it: SP-000001."""
    return f"SP-{number:06d}"


def problem_number(problem: str) -> int | None:
    """Return the number in `SP-000001`, or None for any other text."""
    return ticket_number(f"TT-{problem.removeprefix('SP-')}") if problem.startswith("SP-") else None


def as_problem(row: Row[Any]) -> ServiceProblem:
    """Turn a row of `service_problems` into the problem that the departments see."""
    return ServiceProblem(
        id=problem_id(row.number),
        resource=row.resource,
        type_of_problem=row.type_of_problem,
        reason=row.reason,
        findings=_FINDINGS.validate_json(row.findings),
        analysed_as=ticket_id(row.analysed_as),
        began_at=row.began_at,
        opened_at=row.opened_at,
        released_at=row.released_at,
        closed_at=row.closed_at,
        end=ProblemEnd(row.ended) if row.ended else None,
    )


class ProblemRegister:
    """The problems around some incidents, one query for each question however many incidents there are."""

    def __init__(self, connection: Connection, numbers: Sequence[int], *, now: datetime) -> None:
        self._connection = connection
        self._numbers = numbers
        self._now = now
        self._known: dict[str, ServiceProblem] = {}
        self._at: dict[str, list[str]] | None = None
        self._of: dict[int, list[str]] | None = None

    def at(self, resource: str) -> list[ServiceProblem]:
        """Return all problems that there have been at a resource of these incidents' services, the newest first."""
        if self._at is None:
            of_services = select(topology.c.resource).join(tickets, tickets.c.service == topology.c.service)
            self._at = self._load(p.resource.in_(of_services.where(tickets.c.number.in_(self._numbers))))
        return [self._known[one] for one in self._at.get(resource, ())]

    def of(self, number: int) -> list[ServiceProblem]:
        """Return the problems of an incident, and hold those of all incidents here: nobody else changes them now."""
        if self._of is None:
            self._of = defaultdict(list)
            query = (
                select(ties.ticket, service_problems)
                .join(service_problems, p.number == ties.problem)
                .where(ties.ticket.in_(self._numbers))
                .order_by(p.number, ties.ticket)
                .with_for_update(of=service_problems)
            )
            for row in self._connection.execute(query):
                self._of[row.ticket].append(problem_id(row.number))
                self._keep(row)
        return [self._known[one] for one in self._of.get(number, ())]

    def open(self, problem: ServiceProblem) -> ServiceProblem | None:
        """Open it, or return None where another one is open at the resource; waits for whoever is opening it now."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        values = problem.model_dump(include={"resource", "type_of_problem", "reason", "began_at", "opened_at"})
        values["findings"] = _FINDINGS.dump_json(problem.findings).decode()
        values["analysed_as"] = ticket_number(problem.analysed_as)
        once = dialect.insert(service_problems).on_conflict_do_nothing(index_elements=["resource"], index_where=OPEN)
        number = self._connection.scalar(once.returning(p.number), values)
        if number is None:
            return None
        self.look_again(problem.resource)
        return self._known[problem_id(number)]

    def end(self, problem: ServiceProblem, end: ProblemEnd) -> None:
        """Close a problem that is open."""
        mine = (p.number == problem_number(problem.id)) & p.closed_at.is_(None)
        self._connection.execute(update(service_problems).where(mine).values(closed_at=self._now, ended=end.value))
        self.look_again(problem.resource)

    def look_again(self, resource: str) -> None:
        """Read the problems of one resource anew: one was opened or closed, here or elsewhere."""
        found = self._load(p.resource == resource)
        if self._at is not None:
            self._at[resource] = found.get(resource, [])

    def _load(self, condition: Any) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for row in self._connection.execute(select(service_problems).where(condition).order_by(p.number.desc())):
            found[row.resource].append(self._keep(row))
        return found

    def _keep(self, row: Row[Any]) -> str:
        name = problem_id(row.number)
        self._known[name] = as_problem(row)
        return name


class IncidentProblems:
    """The service problems of one incident (`ports.ServiceProblems`); new ties are filed with its documents."""

    def __init__(self, register: Callable[[], ProblemRegister], ticket: str, *, now: datetime) -> None:
        self._register = register
        self._number = ticket_number(ticket) or 0
        self._now = now
        self.fresh: list[Tie] = []
        self.left = False

    @property
    def tied(self) -> Sequence[ServiceProblem]:
        return (*self._register().of(self._number), *(tie.problem for tie in self.fresh))

    def tie(self, findings: Sequence[Finding], seen: Sighting) -> Sequence[ServiceProblem]:
        groups = by_resource(findings)
        # Opened in the order of their names, so that two who open several do not wait for each other.
        found = {resource: self._settle(groups[resource], seen) for resource in sorted(groups)}
        problems = [problem for resource in groups if (problem := found[resource]) is not None]
        known = {problem.id for problem in self.tied} if problems else set()
        self.fresh += [Tie(problem, seen.priority) for problem in problems if problem.id not in known]
        return problems

    def restored(self, resources: Collection[str]) -> None:
        if not resources:
            return
        for problem in self.tied:
            if problem.closed_at is None and problem.resource in resources:
                self._register().end(problem, ProblemEnd.RESTORED)

    def leave(self) -> None:
        self.left = True

    def _settle(self, findings: Sequence[Finding], seen: Sighting) -> ServiceProblem | None:
        mine, register = see_problem(findings, seen, now=self._now), self._register()
        for _ in range(_TRIES):
            there = register.at(mine.resource)
            if known := next((one for one in there if one.explains(findings, seen_at=seen.seen_at)), None):
                return known if known.overlaps(seen) else None
            if not mine.overlaps(seen):
                return None
            if there and there[0].closed_at is None:
                register.end(there[0], ProblemEnd.SUPERSEDED)
            if opened := register.open(mine):
                return opened
            register.look_again(mine.resource)
        msg = f"The service problem of {mine.resource} changes too fast to tie {seen.ticket} to it."
        raise UnableToTieIncident(msg)


def end_left(connection: Connection, numbers: Sequence[int], *, now: datetime) -> None:
    """Close the open problems of these ended incidents of which every incident has ended or was set aside."""
    mine = select(ties.problem).where(ties.ticket.in_(numbers)).scalar_subquery()
    query = select(p.number).where(p.number.in_(mine), p.closed_at.is_(None)).order_by(p.number)
    held = list(connection.scalars(query.with_for_update()))
    if not held:
        return
    ended = select(steps.c.ticket).where(steps.c.task == _CLOSING, steps.c.ticket == ties.ticket)
    aside = select(cohort_members.c.ticket).where(
        cohort_members.c.ticket == ties.ticket, cohort_members.c.state == "set aside"
    )
    unfinished = select(ties.problem).where(ties.problem.in_(held), ~ended.exists(), ~aside.exists())
    over = set(held) - set(connection.scalars(unfinished))
    if over:
        values = {"closed_at": now, "ended": ProblemEnd.LEFT.value}
        connection.execute(update(service_problems).where(p.number.in_(over)).values(values))
