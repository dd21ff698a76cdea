"""Stored service problems: looked up once for many incidents, opened once for each resource."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, func, insert, select, text, update

from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.numbers import number_in, written
from include.sla_logic.domain.service_problem import ProblemEnd, ServiceProblem, Sighting, by_resource, see_problem
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.pending import Pending
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.installation import installation
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.reference import topology
from include.sla_logic.persistence.schema.system_t import steps
from include.sla_logic.process.graph import END

_FINDINGS = TypeAdapter(tuple[Finding, ...])
_OPENING = 7_253_622  # any number, the same in every process: PostgreSQL's advisory lock for opening problems
p, ties = service_problems.c, service_problem_tickets.c


def problem_id(number: int) -> str:
    """Write the number of a problem as people read it: SP-000001."""
    return written("SP-", number)


def problem_number(problem: str) -> int | None:
    """Return the number in `SP-000001`, or None for any other text."""
    return number_in("SP-", problem)


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
    """The problems around the incidents of a batch; what is opened and ended is written when the batch is flushed."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._known: dict[str, ServiceProblem] = {}
        self._at: dict[str, list[str]] | None = None
        self._covered: set[str] = set()
        self._of: dict[int, list[str]] | None = None
        self._next: int | None = None
        self._opened: list[str] = []
        self._ended: list[str] = []
        batch.hold_resources()

    def of(self, number: int) -> list[ServiceProblem]:
        """Return the problems of an incident; those of all incidents here are held until the transaction ends."""
        if self._of is None:
            self._of = defaultdict(list)
            query = (
                select(ties.ticket, service_problems)
                .join(service_problems, p.number == ties.problem)
                .where(ties.ticket.in_(self._batch.numbers))
                .order_by(p.number, ties.ticket)
                .with_for_update(of=service_problems)
            )
            for row in self._batch.connection.execute(query):
                self._of[row.ticket].append(self._keep(row))
        return [self._known[one] for one in self._of.get(number, ())]

    def tied_resources(self) -> list[tuple[str, str]]:
        """Return id and resource of every problem to which an incident here is tied."""
        problems = [problem for number in self._batch.numbers for problem in self.of(number)]
        return list(dict.fromkeys((problem.id, problem.resource) for problem in problems))

    def settle(self, findings: Sequence[Finding], seen: Sighting) -> ServiceProblem | None:
        """Return the problem that explains what was found at one resource, opened now where there is none.

        None where the customer perceived nothing while the problem was there.
        """
        mine = see_problem(findings, seen, now=self._batch.now)
        known = self._explaining(mine.resource, findings, seen)
        if known is None and mine.overlaps(seen):
            self._begin_opening(mine.resource)
            known = self._explaining(mine.resource, findings, seen) or self._open(mine)
        return known if known is not None and known.overlaps(seen) else None

    def end(self, problem: ServiceProblem, end: ProblemEnd) -> None:
        """Close a problem that is open."""
        if self._known[problem.id].closed_at is None:
            self._known[problem.id] = problem.model_copy(update={"closed_at": self._batch.now, "end": end})
            self._ended.append(problem.id)

    def flush(self) -> None:
        """Write what was opened and ended, in two statements; whatever is replaced is closed before its successor."""
        closed, opened = dict.fromkeys(self._ended), dict.fromkeys(self._opened)
        values = [
            {"its_number": problem_number(one), "closed_at": self._batch.now, "ended": str(self._known[one].end)}
            for one in closed
            if one not in opened
        ]
        if values:
            mine = (p.number == bindparam("its_number")) & p.closed_at.is_(None)
            self._batch.connection.execute(update(service_problems).where(mine), values)
        if opened:
            self._batch.connection.execute(insert(service_problems), [_as_row(self._known[one]) for one in opened])
            self._follow_numbers()
        self._opened, self._ended = [], []

    def _explaining(self, resource: str, findings: Sequence[Finding], seen: Sighting) -> ServiceProblem | None:
        there = (self._known[one] for one in self._problems_at(resource))
        return next((one for one in there if one.explains(findings, seen_at=seen.seen_at)), None)

    def _open(self, problem: ServiceProblem) -> ServiceProblem:
        """Open it under the next number; one that is open at the resource is superseded."""
        there = self._problems_at(problem.resource)
        if there and self._known[there[0]].closed_at is None:
            self.end(self._known[there[0]], ProblemEnd.SUPERSEDED)
        name = problem_id(self._next or 1)
        self._next = (self._next or 1) + 1
        self._known[name] = problem.model_copy(update={"id": name})
        self._opened.append(name)
        there.insert(0, name)
        return self._known[name]

    def _begin_opening(self, resource: str) -> None:
        """Let no other transaction open a problem until this one ends, and look again at what is there by now."""
        if self._next is not None:
            return
        if self._batch.connection.dialect.name == "postgresql":
            self._batch.connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _OPENING})
        given = select(func.max(p.number)).scalar_subquery()
        last, least = self._batch.connection.execute(select(given, installation.c.problems_from)).one()
        self._next = max((last or 0) + 1, least)
        asked = {resource, *(self._at or ())}
        self._at = None
        for one in asked:
            self._problems_at(one)

    def _problems_at(self, resource: str) -> list[str]:
        """Return all problems that there have been at a resource, the newest first."""
        if self._at is None:
            services = select(topology.c.resource).where(topology.c.service.in_(self._batch.services))
            self._at = self._load(p.resource.in_(services) | (p.resource == resource))
            self._covered = set(self._batch.connection.scalars(services)) | {resource}
        if resource not in self._covered:
            self._at |= self._load(p.resource == resource)
            self._covered.add(resource)
        return self._at.setdefault(resource, [])

    def _load(self, condition: Any) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        rows = self._batch.connection.execute(select(service_problems).where(condition).order_by(p.number.desc()))
        for row in rows:
            found[row.resource].append(self._keep(row))
        return dict(found)

    def _keep(self, row: Row[Any]) -> str:
        name = problem_id(row.number)
        if name not in self._ended:
            self._known[name] = as_problem(row)
        return name

    def _follow_numbers(self) -> None:
        """Let PostgreSQL's own counter go on after the numbers that were given here."""
        if self._batch.connection.dialect.name == "postgresql":
            counter = text("SELECT setval(pg_get_serial_sequence('service_problems', 'number'), :last)")
            self._batch.connection.execute(counter, {"last": (self._next or 1) - 1})


