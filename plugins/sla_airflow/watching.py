"""The watchdog: incidents that could go on and do not are taken up again, a few times, then left to a person."""

import logging
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any, Protocol

from include.sla_logic.adapters.stranded import WATCHDOG, Stranded
from sla_airflow.activities import open_office

DAG = "sla_violation"
TIMES = 3
AT_ONCE = 20  # in one round; the next begins a minute later
NEVER_BEGUN = timedelta(hours=1)
PAUSE = timedelta(minutes=10)  # doubled with each time
ENDED = frozenset({"success", "failed"})

log = logging.getLogger(__name__)


class UnableToTakeUpRun(Exception):
    """Airflow refused to clear or start the run."""


class Runs(Protocol):
    """What a task may ask Airflow about runs of another DAG."""

    def state(self, run_id: str) -> str | None:
        """Tell the state of a run, None where it is gone; raise where Airflow cannot say."""
        ...

    def waits_alone(self, run_id: str) -> bool:
        """Tell whether nothing but a deferred task keeps the run."""
        ...

    def take_up(self, run_id: str, conf: dict[str, Any]) -> str:
        """Clear the run, or start it where it is gone; say which."""
        ...


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
        moving = {"scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule"}
        return moving.isdisjoint(states.values())

    def take_up(self, run_id: str, conf: dict[str, Any]) -> str:
        from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        answer = SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=DAG, run_id=run_id, conf=conf, reset_dag_run=True))
        if isinstance(answer, ErrorResponse):
            raise UnableToTakeUpRun(f"Airflow did not take {run_id} up: {answer}")
        return "the run is cleared, or started where it was gone"


def take_up_stranded(runs: Runs) -> list[str]:
    """Decide every wait that is over and take up the incidents that stand still; return the runs taken up."""
    office = open_office()
    stranded = office.stranded()  # asked first: a decision made here is no sign of life of the run
    for run_id, outcome in office.decide_due_restorations().items():
        log.warning("Nobody had looked at the wait of run %s, which is over: %s", run_id, outcome)
    worth_it = islice((one for one in stranded if _worth_it(one, runs)), AT_ONCE)
    return [one.run_id for one in worth_it if _take_up(one, runs)]


def _worth_it(stranded: Stranded, runs: Runs) -> bool:
    """Leave alone what Airflow still works on, and what was taken up in vain before."""
    if stranded.taken_up >= TIMES:
        log.error("Incident %s stands still since %s; a person must look", stranded.ticket, stranded.since)
        return False
    if stranded.taken_up and datetime.now(UTC) < stranded.quiet_since + PAUSE * 2**stranded.taken_up:
        return False
    if stranded.cohort and runs.state(stranded.cohort) not in {None, *ENDED}:
        return False
    state = runs.state(stranded.run_id)
    if state is None:
        # A backlog that is just being opened has tickets before it has runs.
        return stranded.last_step is not None or datetime.now(UTC) > stranded.since + NEVER_BEGUN
    return state in ENDED or runs.waits_alone(stranded.run_id)


def _take_up(stranded: Stranded, runs: Runs) -> bool:
    office = open_office()
    how = runs.take_up(stranded.run_id, office.notification(stranded.run_id))
    office.note_taken_up(stranded, by=WATCHDOG, how=how)
    log.warning("Incident %s stood still since %s; taken up again: %s", stranded.ticket, stranded.since, how)
    return True
