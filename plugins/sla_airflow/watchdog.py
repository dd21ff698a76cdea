"""The watchdog inside Airflow: what stands still is found and taken up again by a task."""

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from include.sla_logic.persistence.stalled_incidents import WATCHDOG
from include.sla_logic.services.watchdog import MOVING, Round, Runs, UnableToResumeRun, resume_stalled
from sla_airflow.operators import open_use_cases

DAG = "sla_violation"
# Airflow variable, and what holds without it: so many minutes of quiet count as standing still.
PATIENCE, PATIENCE_WITHOUT = "sla_watchdog_minutes", 10

log = logging.getLogger(__name__)


class AirflowRuns:
    """Asks over the Execution API, which needs no login of a person's.

    The task SDK has public names for these questions; that it can clear a run is what `reset_dag_run` of
    TriggerDagRunOperator stands on, used here without that operator because the run is found at run time.
    """

    def state(self, run_id: str) -> str | None:
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        try:
            return RuntimeTaskInstance.get_dagrun_state(DAG, run_id)
        except AirflowRuntimeError as error:
            # The supervisor answers alike for a run that is gone and for an API server that is silent or failing.
            if (error.error.detail or {}).get("status_code") != HTTPStatus.NOT_FOUND:
                raise
            log.info("Airflow has no run %s", run_id)
            return None

    def waits_alone(self, run_id: str) -> bool:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        states = RuntimeTaskInstance.get_task_states(DAG, run_ids=[run_id]).get(run_id, {})
        return MOVING.isdisjoint(states.values())

    def resume(self, run_id: str, conf: dict[str, Any]) -> str:
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        try:
            answer = SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=DAG, run_id=run_id, conf=conf, reset_dag_run=True))
        except AirflowRuntimeError as error:
            raise UnableToResumeRun(f"Airflow did not take {run_id} up: {error}") from error
        if isinstance(answer, ErrorResponse):
            raise UnableToResumeRun(f"Airflow did not take {run_id} up: {answer}")
        return "the run is cleared, or started where it was gone"


def watch(runs: Runs, *, minutes: int = PATIENCE_WITHOUT) -> list[str]:
    """Decide every wait that is over and take up the incidents that stand still; return the runs taken up."""
    taking = Round(by=WATCHDOG, patience=timedelta(minutes=minutes))
    return [one.run_id for one in resume_stalled(open_use_cases(), runs, taking) if one.went_on]
