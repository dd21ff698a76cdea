"""The incidents that one run carries: which of them have come to a step, and their case files."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.cohort_members import carried
from include.sla_logic.persistence.incident_records import IncidentRecord, ticket_id
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import Answers, UnitOfWork
from include.sla_logic.process.graph import STEPS
from include.sla_logic.process.way import Done, UnableToTakeStep, check_reached, is_reached, missing_before

AT_ONCE = 200  # incidents in one transaction: SQLite has one writer, which must not keep the others waiting for long

_PASSING = (OperationalError, InterfaceError, OSError, MemoryError)


def passes(error: Exception) -> bool:
    """Tell whether the database or the disk is away: that says nothing about an incident, and all is tried again."""
    return isinstance(error, _PASSING) or (isinstance(error, ForeseenError) and error.passes)


def stops_the_task(error: Exception) -> bool:
    """Tell whether an error says nothing about an incident: it passes, a setting is wrong, or a task was left out."""
    if isinstance(error, ForeseenError) and (error.concerns_all or error.concerns_one):
        return error.concerns_all
    return passes(error) or isinstance(error, UnableToTakeStep)


def choices_at(step: str, members: Mapping[int, Done]) -> set[str]:
    """Return what members have chosen at a step before."""
    return {choice for done in members.values() if (choice := done.get(step))}


def ready_for(step: str, members: Mapping[int, Done]) -> list[int]:
    """Return the members that have come to a step and have not done it.

    Raises `UnableToTakeStep` where a member stands at a step that must be done before this one: Airflow begins a task
    once all tasks before it have ended, so that member was left out.
    """
    for number, done in members.items():
        if step not in done and missing_before(step, done):
            check_reached(step, done, ticket=ticket_id(number))
    return [number for number, done in members.items() if step not in done and is_reached(step, done)]


def standing_at(step: str, members: Mapping[int, Done]) -> list[int]:
    """Return the members that have come to a step or stand before it, not those that have done it or go another way."""
    return [
        number
        for number, done in members.items()
        if step not in done and (step not in STEPS or is_reached(step, done) or missing_before(step, done))
    ]


def lock_members(
    work: UnitOfWork,
    connection: Connection,
    run_id: str,
    numbers: Sequence[int],
    *,
    task: str,
    answers: Answers | None = None,
    kept: dict[int, IncidentRecord] | None = None,
) -> list[SqlCaseFile]:
    """Hold these incidents and open the case files of those that the run still carries.

    `kept` are the records that this task has loaded before; they are brought up to date.
    """
    lock_tickets(connection, numbers)
    here = carried(connection, run_id, numbers)
    return work.open_files(connection, here, task=task, run_id=run_id, answers=answers or {}, kept=kept)
