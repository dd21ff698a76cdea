"""Make Airflow tasks of TELECO's steps: the step's name is the task id, its documentation what people read."""

from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import BaseBranchOperator, BaseOperator, Context, TaskGroup, TriggerRule
from airflow.sdk.exceptions import AirflowFailException

from include.sla_logic.process.step import Step
from sla_airflow import extra_runs, runtime
from sla_airflow.cohorts import carries_cohort
from sla_airflow.notifier import FailedStep

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

RESOURCES = "resource_provisioning"  # the pool that limits how many corrective actions run at the same time
JOIN = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS  # several ways lead here, and an incident takes one of them
TRY_FOR_AN_HOUR: dict[str, Any] = {
    "owner": "TELECO",
    "retries": 10,  # with these delays a server may be away for more than an hour
    "retry_delay": pendulum.duration(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": pendulum.duration(minutes=15),
    "on_failure_callback": FailedStep(),
}


class Activity(BaseOperator):
    """Perform one step of a department: one transaction, done once however often it is tried.

    In a run that carries a cohort, the step is performed for the incidents whose way leads here.
    """

    def __init__(self, *, step: Step, sends: bool = False, **kwargs: Any) -> None:
        super().__init__(task_id=step.name, doc_md=step.documentation, **kwargs)
        self.step = step
        self.sends = sends

    def execute(self, context: Context) -> str | None:
        """Perform the step; messages that cannot be delivered now stay in the outbox."""
        run_id = str(context["run_id"])
        use_cases = runtime.open_use_cases(sends=self.sends)
        if self.sends or self.pool == RESOURCES:  # something leaves
            runtime.enter(use_cases)
        if carries_cohort(context):
            runtime.perform_cohort(self.step, run_id, use_cases)
            if self.sends:
                runtime.deliver_all(use_cases)
            return None
        runtime.perform(self.step, run_id, use_cases)
        if self.sends:
            runtime.deliver(run_id, use_cases)
        return None


class Intake(Activity):
    """Accept what the run was started with, or quarantine it with the reason; then perform the first step.

    For a cohort it does the steps of its stage, of which the link announces runs: it starts them too.
    """

    def execute(self, context: Context) -> str | None:
        """Open the incident and enter it; return its ticket, so that Airflow knows it if the database is lost."""
        run, use_cases, ticket = context["dag_run"], runtime.open_use_cases(sends=False), None
        runtime.enter(use_cases)
        with runtime.no_retry_for_foreseen_errors():
            if carries_cohort(context):
                use_cases.cohorts.accept(run.conf or {}, run_id=run.run_id)
            else:
                ticket = self._accept(run, use_cases)
        super().execute(context)
        if carries_cohort(context):
            extra_runs.start_for_cohort(run.run_id, use_cases)
        return ticket

    def _accept(self, run: Any, use_cases: "UseCases") -> str:
        """Return the ticket of the notification; a run started again with another one says how its incident goes on."""
        from include.sla_logic.services import UnableToAcceptNotification

        try:
            origin = f"Airflow, {run.run_type.value}"
            return use_cases.incidents.accept(run.conf or {}, run_id=run.run_id, origin=origin).id
        except UnableToAcceptNotification as refusal:
            if refusal.known_run != run.run_id:
                raise
            said = f"{refusal} Delete this run: it is started again as it was reported."
            raise AirflowFailException(said) from refusal


class Decision(BaseBranchOperator):
    """Perform a step that decides: its answer is the task that comes next."""

    def __init__(self, *, step: Step, **kwargs: Any) -> None:
        super().__init__(task_id=step.name, doc_md=step.documentation, **kwargs)
        self.step = step

    def choose_branch(self, context: Context) -> str | list[str] | None:
        """Decide, or repeat the earlier decision; a cohort goes every way that one of its incidents goes."""
        run_id = str(context["run_id"])
        use_cases = runtime.open_use_cases(sends=False)
        if carries_cohort(context):
            return runtime.perform_cohort(self.step, run_id, use_cases)
        return runtime.perform(self.step, run_id, use_cases)


def department(name: str, *, does: str) -> TaskGroup:
    """Group the tasks of one department and stage; task ids stay bare."""
    group_id = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
    return TaskGroup(group_id, group_display_name=name, tooltip=does, prefix_group_id=False)
