"""Runs that carry many incidents: how a task finds out, through which join_condition incidents come to it, who gets a run."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Context, TriggerRule

if TYPE_CHECKING:
    from include.sla_logic.persistence.cohort_members import JoinCondition

# The form asks for these; a run that carries incidents has them in System T, and nobody reads these words.
_STAND_INS = {
    "customer": "cohort",
    "service": "cohort",
    "symptom": "other",
    "observed_from": "1970-01-01T00:00:00+00:00",
}

log = logging.getLogger(__name__)


class RunNotStarted(Exception):
    """Airflow did not start a run; worth a retry."""


def conf_of_cohort(tickets: Sequence[str]) -> dict[str, Any]:
    """Return the conf with which one run of `sla_violation` carries these tickets of System T."""
    return {**_STAND_INS, "description": f"A cohort of {len(tickets)} incidents.", "incidents": list(tickets)}


def carries_cohort(context: Context) -> bool:
    """Tell whether the run was started with tickets of System T rather than with one notification."""
    conf = context["dag_run"].conf
    return isinstance(conf, Mapping) and "incidents" in conf


def join_condition_of(task: BaseOperator) -> "JoinCondition":
    """Return the ways that lead to a task: the edges of the DAG say which, its trigger rule whether one is enough."""
    from include.sla_logic.persistence.cohort_members import JoinCondition

    return JoinCondition(frozenset(task.upstream_task_ids), all_of=task.trigger_rule == TriggerRule.ALL_SUCCESS)


def start_run(dag_id: str, run_id: str, conf: Mapping[str, Any]) -> bool:
    """Start a run from inside a task; False where Airflow has it already, `RunNotStarted` where it cannot now.

    It is the message that TriggerDagRunOperator sends; the task SDK has no public name for it that takes many.
    """
    from airflow.sdk.exceptions import ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    answer = SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=dag_id, run_id=run_id, logical_date=None, conf=dict(conf)))
    if not isinstance(answer, ErrorResponse):
        return True
    if answer.error == ErrorType.DAGRUN_ALREADY_EXISTS:
        return False
    raise RunNotStarted(f"Airflow did not start {run_id} of {dag_id}: {answer.error}")
