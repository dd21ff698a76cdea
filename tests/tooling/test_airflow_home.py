"""dag.test() runs a DAG on the throw-away home, with conf, skips and a wait, and without naps."""

import importlib.util
import time
from pathlib import Path

import pytest

DAG = """
from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import dag, task


@dag(schedule=None)
def trial():
    @task.branch
    def choose(params=None, dag_run=None):
        return dag_run.conf["way"]

    left, right = (EmptyOperator(task_id=way) for way in ("left", "right"))
    wait = DateTimeSensorAsync(task_id="wait", target_time=datetime.now(UTC) + timedelta(seconds=1))
    after = EmptyOperator(task_id="after", trigger_rule="none_failed_min_one_success")
    choose() >> [left, right]
    left >> wait >> after
    right >> after


trial_dag = trial()
"""


@pytest.fixture
def trial_dag(airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("airflow.settings.DAGS_FOLDER", str(tmp_path))
    file = tmp_path / "trial.py"
    file.write_text(DAG)
    spec = importlib.util.spec_from_file_location("trial", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.trial_dag


@pytest.mark.parametrize(
    ("way", "skipped"), [("left", {"right"}), pytest.param("right", {"left", "wait"}, marks=pytest.mark.more)]
)
def test_a_dag_takes_the_way_that_its_conf_names(trial_dag, way: str, skipped: set[str]) -> None:
    run = trial_dag.test(run_conf={"way": way})
    states = {task.task_id: task.state for task in run.get_task_instances()}
    assert run.state == "success"
    assert {task for task, state in states.items() if state == "skipped"} == skipped


def test_other_sleeps_are_left_alone(airflow_home: Path) -> None:
    before = time.monotonic()
    time.sleep(0.05)
    assert time.monotonic() - before >= 0.05
