"""The scheduler's look for results of Celery: one connection for all looks, and another one once it is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.postgres import Databases
from deploy.stack.celery_workers import PATIENCE, installed

ROOT = Path(__file__).resolve().parents[2]
LOOKS = """
import sys
from sqlalchemy import create_engine, text
import celery_results_patch
if sys.argv[2] == "kept":
    celery_results_patch.install()
from airflow.providers.celery.executors.celery_executor_utils import BulkStateFetcher
from celery import Celery

class Sent:
    task_id = "4711"

app = Celery("looks", backend="db+" + sys.argv[1])
look = BulkStateFetcher(1, celery_app=app)
me = text("SELECT pg_backend_pid()")

def server():
    session = app.backend.ResultSession()
    try:
        return session.scalar(me)
    finally:
        session.close()

print(look.get_many([Sent()])["4711"][0], look.get_many([Sent()])["4711"][0])
first, second = server(), server()
print("one" if first == second else "two")
with create_engine(sys.argv[1]).connect() as other:
    other.execute(text(f"SELECT pg_terminate_backend({second})"))
print(look.get_many([Sent()])["4711"][0])
"""


@pytest.mark.more
@pytest.mark.parametrize(("which", "connections"), [("kept", "one"), ("as it comes", "two")])
def test_looks_share_a_connection_and_outlive_it(which: str, connections: str, postgres_server: Databases) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "config"), str(installed(ROOT))])
    done = subprocess.run(
        [sys.executable, "-c", LOOKS, postgres_server.create_database(f"looks_{connections}"), which],
        env={**os.environ, **PATIENCE, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["PENDING PENDING", connections, "PENDING", ""]
