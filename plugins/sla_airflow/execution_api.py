"""Ask and start runs from inside a task, over Airflow's Execution API, which needs no person's login.

The task SDK has public names for the questions. Starting and clearing use the messages that TriggerDagRunOperator
sends (`reset_dag_run` clears), because the runs are known only at run time.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.sla_logic.services.lost_tickets import AirflowRun

DAG = "sla_violation"
ASKED_TOGETHER = 50_000  # runs

log = logging.getLogger(__name__)


class RunNotStarted(Exception):
    """Airflow did not start a run; worth a retry."""


def start_run(dag_id: str, run_id: str, conf: Mapping[str, Any]) -> bool:
    """Start a run; False where Airflow has it already, `RunNotStarted` where it cannot now."""
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    asked = TriggerDagRun(dag_id=dag_id, run_id=run_id, logical_date=None, conf=dict(conf))
    try:
        answer = SUPERVISOR_COMMS.send(asked)
    except AirflowRuntimeError as error:  # the supervisor passes on everything but a run that exists as an error
        raise RunNotStarted(f"Airflow did not start {run_id} of {dag_id}: {error}") from error
    if not isinstance(answer, ErrorResponse):
        return True
    if answer.error == ErrorType.DAGRUN_ALREADY_EXISTS:
        return False
    raise RunNotStarted(f"Airflow did not start {run_id} of {dag_id}: {answer.error}")


class AirflowRecords:
    """The runs of `sla_violation` (`services.lost_tickets.Records`), as many as one question may ask for."""

    def __init__(self) -> None:
        self._first: dict[str, str | None] = {}

    def are_few(self) -> bool:
        """Tell whether all runs can be asked for: they come in one answer."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        return RuntimeTaskInstance.get_dr_count(DAG) <= ASKED_TOGETHER

    def runs(self) -> "list[AirflowRun]":
        """Return all runs; their conf is not asked for."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        from include.sla_logic.services.lost_tickets import FIRST, AirflowRun

        states = RuntimeTaskInstance.get_task_states(DAG, task_ids=[FIRST])
        self._first = {run_id: of.get(FIRST) for run_id, of in states.items()}
        return [AirflowRun(run_id) for run_id in self._first]

    def first_state(self, run_id: str) -> str | None:
        """Return the state of the first task of a run."""
        return self._first.get(run_id)

    def ticket(self, run_id: str) -> str | None:
        """Return nothing: the REST API says it (`sla doctor`)."""
        log.info("The ticket of %s is known to `sla doctor`", run_id)
        return None


class AirflowRuns:
    """Runs of `sla_violation`, as the watchdog and the backlog see them."""

    def state(self, run_id: str) -> str | None:
        """Return the state of a run, None where Airflow has none."""
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        try:
            return RuntimeTaskInstance.get_dagrun_state(DAG, run_id)
        except AirflowRuntimeError as error:
            # The supervisor raises the same for a run that is gone and for an api-server that is silent or failing.
            if (error.error.detail or {}).get("status_code") != HTTPStatus.NOT_FOUND:
                raise
            log.info("Airflow has no run %s", run_id)
            return None

    def is_dead(self, run_id: str) -> bool:
        """Tell whether the run has failed or is gone."""
        return self.state(run_id) in {None, "failed"}

    def waits_alone(self, run_id: str) -> bool:
        """Tell whether nothing but a deferred task keeps the run."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        from include.sla_logic.services.watchdog import MOVING

        states = RuntimeTaskInstance.get_task_states(DAG, run_ids=[run_id]).get(run_id, {})
        return MOVING.isdisjoint(states.values())

    def start(self, run_id: str, conf: Mapping[str, Any]) -> bool:
        """Start a run; False where it exists already."""
        return start_run(DAG, run_id, conf)

    def resume(self, run_id: str, conf: dict[str, Any]) -> str:
        """Clear the run, or start it where it is gone; raise `UnableToResumeRun`.

        A task may not delete a run: where somebody has deleted tasks of it, a person must.
        """
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        from include.sla_logic.services.watchdog import UnableToResumeRun

        try:
            answer = SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=DAG, run_id=run_id, conf=conf, reset_dag_run=True))
        except AirflowRuntimeError as error:
            raise UnableToResumeRun(f"Airflow did not resume {run_id}: {error}") from error
        if isinstance(answer, ErrorResponse):
            raise UnableToResumeRun(f"Airflow did not resume {run_id}: {answer}")
        if lost := self._lost_tasks(run_id):
            said = f"The run {run_id} has lost {', '.join(lost)}, which no clear brings back"
            log.error("%s: delete it, or use `sla doctor --repair --in-vain`; it is started again as reported", said)
            return f"the run is cleared, but has lost {', '.join(lost)}: it must be deleted"
        return "the run is cleared, or started where it was gone"

    @staticmethod
    def _lost_tasks(run_id: str) -> tuple[str, ...]:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        from include.sla_logic.services.watchdog import lost_tasks

        return lost_tasks(RuntimeTaskInstance.get_task_states(DAG, run_ids=[run_id]).get(run_id, {}))
