"""Compare the runs of Airflow with the tickets of the database: what one of them knows and the other does not."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, func, select

from include.sla_logic.persistence.active_incidents import INCIDENTS, active
from include.sla_logic.persistence.cohort_members import LEFT
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.process.graph import FIRST

__all__ = ["DAG", "FIRST", "AirflowRun", "Records", "lost_tickets"]

DAG = "sla_violation"
PATIENCE = timedelta(minutes=10)  # younger tickets may have a run that was not asked for
_DONE, _REFUSED = frozenset({"success", "skipped"}), frozenset({"failed", "upstream_failed"})
_ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class AirflowRun:
    """One run of the process as Airflow has it; `state` None where it was not asked for yet."""

    run_id: str
    state: str | None = None
    tickets: tuple[str, ...] = ()


class Records(Protocol):
    """What Airflow has recorded of its runs."""

    def runs(self) -> Iterable[AirflowRun]:
        """Return all runs of the process."""
        ...

    def first_state(self, run_id: str) -> str | None:
        """Return the state of the first task of a run."""
        ...

    def ticket(self, run_id: str) -> str | None:
        """Return the ticket that Airflow has for a run, None where it has none."""
        ...


@dataclass(frozen=True)
class Lost:
    """What only one of the two knows; `numbers` are all tickets that Airflow names."""

    sentences: tuple[str, ...]
    numbers: frozenset[int] = frozenset()


def lost_tickets(connection: Connection, runs: Sequence[AirflowRun], records: Records, *, now: datetime) -> Lost:
    """Name the runs without an incident, and the active incidents without a run.

    Airflow was asked before the database: a run that began meanwhile is only missing in what Airflow said.
    """
    known = _runs_with_incidents(connection, [run.run_id for run in runs])
    sentences, numbers = [], set()
    for run in runs:
        named = {number for one in run.tickets if (number := ticket_number(one))}
        numbers |= named
        missing = sorted(named - _known_tickets(connection, named))
        if missing:
            gone = ", ".join(map(ticket_id, missing[:5]))
            sentences.append(f"The run {run.run_id} carries {gone}, which the operations database does not know.")
        elif run.run_id not in known and (state := _began(run, records)):
            ticket = records.ticket(run.run_id)
            numbers |= {number} if ticket and (number := ticket_number(ticket)) else set()
            sentences.append(_without_incident(run.run_id, state, ticket))
    sentences += _without_run(connection, {run.run_id for run in runs}, now - PATIENCE)
    return Lost(tuple(sentences), frozenset(numbers))


def _began(run: AirflowRun, records: Records) -> str | None:
    """Return what says that a run has begun its incident; None where it was refused, or may yet begin."""
    first = records.first_state(run.run_id)
    if first in _DONE:
        return f"its task {FIRST} is {first}"
    ended = first not in _REFUSED and run.state in _ENDED
    return f"it has ended as {run.state} without its first task" if ended else None


def _without_incident(run_id: str, state: str, ticket: str | None) -> str:
    was = f" (Airflow has its ticket {ticket})" if ticket else ""
    return (
        f"The run {run_id} has no incident in the operations database{was}, though {state}. "
        f"Clear {FIRST} of it with its downstream tasks."
    )


def _runs_with_incidents(connection: Connection, run_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for these in portions(run_ids):
        for column in (tickets.c.run_id, cohort_members.c.run_id):
            found |= set(connection.scalars(select(column).where(column.in_(these))))
    return found


def _known_tickets(connection: Connection, numbers: Collection[int]) -> set[int]:
    found: set[int] = set()
    for these in portions(sorted(numbers)):
        found |= set(connection.scalars(select(tickets.c.number).where(tickets.c.number.in_(these))))
    return found


def _without_run(connection: Connection, runs: set[str], before: datetime) -> Iterator[str]:
    member = cohort_members.c
    cohort = select(func.max(member.run_id)).where(member.ticket == tickets.c.number, member.state != LEFT)
    since = func.coalesce(arrivals.c.started_at, tickets.c.created_at)
    query = (
        select(
            tickets.c.number,
            tickets.c.run_id,
            cohort.scalar_subquery().label("cohort"),
            arrivals.c.run_id.label("planned"),
        )
        .select_from(INCIDENTS)
        .outerjoin(arrivals, arrivals.c.ticket == tickets.c.number)
        .where(active(), since < before)
        .order_by(tickets.c.number)
    )
    for row in connection.execute(query):
        if not {row.run_id, row.cohort, row.planned} & runs:
            yield f"{ticket_id(row.number)} is active, and Airflow has no run {row.cohort or row.run_id} of it."
