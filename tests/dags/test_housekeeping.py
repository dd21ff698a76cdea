"""Housekeeping runs every minute, one run at a time, before all other tasks, and catches nothing up."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from tests.dags.loading import load_dag


def test_housekeeping_runs_every_minute_and_one_run_at_a_time() -> None:
    dag = load_dag("sla_housekeeping")
    assert dag.schedule == timedelta(minutes=1)
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert dag.dagrun_timeout == timedelta(minutes=30)


def test_sending_and_watching_do_not_wait_for_each_other() -> None:
    dag = load_dag("sla_housekeeping")
    assert {task.task_id for task in dag.tasks} == {
        "deliver_what_is_due",
        "open_incidents_of_alarms",
        "take_up_stranded_incidents",
        "tell_listeners",
    }
    assert not any(task.upstream_task_ids for task in dag.tasks)
    assert all(task.doc_md for task in dag.tasks)


def weights(name: str) -> list[int]:
    """Weigh each task as the scheduler does when too few slots are free for all."""
    dag = DagSerialization.from_dict(DagSerialization.to_dict(load_dag(name)))
    return [task.weight_rule.get_weight(SimpleNamespace(task=task)) for task in dag.task_dict.values()]


@pytest.mark.parametrize(
    ("first", "then"), [("premium_problem_fix", "sla_violation"), ("sla_housekeeping", "premium_problem_fix")]
)
def test_incidents_in_the_queue_do_not_delay_housekeeping_or_a_premium_customer(first: str, then: str) -> None:
    assert min(weights(first)) > max(weights(then))
