"""The house is looked after every minute, once at a time, and nothing is caught up."""

from datetime import timedelta

from tests.dags.loading import load_dag


def test_housekeeping_runs_every_minute_and_never_beside_itself() -> None:
    dag = load_dag("sla_housekeeping")
    assert dag.schedule == timedelta(minutes=1)
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert dag.dagrun_timeout == timedelta(minutes=30)


def test_sending_and_watching_do_not_wait_for_each_other() -> None:
    dag = load_dag("sla_housekeeping")
    assert {task.task_id for task in dag.tasks} == {"deliver_what_is_due", "take_up_stranded_incidents"}
    assert not any(task.upstream_task_ids for task in dag.tasks)
    assert all(task.doc_md for task in dag.tasks)
