"""Accepting incidents and doing the steps of the process on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.premium import PremiumCase
from include.sla_logic.domain.run_ids import premium_run_id
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.gateways.network_questions import Question, UnansweredQuestions
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import load_record_of_run
from include.sla_logic.persistence.unit_of_work import Answers, UnitOfWork
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import Step
from include.sla_logic.process.way import check_reached
from include.sla_logic.services.acceptance import UnableToAcceptNotification, accept_notification

T = TypeVar("T")


class UnableToTakeOver(ForeseenError):
    """A run of the extra process names an incident that did not ask for it."""


class StepResult(NamedTuple):
    """A step that is done: for which ticket, and its choice where it is a decision."""

    ticket: str
    choice: str | None


def perform_on(connection: Connection, step: Step, files: Sequence[SqlCaseFile]) -> list[StepResult]:
    """Do one step on the case files of one batch, once for each: all compute, then all is written together.

    Effects, messages and the fact that the step is done are one transaction; where the step is done already it is not
    called again. Raises `UnableToTakeStep` before anything is computed where the process did not lead here, and
    `UnansweredQuestions` of all incidents together where an external network has to be asked first.
    """
    fresh = [file for file in files if step.name not in file.incident.steps]
    for file in fresh:
        check_reached(step.name, file.incident.done, ticket=file.ticket.id)
    unanswered: list[Question] = []
    for file in fresh:
        try:
            answer = step.function(file)
        except UnansweredQuestions as missing:
            unanswered += missing.questions
        else:
            file.finish(answer.value if isinstance(answer, StrEnum) else None)
    if unanswered:
        raise UnansweredQuestions(list(dict.fromkeys(unanswered)))
    flush(connection, fresh)
    return [StepResult(file.ticket.id, file.done(step.name).choice) for file in files]


def with_answers(work: UnitOfWork, attempt: Callable[[Answers], T], *, answers: dict[Any, Any] | None = None) -> T:
    """Try a step until an external network has answered all its questions: no transaction is open while it is asked.

    What is in `answers` is not asked again; what is answered is added to it.
    """
    answers = {} if answers is None else answers
    while True:
        try:
            return attempt(answers)
        except UnansweredQuestions as missing:
            answers |= work.gateways.ask(work.database, missing.questions)


@dataclass(frozen=True)
class Incidents:
    """What a run of the process does."""

    work: UnitOfWork

    def accept(self, conf: object, *, run_id: str, origin: str) -> TroubleTicket:
        """Open the incident of this run, once; raise `UnableToAcceptNotification` for what is kept in quarantine.

        The same run gets the same ticket again; the sender's reference of another run is refused.
        """
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            answer = accept_notification(connection, conf, run_id=run_id, origin=origin, now=now)
        if isinstance(answer, UnableToAcceptNotification):
            raise answer
        return answer

    def perform(self, step: Step, *, run_id: str) -> str | None:
        """Do one step of this run's incident, once, and return its choice where it is a decision."""
        return self.perform_step(step, run_id=run_id).choice

    def perform_step(self, step: Step, *, run_id: str) -> StepResult:
        """Do one step of this run's incident, once; raise `UnableToFindIncident` where the run has none."""

        def attempt(answers: Answers) -> StepResult:
            with self.work.writing() as connection:
                record = self.work.lock_run(connection, run_id)
                files = self.work.open_records(connection, [record], task=step.name, answers=answers)
                [done] = perform_on(connection, step, files)
                return done

        return with_answers(self.work, attempt)

    def check_asked_for(self, run_id: str, *, by_run: str) -> None:
        """Raise `UnableToTakeOver` unless the incident of `run_id` was linked to the extra process, as that run."""
        with self.work.reading() as connection:
            record = load_record_of_run(connection, run_id)
        if not record or PremiumCase.kind() not in record[0].documents or by_run != premium_run_id(run_id):
            raise UnableToTakeOver(f"No incident asked for the run {by_run!r}: the run {run_id!r} has no such link.")

    def report_failed_step(self, task: str, *, run_id: str, why: str) -> None:
        """Escalate the ticket of a run, once for each step that failed for good, and mail the operators.

        Raises `UnableToFindIncident` where the run has none.
        """
        operators = self.work.settings.operators

        def escalate(file: CaseFile) -> None:
            file.escalate(f"the step {task} failed: {why}")
            if operators:
                file.letter_outbox.post_failed_step(file.ticket, task, why, to=operators, now=file.now)

        self.perform_step(Step(f"{task}_failed", "", escalate), run_id=run_id)
