"""The backlog: tickets that wait for a run, claimed in queue order, each only once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, or_, select, update

from include.sla_logic.persistence.cohort_members import LEFT
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.initial_positions import acceptable, perhaps_acceptable, place_arrivals
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.system_t import restorations, steps, tickets
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.timelines import tell_timelines
from include.sla_logic.process.graph import END

WAITING, CLAIMED, STARTED, HISTORY, GIVEN_UP = "waiting", "claimed", "started", "history", "given up"
_COUNTING = 5_318_008  # any number, the same in every process: PostgreSQL's advisory lock for claims
TIMES = 3  # a ticket whose runs have died so often is left to a person


@dataclass(frozen=True)
class PlannedRun:
    """A run to be started, and the tickets that it will carry, the most urgent first."""

    run_id: str
    tickets: tuple[str, ...]


@dataclass(frozen=True)
class Released:
    """The tickets of a dead run: those that wait again, and those left to a person."""

    run_id: str
    again: tuple[str, ...]
    given_up: tuple[str, ...]


@dataclass(frozen=True)
class Demand:
    """Who claims for how long, how many incidents may be active, how many one run carries."""

    by: str
    lease: timedelta
    limit: int
    at_most: int
    carries: int


def claim(connection: Connection, demand: Demand, *, now: datetime) -> list[PlannedRun]:
    """Claim the next tickets in queue order; a claimant that repeats the claim before starting gets the same tickets.

    Claimants count one after the other, so that together they keep the limit; rows that somebody else holds are
    passed over. SQLite has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_COUNTING)))
    if mine := _planned(connection, demand.by):
        return mine
    _leave_to_their_runs(connection, now)
    _protect(connection)
    _place_newly_known(connection, now)
    room = min(demand.at_most, demand.limit - count_active(connection))
    numbers = list(connection.scalars(_next(room))) if room > 0 else []
    for some in portions(numbers, demand.carries):
        _plan(connection, some, demand, now)
    return _planned(connection, demand.by)


def _next(room: int) -> Select[int]:
    return (
        select(arrivals.c.ticket)
        .join(queue, queue.c.ticket == arrivals.c.ticket)
        .join(tickets, tickets.c.number == arrivals.c.ticket)
        .where(arrivals.c.state == WAITING, queue.c.open.is_(True), acceptable())
        .order_by(queue.c.place)
        .limit(room)
        .with_for_update(of=arrivals, skip_locked=True)
    )


def _plan(connection: Connection, numbers: Sequence[int], demand: Demand, now: datetime) -> None:
    attempt = 1 + (connection.scalar(select(arrivals.c.attempts).where(arrivals.c.ticket == numbers[0])) or 0)
    run_id = f"backlog.{demand.by}.{numbers[0]}.{attempt}"[-250:]
    connection.execute(
        update(arrivals)
        .where(arrivals.c.ticket.in_(numbers))
        .values(
            state=CLAIMED,
            claimed_by=demand.by,
            claimed_until=now + demand.lease,
            run_id=run_id,
            attempts=arrivals.c.attempts + 1,
        )
    )
    lock_tickets(connection, numbers)
    tell_timelines(connection, numbers, f"Taken from the backlog by {demand.by}, for the run {run_id}.", now=now)


def _planned(connection: Connection, by: str) -> list[PlannedRun]:
    query = (
        select(arrivals.c.run_id, arrivals.c.ticket)
        .join(queue, queue.c.ticket == arrivals.c.ticket)
        .where(arrivals.c.claimed_by == by, arrivals.c.state == CLAIMED)
        .order_by(queue.c.place)
    )
    planned: dict[str, list[str]] = {}
    for row in connection.execute(query):
        planned.setdefault(row.run_id, []).append(ticket_id(row.ticket))
    return [PlannedRun(run_id, tuple(names)) for run_id, names in planned.items()]


def renew(connection: Connection, planned: PlannedRun, *, by: str, until: datetime) -> bool:
    """Extend the claim; False if it has lapsed and another claimant has the tickets."""
    mine = _claimed(planned.run_id) & (arrivals.c.claimed_by == by)
    return connection.execute(update(arrivals).where(mine).values(claimed_until=until)).rowcount > 0


def mark_started(connection: Connection, run_id: str, *, now: datetime) -> int:
    """Record that the run of these claims exists; return how many tickets it carries."""
    values = {"state": STARTED, "started_at": now, "claimed_until": None}
    return connection.execute(update(arrivals).where(_claimed(run_id)).values(values)).rowcount


def _claimed(run_id: str) -> ColumnElement[bool]:
    return and_(arrivals.c.run_id == run_id, arrivals.c.state == CLAIMED)


def lapsed_runs(connection: Connection, *, now: datetime) -> list[str]:
    """Return the planned runs whose claims have lapsed: the claimant died before or after starting them."""
    query = select(arrivals.c.run_id).where(arrivals.c.state == CLAIMED, arrivals.c.claimed_until < now)
    return sorted(set(connection.scalars(query)))


