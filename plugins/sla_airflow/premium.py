"""The link to the extra problem fix process: the step, and then the run that it announces."""

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Context

from include.sla_logic.domain.run_ids import premium_run_id
from include.sla_logic.process.step import Step
from sla_airflow import extra_runs, runtime
from sla_airflow.cohorts import carries_cohort
from sla_airflow.operators import Activity


class Link(TriggerDagRunOperator):
    """Perform the step, then start the other process with this incident, once, without waiting for it.

    A retry after the other run was started ends as skipped: there is nothing left to start.
    """

    template_fields = ()

    def __init__(self, *, step: Step, to: str, **kwargs: Any) -> None:
        super().__init__(
            task_id=step.name,
            trigger_dag_id=to,
            logical_date=None,
            skip_when_already_exists=True,
            openlineage_inject_parent_info=False,
            doc_md=step.documentation,
            **kwargs,
        )
        self.step = step

    def execute(self, context: Context) -> None:
        """Commit the link before the run starts: without its document, the run would find nothing to take over."""
        run_id = str(context["run_id"])
        if carries_cohort(context):
            self._link_cohort(run_id)
            return
        runtime.perform(self.step, run_id, runtime.open_use_cases(sends=False))
        self.trigger_run_id = premium_run_id(run_id)
        self.conf = {"incident": run_id}
        super().execute(context)

    def _link_cohort(self, run_id: str) -> None:
        """Link the premium incidents that the first task of the stage has left, and start what it has not started."""
        use_cases = runtime.open_use_cases(sends=False)
        runtime.perform_cohort(self.step, run_id, use_cases)
        extra_runs.start_for_cohort(run_id, use_cases)


class Takeover(Activity):
    """Perform a step of the other process on the incident that the run was started with."""

    def execute(self, context: Context) -> str | None:
        """Work on the case file of the incident that asked for this run; the conf alone proves nothing."""
        incident, use_cases = str(context["params"]["incident"]), runtime.open_use_cases(sends=self.sends)
        with runtime.no_retry_for_foreseen_errors():
            use_cases.incidents.check_asked_for(incident, by_run=str(context["run_id"]))
        runtime.perform(self.step, incident, use_cases)
        return None
