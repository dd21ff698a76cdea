"""Perform the steps of the process on many incidents that one run carries: a cohort.

A run carries a cohort where its conf has `incidents`, a list of ticket ids. Each ticket has a run id of its own, under
which its incident goes on alone where it has to wait. Any run can do any incident: a step is done once.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.cohort_members import (
    LEFT,
    SET_ASIDE,
    Member,
    add_members,
    carried,
    mark,
    members_of,
    steps_of_members,
)
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import (
    load_first_documents,
    lock_tickets,
    ticket_id,
    ticket_number,
)
from include.sla_logic.persistence.restorations import decide
from include.sla_logic.persistence.unit_of_work import Answers, UnitOfWork
from include.sla_logic.process.graph import END, WAIT
from include.sla_logic.process.step import Step
from include.sla_logic.process.way import Done, UnableToTakeStep, check_reached, is_reached, missing_before
from include.sla_logic.services.cohort_conf import UnableToAcceptCohort, checked, numbers_in
from include.sla_logic.services.incidents import perform_on, with_answers
from include.sla_logic.services.restorations import end_wait

__all__ = ["Cohorts", "Detached", "Member", "WaitResult"]

AT_ONCE = 200  # incidents in one transaction: SQLite has one writer, which must not keep the others waiting for long
# The database or the disk is away: that says nothing about an incident, and the whole step is tried again.
_PASSING = (OperationalError, InterfaceError, OSError, MemoryError)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Detached:
    """An incident that continues in a run of its own, and the conf of that run."""

    ticket: str
    run_id: str
    conf: dict[str, Any]


@dataclass(frozen=True)
class WaitResult:
    """How a cohort goes on after a wait: the tasks that come next, and the incidents that have left."""

    choices: frozenset[str]
    detached: tuple[Detached, ...]


@dataclass(frozen=True)
class Cohorts:
    """Steps for many incidents; one that fails is set aside and the others continue."""

    work: UnitOfWork

    def accept(self, conf: Mapping[str, object], *, run_id: str) -> tuple[Member, ...]:
        """Make the tickets in `conf["incidents"]` members of this run, once; raise `UnableToAcceptCohort`."""
        if ticket_number(run_id) is not None:
            raise UnableToAcceptCohort(f".run_id: {run_id} looks like a ticket id; start the run under another id")
        numbers = numbers_in(conf)
        with self.work.writing() as connection:
            lock_tickets(connection, numbers)
            add_members(connection, run_id, numbers)
            return checked(members_of(connection, run_id), numbers)

    def members(self, run_id: str) -> tuple[Member, ...]:
        """Return the present and former members; empty for a run of one incident."""
        with self.work.reading() as connection:
            return tuple(members_of(connection, run_id))

    def perform(self, step: Step, *, run_id: str, at_once: int = AT_ONCE) -> frozenset[str]:
        """Do one step for all members that the process has led to it, and return every choice that was made.

        One transaction for `at_once` incidents. A member on whom the step fails is set aside, its ticket escalated
        with the reason; what only says that the database is away is raised. A cohort of one raises everything.
        """
        with self.work.reading() as connection:
            done = steps_of_members(connection, run_id)
            alone = len(members_of(connection, run_id)) == 1
        choices = _choices_at(step.name, done)
        for numbers in _portions(_ready_for(step.name, done), at_once):
            choices |= self._perform_portion(step, run_id, numbers, alone=alone)
        return frozenset(choices)

    def completed(self, task: str, *, run_id: str) -> tuple[Member, ...]:
        """Return the carried members that have done this task."""
        with self.work.reading() as connection:
            done = steps_of_members(connection, run_id)
            return tuple(member for member in members_of(connection, run_id) if task in done.get(member.number, {}))

    def give_up(self, *, run_id: str, task: str, why: str, at_once: int = AT_ONCE) -> None:
        """Set aside every member that is still carried and not closed: a step has failed for all of them.

        The operators get one mail, about the first of them and how many there are.
        """
        with self.work.reading() as connection:
            left = [number for number, done in steps_of_members(connection, run_id).items() if END not in done]
        for numbers in _portions(left, at_once):
            with self.work.writing() as connection:
                reason = f"the step {task} failed: {why}"
                others = f"{why} It concerns {len(left)} incidents of the run {run_id}."
                first = numbers[0] == left[0]
                self._set_aside(connection, run_id, numbers, task, reason, tell=others if first else None)

    def await_restoration(self, *, run_id: str, at_once: int = AT_ONCE) -> WaitResult:
        """Decide the waits that can be decided; what has to wait longer leaves for a run of its own.

        The departure is committed before the new run starts; starting it twice is harmless.
        """
        with self.work.reading() as connection:
            done = steps_of_members(connection, run_id)
        choices = _choices_at(WAIT, done)
        for numbers in _portions(_ready_for(WAIT, done), at_once):
            with self.work.writing() as connection:
                choices |= self._decide_waits(connection, run_id, numbers)
        return WaitResult(frozenset(choices), tuple(self._detached(run_id)))

    def _decide_waits(self, connection: Connection, run_id: str, numbers: Sequence[int]) -> set[str]:
        files = self._lock_members(connection, run_id, numbers, task=WAIT)
        fresh = [file for file in files if WAIT not in file.incident.steps]  # another try may have been faster
        decisions = decide(connection, [file.incident.number for file in fresh], now=self.work.database.now(connection))
        decided = []
        for file in fresh:
            if (outcome := decisions[file.incident.number].outcome) is not None:
                end_wait(file, outcome)
                decided.append(file)
        flush(connection, decided)
        mark(connection, run_id, [file.incident.number for file in fresh if file not in decided], LEFT)
        known = [file for file in files if file not in fresh]
        return {file.done(WAIT).choice or "" for file in (*known, *decided)}

    def _detached(self, run_id: str) -> Iterator[Detached]:
        with self.work.reading() as connection:
            left = {m.number: m for m in members_of(connection, run_id) if m.state == LEFT}
            documents = load_first_documents(connection, list(left), ProblemNotification.kind())
        for number, document in documents.items():
            yield Detached(left[number].ticket, left[number].own_run, json.loads(document.body))

    def _perform_portion(self, step: Step, run_id: str, numbers: Sequence[int], *, alone: bool) -> set[str]:
        """Perform the step in one transaction; if it fails, halve the portion until the failing incident is alone."""
        try:
            return with_answers(self.work, lambda answers: self._attempt(step, run_id, numbers, answers))
        except Exception as error:
            if alone or _passes(error) or isinstance(error, UnableToTakeStep):
                raise
            if len(numbers) == 1:
                log.exception("%s fails for %s, which is set aside", step.name, ticket_id(numbers[0]))
                with self.work.writing() as connection:
                    self._set_aside(connection, run_id, numbers, step.name, _why(step.name, error))
                return set()
            halves = _portions(numbers, (len(numbers) + 1) // 2)
            return {choice for half in halves for choice in self._perform_portion(step, run_id, half, alone=alone)}

    def _attempt(self, step: Step, run_id: str, numbers: Sequence[int], answers: Answers) -> set[str]:
        with self.work.writing() as connection:
            files = self._lock_members(connection, run_id, numbers, task=step.name, answers=answers)
            return {done.choice for done in perform_on(connection, step, files) if done.choice}

    def _lock_members(
        self, connection: Connection, run_id: str, numbers: Sequence[int], *, task: str, answers: Answers | None = None
    ) -> list[SqlCaseFile]:
        """Hold these incidents and open the case files of those that the run still carries."""
        lock_tickets(connection, numbers)
        here = carried(connection, run_id, numbers)
        return self.work.open_files(connection, here, task=task, run_id=run_id, answers=answers or {})

    def _set_aside(
        self,
        connection: Connection,
        run_id: str,
        numbers: Sequence[int],
        task: str,
        reason: str,
        *,
        tell: str | None = None,
    ) -> None:
        """Escalate the tickets and set them aside; recorded once for each step that failed."""
        files = self._lock_members(connection, run_id, numbers, task=f"{task}_failed")
        fresh = [file for file in files if file.task not in file.incident.steps]
        for file in fresh:
            file.escalate(reason)
            file.finish(None)
        if tell and fresh and self.work.settings.operators:
            first = fresh[0]
            first.letter_outbox.post_failed_step(
                first.ticket, task, tell, to=self.work.settings.operators, now=first.now
            )
        flush(connection, fresh)
        mark(connection, run_id, [file.incident.number for file in files], SET_ASIDE, reason=reason)


def _choices_at(step: str, members: Mapping[int, Done]) -> set[str]:
    """Return what members have chosen at a step before."""
    return {choice for done in members.values() if (choice := done.get(step))}


def _ready_for(step: str, members: Mapping[int, Done]) -> list[int]:
    """Return the members that have come to a step and have not done it.

    Raises `UnableToTakeStep` where a member stands at a step that must be done before this one: Airflow begins a task
    once all tasks before it have ended, so that member was left out.
    """
    for number, done in members.items():
        if step not in done and missing_before(step, done):
            check_reached(step, done, ticket=ticket_id(number))
    return [number for number, done in members.items() if step not in done and is_reached(step, done)]


def _passes(error: Exception) -> bool:
    return isinstance(error, _PASSING) or (isinstance(error, ForeseenError) and error.passes)


def _why(task: str, error: Exception) -> str:
    """Return our own error sentences only: a library's may quote personal data."""
    said = str(error) if isinstance(error, ForeseenError) else f"{type(error).__name__}."
    return f"the step {task} failed: {said}"


def _portions(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