def unfinished_runs(connection: Connection) -> list[str]:
    """Return the runs with a ticket that has not ended."""
    return sorted(set(connection.scalars(select(arrivals.c.run_id).where(_unfinished()))))


def _unfinished() -> ColumnElement[bool]:
    """Return the condition for started tickets that have not ended, wait for no restoration and for no person.

    An incident that has left the cohort goes on in another run, which the watchdog sees.
    """
    of, member = arrivals.c.ticket, cohort_members.c
    return and_(
        arrivals.c.state == STARTED,
        ~exists().where(member.ticket == of, member.run_id == arrivals.c.run_id, member.state == LEFT),
        ~exists().where(steps.c.ticket == of, steps.c.task == END),
        ~exists().where(restorations.c.ticket == of, restorations.c.outcome.is_(None)),
        exists().where(tickets.c.number == of, tickets.c.escalated.is_(False)),
    )


def release(connection: Connection, run_id: str, *, why: str, now: datetime) -> Released:
    """Let the tickets of a dead run wait again, up to the limit of attempts; escalate the others."""
    query = select(arrivals.c.ticket, arrivals.c.attempts).where(or_(_claimed(run_id), _of_started(run_id)))
    found = {row.ticket: row.attempts for row in connection.execute(query.with_for_update(of=arrivals))}
    lock_tickets(connection, list(found))
    again = [number for number, attempts in found.items() if attempts < TIMES]
    over = [number for number, attempts in found.items() if attempts >= TIMES]
    free = {"claimed_by": None, "claimed_until": None, "run_id": None, "started_at": None}
    connection.execute(update(arrivals).where(arrivals.c.ticket.in_(again)).values(state=WAITING, **free))
    connection.execute(update(arrivals).where(arrivals.c.ticket.in_(over)).values(state=GIVEN_UP))
    connection.execute(update(tickets).where(tickets.c.number.in_(over)).values(escalated=True))
    tell_timelines(connection, again, f"Waits in the backlog again: {why}.", now=now)
    tell_timelines(connection, over, f"Escalated: taken from the backlog {TIMES} times in vain; {why}.", now=now)
    return Released(run_id, tuple(map(ticket_id, again)), tuple(map(ticket_id, over)))


def _of_started(run_id: str) -> ColumnElement[bool]:
    return and_(arrivals.c.run_id == run_id, _unfinished())


def _leave_to_their_runs(connection: Connection, now: datetime) -> None:
    """Remove tickets that were started by hand from the backlog."""
    begun = exists().where(steps.c.ticket == arrivals.c.ticket)
    own_run = select(tickets.c.run_id).where(tickets.c.number == arrivals.c.ticket).scalar_subquery()
    fresh = and_(arrivals.c.state == WAITING, arrivals.c.attempts == 0, begun)
    connection.execute(update(arrivals).where(fresh).values(state=STARTED, run_id=own_run, started_at=now))


def _protect(connection: Connection) -> None:
    """Put customers first who were registered as protected after their tickets arrived."""
    theirs = select(tickets.c.number).join(customers, customers.c.id == tickets.c.customer)
    waits = exists().where(arrivals.c.ticket == queue.c.ticket, arrivals.c.state == WAITING)
    connection.execute(
        update(queue)
        .where(queue.c.protected.is_(False), queue.c.ticket.in_(theirs.where(customers.c.protected.is_(True))), waits)
        .values(protected=True, place=literal("0").concat(func.substr(queue.c.place, 2)))
    )


def _place_newly_known(connection: Connection, now: datetime) -> None:
    """Place the tickets whose customers or agreements were registered after they arrived."""
    query = (
        select(arrivals.c.ticket)
        .join(queue, queue.c.ticket == arrivals.c.ticket)
        .join(tickets, tickets.c.number == arrivals.c.ticket)
        .where(arrivals.c.state == WAITING, queue.c.open.is_(True), queue.c.score.is_(None), perhaps_acceptable())
    )
    for numbers in portions(connection.scalars(query)):
        place_arrivals(connection, numbers, now=now)


def count_active(connection: Connection) -> int:
    """Count the active incidents; one that waits for a restoration or a person is not active."""
    number = queue.c.ticket
    resting = (WAITING, HISTORY, GIVEN_UP)
    # Asked of each that is open: as a condition that something exists, PostgreSQL would read the steps of all tickets.
    ended = select(steps.c.task).where(steps.c.ticket == number, steps.c.task == END).limit(1).scalar_subquery()
    query = (
        select(func.count())
        .select_from(queue.join(tickets, tickets.c.number == number))
        .where(
            queue.c.open.is_(True),
            tickets.c.parent.is_(None),
            tickets.c.escalated.is_(False),
            ~exists().where(arrivals.c.ticket == number, arrivals.c.state.in_(resting)),
            ended.is_(None),
            ~exists().where(restorations.c.ticket == number, restorations.c.outcome.is_(None)),
        )
    )
    return connection.scalar(query) or 0
