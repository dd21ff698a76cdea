"""Make Airflow tasks of TELECO's steps: the step's name is the task id, its documentation what people read."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pendulum
import structlog
from airflow.sdk import BaseBranchOperator, BaseOperator, Context, TaskGroup, TriggerRule
from airflow.sdk.exceptions import AirflowFailException

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.process.step import Step
from sla_airflow.cohorts import carries_cohort, join_condition_of
from sla_airflow.connections import settings, settings_inside
from sla_airflow.notifier import FailedStep

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

RESOURCES = "resource_provisioning"  # the pool that limits how many corrective actions run at the same time
JOIN = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS  # several ways lead here, and an incident takes one of them

log = logging.getLogger(__name__)
structured = structlog.get_logger(__name__)  # fields for machines: ids of incident and ticket, never personal data


class Activity(BaseOperator):
    """Perform one step of a department: one transaction, done once however often it is tried.

    In a run that carries a cohort, the step is performed for the incidents whose way leads here.
    """

    def __init__(self, *, step: Step, sends: bool = False, **kwargs: Any) -> None:
        super().__init__(task_id=step.name, doc_md=step.documentation, **kwargs)
        self.step = step
        self.sends = sends

    def execute(self, context: Context) -> None:
        """Perform the step; what it sends stays in the outbox where it cannot be delivered now."""
        run_id = str(context["run_id"])
        use_cases = open_use_cases(sends=self.sends)
        if carries_cohort(context):
            perform_cohort(self, self.step, run_id, use_cases)
            if self.sends:
                deliver_all(use_cases)
            return
        perform(self.step, run_id, use_cases)
        if self.sends:
            deliver(run_id, use_cases)


class Intake(Activity):
    """Accept what the run was started with, or quarantine it with the reason; then perform the first step."""

    def execute(self, context: Context) -> None:
        """Open the incident and enter it."""
        run = context["dag_run"]
        with no_retry_for_foreseen_errors():
            if carries_cohort(context):
                open_use_cases(sends=False).cohorts.accept(run.conf or {}, run_id=run.run_id)
            else:
                origin = f"Airflow, {run.run_type.value}"
                open_use_cases(sends=False).incidents.accept(run.conf or {}, run_id=run.run_id, origin=origin)
        super().execute(context)


class Decision(BaseBranchOperator):
    """Perform a step that decides: its answer is the task that comes next."""

    def __init__(self, *, step: Step, **kwargs: Any) -> None:
        super().__init__(task_id=step.name, doc_md=step.documentation, **kwargs)
        self.step = step

    def choose_branch(self, context: Context) -> str | list[str] | None:
        """Decide, or say again what was decided before; a cohort goes every way that one of its incidents goes."""
        run_id = str(context["run_id"])
        use_cases = open_use_cases(sends=False)
        if carries_cohort(context):
            return perform_cohort(self, self.step, run_id, use_cases)
        return perform(self.step, run_id, use_cases)


def department(name: str, *, does: str) -> TaskGroup:
    """Group the tasks of one department and stage; task ids stay bare."""
    group_id = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
    return TaskGroup(group_id, group_display_name=name, tooltip=does, prefix_group_id=False)


def perform(step: Step, run_id: str, use_cases: "UseCases") -> str | None:
    """Perform a step for the incident of a run; answers the choice where the step decides."""
    with no_retry_for_foreseen_errors():
        ticket, choice = use_cases.incidents.perform_step(step, run_id=run_id)
    structured.info("step done", incident=run_id, ticket=ticket, step=step.name, choice=choice)
    return choice


def perform_cohort(task: BaseOperator, step: Step, run_id: str, use_cases: "UseCases") -> list[str]:
    """Perform a step for the incidents of a cohort that come to this task; answers all choices that were made."""
    with no_retry_for_foreseen_errors():
        choices = sorted(use_cases.cohorts.perform(step, run_id=run_id, join_condition=join_condition_of(task)))
    tickets = [member.ticket for member in use_cases.cohorts.completed(step.name, run_id=run_id)]
    structured.info("step done", incident=run_id, tickets=tickets, step=step.name, choices=choices)
    return choices


def open_use_cases(*, sends: bool = True) -> "UseCases":
    """Open the use_cases on the database that Airflow's connection names, and for who sends, on the servers as well.

    Every connection is a question to Airflow's api-server, and one that is missing is two: they cost more than a step.
    """
    from include.sla_logic.services import UseCases

    return UseCases(settings() if sends else settings_inside())


@contextmanager
def no_retry_for_foreseen_errors() -> Iterator[None]:
    """Fail at once with the sentence of a `ForeseenError`, unless a later try may succeed; all else is tried again."""
    try:
        yield
    except ForeseenError as error:
        if error.passes:
            raise
        raise AirflowFailException(str(error)) from error


def deliver(run_id: str, use_cases: "UseCases") -> None:
    """Deliver now what the incident has in the outbox; what fails stays there, due again later."""
    try:
        log.info("Outbox: %s", use_cases.outbox.deliver(ticket=run_id))
        for place in use_cases.lookups.incident(run_id).letters:
            log.info("The letter: %s", place)
    except Exception:
        log.exception("Nothing could be delivered now; the outbox keeps it")


def deliver_all(use_cases: "UseCases") -> None:
    """Deliver now all that is due, as long as anything leaves: a cohort's messages are most of it."""
    try:
        while (report := use_cases.outbox.deliver(limit=500)).sent:
            log.info("Outbox: %s", report)
    except Exception:
        log.exception("Not everything could be delivered now; the outbox keeps it")


def report_failed_step(context: Context, *, run_id: str | None = None) -> None:
    """Escalate the ticket, once for each step that failed for good; a run without a ticket has nobody to tell."""
    task_id, error = context["ti"].task_id, context.get("exception")
    why = _why(error)
    if type(getattr(error, "__cause__", None)).__name__ == "UnableToAcceptNotification":
        log.warning("No ticket is told: what run %s was started with was refused", context["run_id"])
        return  # an incident that has the same name came with something else, and goes its own way

    if run_id is None and carries_cohort(context):
        open_use_cases().cohorts.give_up(run_id=str(context["run_id"]), task=task_id, why=why)
        return

    try:
        with no_retry_for_foreseen_errors():
            incidents = open_use_cases().incidents
            incidents.report_failed_step(task_id, run_id=run_id or str(context["run_id"]), why=why)
    except AirflowFailException as error:
        log.warning("No ticket is told that %s failed: %s", task_id, error)


def report_failed_task(context: Context) -> None:
    """Tell the operators of a task that concerns no single ticket; where that fails too, the log alone has it."""
    dag, task = context["ti"].dag_id, context["ti"].task_id
    if not open_use_cases().outbox.tell_operators(dag, task, _why(context.get("exception"))):
        log.warning("The operators know already that %s of %s fails today", task, dag)


def _why(error: object) -> str:
    """Our own sentences are fit to be kept; what a library says may quote anything."""
    return str(error) if isinstance(error, AirflowFailException) else f"{type(error).__name__}."


TRY_FOR_AN_HOUR: dict[str, Any] = {
    "owner": "TELECO",
    "retries": 10,  # with these delays a server may be away for more than an hour
    "retry_delay": pendulum.duration(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": pendulum.duration(minutes=15),
    "on_failure_callback": FailedStep(),
}
