"""Airflow's scheduler first examines the runs in which a task has ended; runs that only wait keep their turn."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS_IN_ORDER = """
import json, sys
runs = json.load(sys.stdin)  # by name: seconds since it was examined, seconds since its task changed, state of the task
sys.argv = ["airflow", "scheduler"]
from datetime import UTC, datetime, timedelta
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from sqlalchemy import insert

initdb()
now = datetime.now(UTC)
with create_session() as session:
    session.add(DagBundleModel(name="bundle"))
    session.flush()
    session.add(DagModel(dag_id="some", bundle_name="bundle", is_paused=False, is_stale=False))
    session.flush()
    for name, (looked, changed, state) in runs.items():
        both = {"dag_id": "some", "run_id": name, "span_status": "not_started"}
        run = {"state": "running", "run_type": "manual", "clear_number": 0, "run_after": now - timedelta(hours=1)}
        run["last_scheduling_decision"] = now - timedelta(seconds=looked)
        session.execute(insert(DagRun.__table__).values(both | run))
        task = {"task_id": "one", "pool": "default_pool", "pool_slots": 1, "max_tries": 0, "state": state}
        task["updated_at"] = now - timedelta(seconds=changed)
        session.execute(insert(TaskInstance.__table__).values(both | task))
    session.commit()
    print("RUNS", json.dumps([run.run_id for run in DagRun.get_running_dag_runs_to_examine(session=session)]))
"""
QUIET = {
    "waits longest": (500, 900, "deferred"),
    "is at work": (400, 0, "running"),
    "ended long ago": (300, 400, "success"),
}
TOLD = {"ended just now": (200, 100, "skipped"), "ended during the look": (100, 100.1, "failed")}
CROWD = {f"ended too, {number}": (50, 0, "success") for number in range(20)}


def examined(url: str, home: Path, runs: dict[str, object]) -> list[str]:
    """Return the next five of these runs that a scheduler on an empty database examines."""
    metadata = url.replace("postgresql://", "postgresql+psycopg://")
    done = subprocess.run(
        [sys.executable, "-c", RUNS_IN_ORDER],
        input=json.dumps(runs),
        env={
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
            "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": "5",
            "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("", "config", "plugins")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = next(line for line in done.stdout.splitlines() if line.startswith("RUNS "))
    order: list[str] = json.loads(said.removeprefix("RUNS "))
    return order


@pytest.mark.more
def test_runs_in_which_a_task_has_ended_come_first_and_the_others_in_turn(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    order = examined(empty_postgres_url, tmp_path, QUIET | TOLD)
    assert set(order[:2]) == set(TOLD)
    assert order[2:] == list(QUIET)


@pytest.mark.more
def test_a_run_that_only_waits_has_its_turn_beside_any_number_of_others(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    order = examined(empty_postgres_url, tmp_path, QUIET | CROWD)
    assert set(order[:4]) < set(CROWD)
    assert order[4:] == ["waits longest"]
