"""Airflow's scheduler looks first at the runs in which a task has ended; what only waits keeps its turn."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS_IN_ORDER = """
import sys
sys.argv = ["airflow", "scheduler"]
from datetime import timedelta
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from sqlalchemy import insert, inspect, update

from datetime import datetime, UTC
initdb()
NOW = datetime.now(UTC)
RUNS = {  # when it was looked at last, and when and how its task was changed last
    "waits longest": (NOW - timedelta(minutes=9), NOW - timedelta(minutes=20), "deferred"),
    "runs": (NOW - timedelta(minutes=8), NOW, "running"),
    "ended long ago": (NOW - timedelta(minutes=7), NOW - timedelta(minutes=8), "success"),
    "ended just now": (NOW - timedelta(minutes=6), NOW - timedelta(minutes=5), "skipped"),
    "ended during the look": (NOW - timedelta(minutes=5), NOW - timedelta(minutes=5, milliseconds=300), "failed"),
}
with create_session() as session:
    session.add(DagBundleModel(name="bundle"))
    session.flush()
    session.add(DagModel(dag_id="some", bundle_name="bundle", is_paused=False, is_stale=False))
    session.flush()
    for number, (run_id, (looked, changed, state)) in enumerate(RUNS.items()):
        run = {"dag_id": "some", "run_id": run_id, "state": "running", "run_type": "manual", "clear_number": 0}
        run |= {"run_after": NOW - timedelta(hours=1), "last_scheduling_decision": looked, "span_status": "not_started"}
        session.execute(insert(DagRun.__table__).values(run))
        task = {"task_id": "one", "dag_id": "some", "run_id": run_id, "state": state, "updated_at": changed}
        task |= {"pool": "default_pool", "pool_slots": 1, "max_tries": 0, "span_status": "not_started"}
        session.execute(insert(TaskInstance.__table__).values(task))
    session.commit()
    for run in DagRun.get_running_dag_runs_to_examine(session=session):
        print("RUN", run.run_id)
"""


def test_runs_in_which_a_task_has_ended_come_first_and_the_others_in_turn(postgres_url: str, tmp_path: Path) -> None:
    metadata = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    done = subprocess.run(
        [sys.executable, "-c", RUNS_IN_ORDER],
        env={
            **os.environ,
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("", "config", "plugins")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    order = [line.removeprefix("RUN ") for line in done.stdout.splitlines() if line.startswith("RUN ")]
    assert set(order[:2]) == {"ended just now", "ended during the look"}
    assert order[2:] == ["waits longest", "runs", "ended long ago"]
