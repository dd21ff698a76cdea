"""Accepting incidents and doing the steps of the process on them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.flush import flush
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import Step
from include.sla_logic.services.acceptance import UnableToAcceptNotification, accept_notification
from include.sla_logic.services.unit_of_work import UnitOfWork


class StepResult(NamedTuple):
    """A step that is done: whose it was, and its choice where it is a decision."""

    ticket: str
    choice: str | None


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
        """Do one step of this run's incident, once, and return its choice where it is a decision; see `take`."""
        return self.perform_step(step, run_id=run_id).choice

    def perform_step(self, step: Step, *, run_id: str) -> StepResult:
        """Do one step of this run's incident, once.

        Effects, messages and the fact that the step is done are one transaction; a step that is done
        already is not called again. Raises `UnableToFindIncident` where the run has none.
        """
        with self.work.writing() as connection:
            number = self.work.lock_run(connection, run_id)
            file = self.work.open_file(connection, number, task=step.name)
            done = file.incident.steps.get(step.name)
            if done is not None:
                return StepResult(file.incident.ticket.id, done.choice)
            answer = step(file)
            choice = answer.value if isinstance(answer, StrEnum) else None
            file.finish(choice)
            flush(connection, [file])
            return StepResult(file.incident.ticket.id, choice)

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
