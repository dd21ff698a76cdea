"""The incidents that one run carries together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import NamedTuple

from sqlalchemy import Connection, Select, exists, func, or_, select, update

from include.sla_logic.domain.run_ids import part_run_id
from include.sla_logic.persistence.incident_records import Step, ticket_id
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.system_t import steps, tickets
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.upsert import upsert
from include.sla_logic.process.graph import END

CARRIED, LEFT, SET_ASIDE = "carried", "left", "set aside"


@dataclass(frozen=True)
class Member:
    """One incident of a cohort with its ticket; `own_run` is its run if it is started again alone."""

    number: int
    ticket: str
    own_run: str
    state: str
    reason: str | None
    customer: str
    service: str
    lane: str
    status: str
    escalated: bool


class Completed(NamedTuple):
    """A member that has done a task, and when; `own_run` is as a `Member` has it."""

    ticket: str
    own_run: str
    done_at: datetime


def add_members(connection: Connection, run_id: str, numbers: Sequence[int]) -> None:
    """Add these incidents to the run; existing members keep their state, unknown tickets are ignored."""
    known = set(connection.scalars(select(cohort_members.c.ticket).where(cohort_members.c.run_id == run_id)))
    found = connection.scalars(select(tickets.c.number).where(tickets.c.number.in_(numbers)))
    new = [number for number in found if number not in known]
    upsert(
        connection,
        cohort_members,
        [{"run_id": run_id, "ticket": number, "state": CARRIED, "reason": None} for number in new],
    )


def members_of(connection: Connection, run_id: str) -> list[Member]:
    """Return the members of a run in the order of their tickets; none for a run that carries no cohort."""
    query = (
        select(cohort_members.c.ticket, cohort_members.c.state, cohort_members.c.reason, tickets)
        .join(tickets, tickets.c.number == cohort_members.c.ticket)
        .where(cohort_members.c.run_id == run_id)
        .order_by(cohort_members.c.ticket)
    )
    return [
        Member(
            number=row.number,
            ticket=ticket_id(row.number),
            own_run=row.run_id,
            state=row.state,
            reason=row.reason,
            customer=row.customer,
            service=row.service,
            lane=row.assigned_to,
            status=row.status,
            escalated=row.escalated,
        )
        for row in connection.execute(query)
    ]


def count_members(connection: Connection, run_id: str) -> int:
    """Return how many members a run has and had."""
    query = select(func.count()).select_from(cohort_members).where(cohort_members.c.run_id == run_id)
    return connection.scalar(query) or 0


def completed(connection: Connection, run_id: str, task: str) -> list[Completed]:
    """Return the members that the run still carries and that have done this task, in the order of their tickets."""
    query = (
        select(tickets.c.number, tickets.c.run_id, steps.c.done_at)
        .join(steps, steps.c.ticket == tickets.c.number)
        .where(steps.c.task == task, tickets.c.number.in_(_carried(run_id)))
        .order_by(tickets.c.number)
    )
    return [Completed(ticket_id(number), *rest) for number, *rest in connection.execute(query)]


def carrying_run(connection: Connection, number: int) -> str | None:
    """Return the run that carries the incident with others, or did so last; None where its own run has it."""
    member = cohort_members.c
    taken_by = select(arrivals.c.run_id).where(arrivals.c.ticket == number).scalar_subquery()
    query = select(member.run_id, member.state, member.reason).where(member.ticket == number)
    rows = connection.execute(query.order_by((member.run_id == taken_by).desc(), member.run_id.desc())).all()
    by_run = {row.run_id: row for row in rows}
    last = next(iter(rows), None)
    while last is not None and last.state == LEFT:
        last = by_run.get(last.reason or "")
    return last and str(last.run_id)


def hold_run(connection: Connection, run_id: str) -> None:
    """Let nobody else split this run until the transaction ends: hold the first incident that it has ever carried.

    Call it before other incidents of the run are locked: incidents are locked in the order of their numbers.
    """
    first = connection.scalar(select(func.min(cohort_members.c.ticket)).where(cohort_members.c.run_id == run_id))
    lock_tickets(connection, [] if first is None else [first])


def split_off(connection: Connection, run_id: str, numbers: Sequence[int]) -> str:
    """Let these incidents be carried by a run of their own from now on, and return its name, which no run has had.

    The run must be held (`hold_run`).
    """
    member = cohort_members.c
    before = select(func.count(member.reason.distinct())).where(member.run_id == run_id, member.state == LEFT)
    names = (part_run_id(run_id, number) for number in count(1 + (connection.scalar(before) or 0)))
    part = next(name for name in names if not _is_known(connection, name))
    mark(connection, run_id, numbers, LEFT, reason=part)
    add_members(connection, part, numbers)
    return part


def parts_of(connection: Connection, run_id: str) -> dict[str, list[int]]:
    """Return the runs for which incidents have left this one, each with those that it carries and has not closed."""
    gone, member = cohort_members.alias("gone").c, cohort_members.c
    left = select(gone.reason).where(gone.run_id == run_id, gone.state == LEFT, gone.reason.is_not(None))
    closed = exists().where(steps.c.ticket == member.ticket, steps.c.task == END)
    query = select(member.run_id, member.ticket).where(member.run_id.in_(left), member.state == CARRIED, ~closed)
    found: dict[str, list[int]] = {}
    for part, number in connection.execute(query.order_by(member.run_id, member.ticket)):
        found.setdefault(part, []).append(number)
    return found


def _is_known(connection: Connection, run_id: str) -> bool:
    cohort, own = exists().where(cohort_members.c.run_id == run_id), exists().where(tickets.c.run_id == run_id)
    return bool(connection.scalar(select(or_(cohort, own))))


def mark(connection: Connection, run_id: str, numbers: Sequence[int], state: str, *, reason: str | None = None) -> None:
    """Note that these members are no longer carried: why, or by which run instead."""
    if numbers:
        these = (cohort_members.c.run_id == run_id) & cohort_members.c.ticket.in_(numbers)
        connection.execute(update(cohort_members).where(these).values(state=state, reason=reason))


def carried(connection: Connection, run_id: str, numbers: Sequence[int]) -> list[int]:
    """Return which of these incidents the run still carries."""
    query = _carried(run_id).where(cohort_members.c.ticket.in_(numbers)).order_by(cohort_members.c.ticket)
    return list(connection.scalars(query))


def carried_by(connection: Connection, run_id: str) -> list[int]:
    """Return every incident that the run still carries, in the order of the tickets."""
    return list(connection.scalars(_carried(run_id).order_by(cohort_members.c.ticket)))


def steps_of_members(connection: Connection, run_id: str) -> dict[int, dict[str, str | None]]:
    """Return the incidents that the run still carries, each with the steps that it has done and their choices."""
    taken = load_steps(connection, numbers := carried_by(connection, run_id))
    return {number: {step.task: step.choice for step in taken.get(number, {}).values()} for number in numbers}


def load_steps(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, Step]]:
    """Return the steps that each incident has taken, in order."""
    taken: dict[int, dict[str, Step]] = defaultdict(dict)
    columns = (steps.c[name] for name in Step._fields)
    query = select(steps.c.ticket, *columns).where(steps.c.ticket.in_(numbers)).order_by(steps.c.id)
    for number, *fields in connection.execute(query).all():
        step = Step(*fields)
        taken[number][step.task] = step
    return taken


def _carried(run_id: str) -> Select[int]:
    return select(cohort_members.c.ticket).where(cohort_members.c.run_id == run_id, cohort_members.c.state == CARRIED)
