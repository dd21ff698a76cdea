"""The wait of a cohort for its restoration requests: under one sensor, and no incident waits for another's answer.

Where some incidents of a run have to wait and others need not, the smaller part leaves for a run of its own. The
others stay: to go on at once, or to wait together under the one sensor of their run. Each has its own deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.persistence.cohort_members import (
    LEFT,
    carried,
    hold_run,
    mark,
    parts_of,
    split_off,
    steps_of_members,
)
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.restorations import decide, first_deadline
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.process.graph import END, WAIT
from include.sla_logic.process.way import Done, is_reached
from include.sla_logic.services.carried_incidents import AT_ONCE, choices_at, ready_for
from include.sla_logic.services.restorations import end_wait


@dataclass(frozen=True)
class Part:
    """Tickets that have left a cohort, and the run that carries them from now on."""

    run_id: str
    tickets: tuple[str, ...]


@dataclass(frozen=True)
class WaitResult:
    """How a run goes on after a look at its waits.

    `waiting` are the tickets for which it waits, `until` is their first deadline. Where none waits, `choices` are the
    tasks that come next. `parts` are the runs for those that have left; starting one twice is harmless.
    """

    choices: frozenset[str]
    waiting: tuple[str, ...]
    until: datetime | None
    parts: tuple[Part, ...]


def look_at_waits(work: UnitOfWork, run_id: str, *, at_once: int = AT_ONCE) -> WaitResult:
    """Decide the waits of a run that can be decided, and split the incidents that still wait from the others.

    The split is committed before the new run starts. Row 20 of the process.
    """
    with work.reading() as connection:
        done = steps_of_members(connection, run_id)
    for numbers in portions(ready_for(WAIT, done), at_once):
        with work.writing() as connection:
            _decide(work, connection, run_id, numbers)
    with work.writing() as connection:
        _split(connection, run_id)
    return _result(work, run_id)


def _decide(work: UnitOfWork, connection: Connection, run_id: str, numbers: Sequence[int]) -> None:
    """Decide what can be decided of these waits; the case files of the others are not opened."""
    lock_tickets(connection, numbers)
    here = carried(connection, run_id, numbers)
    decisions = decide(connection, here, now=work.database.now(connection))
    over = {number: one.outcome for number, one in decisions.items() if one.outcome is not None}
    if over:
        files = work.open_files(connection, list(over), task=WAIT, run_id=run_id)
        fresh = [file for file in files if WAIT not in file.incident.steps]  # another try may have been faster
        for file in fresh:
            end_wait(file, over[file.incident.number])
        flush(connection, fresh)


def _split(connection: Connection, run_id: str) -> None:
    """Let the smaller part leave, and closed incidents, which need no run; two looks at one run take turns."""
    hold_run(connection, run_id)
    done = steps_of_members(connection, run_id)
    waiting = [number for number, steps in done.items() if _waits(steps)]
    if not waiting:
        return
    closed = [number for number, steps in done.items() if END in steps]
    leaving = min(sorted({*done} - {*waiting, *closed}), waiting, key=len)
    lock_tickets(connection, sorted([*leaving, *closed]))
    mark(connection, run_id, closed, LEFT)
    if leaving := carried(connection, run_id, leaving):
        split_off(connection, run_id, leaving)


def _waits(steps: Done) -> bool:
    return WAIT not in steps and is_reached(WAIT, steps)


def _result(work: UnitOfWork, run_id: str) -> WaitResult:
    with work.reading() as connection:
        done = steps_of_members(connection, run_id)
        waiting = [number for number, steps in done.items() if _waits(steps)]
        parts = parts_of(connection, run_id)
        return WaitResult(
            choices=frozenset(choices_at(WAIT, done)),
            waiting=tuple(map(ticket_id, waiting)),
            until=first_deadline(connection, waiting) if waiting else None,
            parts=tuple(Part(name, tuple(map(ticket_id, numbers))) for name, numbers in parts.items()),
        )