def _as_row(problem: ServiceProblem) -> dict[str, Any]:
    names = {"resource", "type_of_problem", "reason", "began_at", "opened_at", "closed_at"}
    return problem.model_dump(include=names) | {
        "number": problem_number(problem.id),
        "findings": _FINDINGS.dump_json(problem.findings).decode(),
        "analysed_as": ticket_number(problem.analysed_as),
        "ended": None if problem.end is None else str(problem.end),
    }


class IncidentProblems:
    """The service problems of one incident (`ports.ServiceProblems`); new ties are written with its documents."""

    def __init__(self, register: Callable[[], ProblemRegister], number: int, pending: Pending) -> None:
        self._register = register
        self._number = number
        self._pending = pending
        self._fresh: list[ServiceProblem] = []

    @property
    def tied(self) -> Sequence[ServiceProblem]:
        return (*self._register().of(self._number), *self._fresh)

    def tie(self, findings: Sequence[Finding], seen: Sighting) -> Sequence[ServiceProblem]:
        groups = by_resource(findings)
        found = {resource: self._register().settle(groups[resource], seen) for resource in sorted(groups)}
        problems = [problem for resource in groups if (problem := found[resource]) is not None]
        known = {problem.id for problem in self.tied} if problems else set()
        for problem in problems:
            if problem.id not in known:
                self._fresh.append(problem)
                self._pending.ties.append((problem_number(problem.id) or 0, seen.priority))
        return problems

    def restored(self, resources: Collection[str]) -> None:
        if not resources:
            return
        for problem in self.tied:
            if problem.closed_at is None and problem.resource in resources:
                self._register().end(problem, ProblemEnd.RESTORED)

    def leave(self) -> None:
        self._pending.has_left = True


def end_left(connection: Connection, numbers: Sequence[int], *, now: datetime) -> None:
    """Close the open problems of these ended incidents of which every incident has ended or was set aside."""
    mine = select(ties.problem).where(ties.ticket.in_(numbers)).scalar_subquery()
    query = select(p.number).where(p.number.in_(mine), p.closed_at.is_(None)).order_by(p.number)
    held = list(connection.scalars(query.with_for_update()))
    if not held:
        return
    ended = select(steps.c.ticket).where(steps.c.task == END, steps.c.ticket == ties.ticket)
    aside = select(cohort_members.c.ticket).where(
        cohort_members.c.ticket == ties.ticket, cohort_members.c.state == "set aside"
    )
    unfinished = select(ties.problem).where(ties.problem.in_(held), ~ended.exists(), ~aside.exists())
    over = set(held) - set(connection.scalars(unfinished))
    if over:
        values = {"closed_at": now, "ended": ProblemEnd.LEFT.value}
        connection.execute(update(service_problems).where(p.number.in_(over)).values(values))
