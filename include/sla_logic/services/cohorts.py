"""Perform the steps of the process on many incidents that one run carries: a cohort.

A run carries a cohort where its conf has `incidents`, a list of ticket ids. Each ticket also has a run id of its own,
under which its incident can go on alone. Any run can do any incident: a step is done once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.cohort_members import (
    SET_ASIDE,
    Member,
    add_members,
    mark,
    members_of,
    steps_of_members,
)
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import (
    lock_tickets,
    ticket_id,
    ticket_number,
)
from include.sla_logic.persistence.unit_of_work import Answers, UnitOfWork
from include.sla_logic.process.graph import END
from include.sla_logic.process.step import Step
from include.sla_logic.process.way import UnableToTakeStep
from include.sla_logic.services.carried_incidents import AT_ONCE, choices_at, lock_members, passes, portions, ready_for
from include.sla_logic.services.cohort_conf import UnableToAcceptCohort, checked, numbers_in
from include.sla_logic.services.cohort_waits import Part, WaitResult, look_at_waits
from include.sla_logic.services.incidents import perform_on, with_answers

__all__ = ["Cohorts", "Member", "Part", "WaitResult"]

log = logging.getLogger(__name__)


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
        choices = choices_at(step.name, done)
        for numbers in portions(ready_for(step.name, done), at_once):
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
        for numbers in portions(left, at_once):
            with self.work.writing() as connection:
                reason = f"the step {task} failed: {why}"
                others = f"{why} It concerns {len(left)} incidents of the run {run_id}."
                first = numbers[0] == left[0]
                self._set_aside(connection, run_id, numbers, task, reason, tell=others if first else None)

    def await_restoration(self, *, run_id: str, at_once: int = AT_ONCE) -> WaitResult:
        """Decide the waits that can be decided; see `look_at_waits`."""
        return look_at_waits(self.work, run_id, at_once=at_once)

    def _perform_portion(self, step: Step, run_id: str, numbers: Sequence[int], *, alone: bool) -> set[str]:
        """Perform the step in one transaction; if it fails, halve the portion until the failing incident is alone."""
        try:
            return with_answers(self.work, lambda answers: self._attempt(step, run_id, numbers, answers))
        except Exception as error:
            if alone or passes(error) or isinstance(error, UnableToTakeStep):
                raise
            if len(numbers) == 1:
                log.exception("%s fails for %s, which is set aside", step.name, ticket_id(numbers[0]))
                with self.work.writing() as connection:
                    self._set_aside(connection, run_id, numbers, step.name, _why(step.name, error))
                return set()
            halves = portions(numbers, (len(numbers) + 1) // 2)
            return {choice for half in halves for choice in self._perform_portion(step, run_id, half, alone=alone)}

    def _attempt(self, step: Step, run_id: str, numbers: Sequence[int], answers: Answers) -> set[str]:
        with self.work.writing() as connection:
            files = lock_members(self.work, connection, run_id, numbers, task=step.name, answers=answers)
            return {done.choice for done in perform_on(connection, step, files) if done.choice}

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
        files = lock_members(self.work, connection, run_id, numbers, task=f"{task}_failed")
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


def _why(task: str, error: Exception) -> str:
    """Return our own error sentences only: a library's may quote personal data."""
    said = str(error) if isinstance(error, ForeseenError) else f"{type(error).__name__}."
    return f"the step {task} failed: {said}"
