"""Perform the steps of the process on many incidents that one run carries: a cohort.

A run carries a cohort where its conf has `incidents`, a list of ticket ids. Each ticket also has a run id of its own,
under which its incident can go on alone. Any run can do any incident: a step is done once.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from time import monotonic
from typing import Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.cohort_members import (
    SET_ASIDE,
    Completed,
    Member,
    add_members,
    completed,
    count_members,
    mark,
    members_of,
    steps_of_members,
)
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import IncidentRecord, ticket_id, ticket_number
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import Answers, UnitOfWork
from include.sla_logic.process.step import Step
from include.sla_logic.services.carried_incidents import (
    AT_ONCE,
    choices_at,
    lock_members,
    passes,
    ready_for,
    standing_at,
    stops_the_task,
)
from include.sla_logic.services.cohort_conf import UnableToAcceptCohort, checked, numbers_in
from include.sla_logic.services.cohort_waits import Part, WaitResult, look_at_waits
from include.sla_logic.services.incidents import perform_on, with_answers
from include.sla_logic.settings import Settings

__all__ = ["Cohorts", "Member", "Part", "WaitResult"]

LEADS_FOR = 120  # seconds: a task that leads incidents from step to step ends within five minutes
KEEPS = 2_000  # incidents at most whose records one task keeps: 34 kB each after the intake, more later

NAMED = 50  # tickets in one mail

log = logging.getLogger(__name__)


@dataclass
class _Leading:
    """What one task knows of the incidents that it leads: their steps, and their records as they were last loaded.

    `held_back` is what passes and keeps single incidents from a step, `failing` says why others are to be set aside.
    """

    run_id: str
    at_once: int
    done: dict[int, dict[str, str | None]]
    alone: bool = False
    held_back: list[Exception] = field(default_factory=list)
    failing: dict[int, str] = field(default_factory=dict)
    mail: Callable[[], Settings] | None = None
    kept: dict[int, IncidentRecord] = field(default_factory=dict)


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

    def perform(
        self,
        step: Step,
        *,
        run_id: str,
        then: Iterable[Step] = (),
        at_once: int = AT_ONCE,
        mail: Callable[[], Settings] | None = None,
    ) -> frozenset[str]:
        """Do one step for all members that the process has led to it, and return every choice that was made at it.

        One transaction for `at_once` incidents. A member on whom the step fails is set aside, its ticket escalated
        with the reason; what says nothing about an incident is raised, as when the database is away or a setting is
        wrong. A cohort of one raises everything. The operators get one mail about those who are set aside at a step;
        `mail` is asked for their address then, without it they are those of the settings.

        The steps of `then` are done after it in the same way, with what is known of the incidents kept in memory. None
        of them begins later than `LEADS_FOR` seconds after the first, and what fails there ends them without an error:
        they have tasks of their own, which do what is left.
        """
        began = monotonic()
        with self.work.reading() as connection:
            leading = _Leading(run_id, at_once, steps_of_members(connection, run_id), mail=mail)
            leading.alone = count_members(connection, run_id) == 1
        choices = self._perform_ready(step, leading)
        for later in then:
            if monotonic() - began > LEADS_FOR:
                break
            try:
                self._perform_ready(later, leading)
            except Exception as error:  # noqa: BLE001 - whatever it is, the task of that step says it
                log.warning("%s is left to its own task: %s", later.name, type(error).__name__)
                break
        return frozenset(choices)

    def completed(self, task: str, *, run_id: str) -> tuple[Completed, ...]:
        """Return the carried members that have done this task."""
        with self.work.reading() as connection:
            return tuple(completed(connection, run_id, task))

    def give_up(self, *, run_id: str, task: str, why: str, at_once: int = AT_ONCE) -> int:
        """Set aside every carried member that has come to a step and not done it: it has failed for all of them.

        Returns how many there are. The operators get one mail, about the first of them and how many there are.
        """
        with self.work.reading() as connection:
            left = standing_at(task, steps_of_members(connection, run_id))
        self._set_aside(self.work, run_id, task, dict.fromkeys(left, why), at_once)
        return len(left)

    def await_restoration(self, *, run_id: str, at_once: int = AT_ONCE) -> WaitResult:
        """Decide the waits that can be decided; see `look_at_waits`."""
        return look_at_waits(self.work, run_id, at_once=at_once)

    def _perform_ready(self, step: Step, leading: "_Leading") -> set[str]:
        """Perform the step for those who have come to it; who was set aside or held back is no longer led.

        What holds single incidents back is raised at the end, so that the others have done the step.
        """
        for numbers in portions(ready_for(step.name, leading.done), leading.at_once):
            performed = self._perform_portion(step, leading, numbers, {})
            for number in numbers:
                if number in performed:
                    leading.done[number][step.name] = performed[number]
                else:
                    del leading.done[number]
        if leading.failing:
            work = self.work.mailing(leading.mail()) if leading.mail else self.work
            self._set_aside(work, leading.run_id, step.name, leading.failing, leading.at_once)
            leading.failing = {}
        if leading.held_back:
            raise leading.held_back[0]
        return choices_at(step.name, leading.done)

    def _perform_portion(
        self, step: Step, leading: "_Leading", numbers: Sequence[int], answers: dict[Any, Any]
    ) -> dict[int, str | None]:
        """Perform the step in one transaction; if it fails, halve the portion until the failing incident is alone."""
        try:
            return with_answers(self.work, partial(self._attempt, step, leading, numbers), answers=answers)
        except Exception as error:
            if leading.alone or stops_the_task(error):
                raise
            if len(numbers) == 1 and passes(error):
                log.warning("%s cannot be done for %s yet: %s", step.name, ticket_id(numbers[0]), error)
                leading.held_back.append(error)
                return {}
            if len(numbers) == 1:
                log.exception("%s fails for %s, which is set aside", step.name, ticket_id(numbers[0]))
                leading.failing[numbers[0]] = _why(error)
                return {}
            halves = portions(numbers, (len(numbers) + 1) // 2)
            performed = (self._perform_portion(step, leading, half, answers) for half in halves)
            return dict(chain.from_iterable(half.items() for half in performed))

    def _attempt(
        self, step: Step, leading: "_Leading", numbers: Sequence[int], answers: Answers
    ) -> dict[int, str | None]:
        run_id, kept = leading.run_id, leading.kept if len(leading.done) <= KEEPS else None
        with self.work.writing() as connection:
            files = lock_members(self.work, connection, run_id, numbers, task=step.name, answers=answers, kept=kept)
            results = perform_on(connection, step, files)
            return {file.incident.number: result.choice for file, result in zip(files, results, strict=True)}

    def _set_aside(self, work: UnitOfWork, run_id: str, task: str, why: Mapping[int, str], at_once: int) -> None:
        """Escalate these tickets and set them aside, recorded once for each failed step; mail the operators once."""
        mailed = False
        for numbers in portions(list(why), at_once):
            with work.writing() as connection:
                files = lock_members(work, connection, run_id, numbers, task=f"{task}_failed")
                fresh = [file for file in files if file.task not in file.incident.steps]
                for file in fresh:
                    file.escalate(f"the step {task} failed: {why[file.incident.number]}")
                    file.finish(None)
                if fresh and not mailed and work.settings.operators:
                    _mail_operators(fresh[0], task, why, run_id, to=work.settings.operators)
                    mailed = True
                flush(connection, fresh)
                here = [file.incident.number for file in files]
                for said in dict.fromkeys(why[number] for number in here):
                    these = [number for number in here if why[number] == said]
                    mark(connection, run_id, these, SET_ASIDE, reason=f"the step {task} failed: {said}")


def _mail_operators(first: SqlCaseFile, task: str, why: Mapping[int, str], run_id: str, *, to: str) -> None:
    """Mail the operators about the first ticket, with how many and which are set aside with it."""
    names = [ticket_id(number) for number in why]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    others = f"It concerns {len(names)} incidents of the run {run_id}. Set aside: {', '.join(names[:NAMED])}{more}."
    said = f"{why[first.incident.number]} {others if len(names) > 1 else f'The run {run_id} no longer carries it.'}"
    first.letter_outbox.post_failed_step(first.ticket, task, said, to=to, now=first.now)


def _why(error: Exception) -> str:
    """Return our own error sentences only: a library's may quote personal data."""
    return str(error) if isinstance(error, ForeseenError) else f"{type(error).__name__}."
