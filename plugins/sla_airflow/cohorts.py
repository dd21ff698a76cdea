"""Runs that carry many incidents: how to start one, how a task knows one, which ways lead to a task."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Context, TriggerRule

if TYPE_CHECKING:
    from include.sla_logic.services.cohorts import JoinCondition

# The form requires these; a run that carries incidents has the real ones in System T.
_PLACEHOLDERS = {
    "customer": "cohort",
    "service": "cohort",
    "symptom": "other",
    "observed_from": "1970-01-01T00:00:00+00:00",
}


def conf_of_cohort(tickets: Sequence[str]) -> dict[str, Any]:
    """Return the conf with which one run of `sla_violation` carries these tickets of System T."""
    return {**_PLACEHOLDERS, "description": f"A cohort of {len(tickets)} incidents.", "incidents": list(tickets)}


def carries_cohort(context: Context) -> bool:
    """Tell whether the run was started with tickets of System T rather than with one notification."""
    conf = context["dag_run"].conf
    return isinstance(conf, Mapping) and "incidents" in conf


def join_condition_of(task: BaseOperator) -> "JoinCondition":
    """Return the ways that lead to a task: its edges in the DAG, and whether its trigger rule wants all of them."""
    from include.sla_logic.services.cohorts import JoinCondition

    return JoinCondition(frozenset(task.upstream_task_ids), all_of=task.trigger_rule == TriggerRule.ALL_SUCCESS)
