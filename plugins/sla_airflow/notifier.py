"""What happens when a step or a task has failed for good: one mail to the operators, an escalated ticket."""

import logging
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier, Context
from airflow.sdk.exceptions import AirflowFailException

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.installation import UnableToWorkDatabase
from include.sla_logic.process.way import UnableToTakeStep
from sla_airflow import runtime
from sla_airflow.cohorts import carries_cohort

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

log = logging.getLogger(__name__)


class FailedStep(BaseNotifier):
    """Escalate the ticket and tell the operators, once for each step that failed for good.

    The mail goes to `operators` of the connection `teleco_smtp` (extra), or to TELECO_OPERATORS; without either, the
    escalated ticket is the notice. `incident` names the param with the run of the incident, where it is not this run.
    """

    def __init__(self, *, incident: str | None = None) -> None:
        super().__init__()
        self.incident = incident

    def notify(self, context: Context) -> None:
        """Find the incident, or the cohort, that the failed task worked on."""
        from include.sla_logic.services import UnableToAcceptNotification

        task, run_id, error = context["ti"].task_id, str(context["run_id"]), context.get("exception")
        if isinstance(getattr(error, "__cause__", None), UnableToAcceptNotification):
            # An incident that has the same run id was started with something else, and goes its own way.
            log.warning("No ticket is escalated: what run %s was started with was refused", run_id)
            return
        if isinstance(getattr(error, "__cause__", None), UnableToWorkDatabase):
            log.error("Nothing is written into a database that is not ours: %s", error)
            return
        use_cases = _open_use_cases()
        if isinstance(getattr(error, "__cause__", None), UnableToTakeStep) or (
            carries_cohort(context) and _concerns_all(error)
        ):
            # A task's state was set, or a setting is wrong: the incidents are as they were, and clearing heals the run.
            use_cases.outbox.tell_operators(context["ti"].dag_id, task, _why(error))
            return
        if self.incident is None and carries_cohort(context):
            if not use_cases.cohorts.give_up(run_id=run_id, task=task, why=_why(error)):  # all have done the step
                use_cases.outbox.tell_operators(context["ti"].dag_id, task, _why(error))
            return
        try:
            if self.incident:
                child, run_id = run_id, str(context["params"][self.incident])
                use_cases.incidents.check_asked_for(run_id, by_run=child)
            use_cases.incidents.report_failed_step(task, run_id=run_id, why=_why(error))
        except ForeseenError as no_incident:
            log.warning("No ticket is escalated for %s: %s", task, no_incident)
            if isinstance(getattr(error, "__cause__", None), NotFoundError):  # Airflow knows a run that we do not
                use_cases.outbox.tell_operators(context["ti"].dag_id, task, _why(error))


class FailedTask(BaseNotifier):
    """Tell the operators once a day of a failed task that serves all incidents; no ticket is concerned."""

    def notify(self, context: Context) -> None:
        """Put the mail into the outbox; where that fails too, only the log has it."""
        dag, task = context["ti"].dag_id, context["ti"].task_id
        if isinstance(getattr(context.get("exception"), "__cause__", None), UnableToWorkDatabase):
            log.error("Nothing is written into a database that is not ours")
            return
        if not _open_use_cases().outbox.tell_operators(dag, task, _why(context.get("exception"))):
            log.warning("The operators know already that %s of %s fails today", task, dag)


def _open_use_cases() -> "UseCases":
    """Open the database alone where the settings for mail or billing are what is wrong."""
    try:
        return runtime.open_use_cases()
    except AirflowFailException as error:
        log.warning("Nothing can leave now: %s", error)
        return runtime.open_use_cases(sends=False)


def _concerns_all(error: object) -> bool:
    cause = getattr(error, "__cause__", None)
    return isinstance(cause, ForeseenError) and cause.concerns_all


def _why(error: object) -> str:
    """Keep our own sentences; what a library says may quote personal data."""
    return str(error) if isinstance(error, AirflowFailException) else f"{type(error).__name__}."
