"""Schedulers and workers of Celery import what a task needs before they fork; no task imports it again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.sla_logic.sample_data import make_sample
from tests.cohorts.test_leading_a_cohort import ANCHOR, open_use_cases
from tests.reference.walk import walk

ROOT = Path(__file__).resolve().parents[2]
AS_TASKS = """
import json, runpy, sys
given = json.load(sys.stdin)
sys.argv = ["airflow", "scheduler"]
sys.path.insert(0, "config")
runpy.run_path("config/airflow_local_settings.py")
shared = set(sys.modules)
from datetime import datetime
from pathlib import Path
from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.services import UseCases, Settings
departments = customer_service, service_management, resource_provisioning, billing
use_cases = UseCases(
    Settings(given["database"], Path(given["letters"])), clock=lambda: datetime.fromisoformat(given["now"])
)
use_cases.incidents.accept(given["conf"], run_id="incident", origin="test")
for task in given["path"]:
    [step] = [getattr(department, task) for department in departments if hasattr(department, task)]
    use_cases.incidents.perform(step, run_id="incident")
use_cases.outbox.deliver(ticket="incident")
print("LETTERS", bool(use_cases.lookups.incident("incident").letters))
print("AGAIN", *sorted(name for name in set(sys.modules) - shared if name.partition(".")[0] in given["ours"]))
"""

AT_ITS_START = """
import json, runpy, sys
sys.path.insert(0, "config")
from airflow.models.dagrun import DagRun
namespace = runpy.run_path("config/airflow_local_settings.py")
missing = [name for name in namespace["SHARED"] if name not in sys.modules]
print("START", json.dumps([len(missing), DagRun.get_running_dag_runs_to_examine.__module__]))
"""


def said_by(code: str, given: str = "") -> list[str]:
    """Run the code in a process of its own, and return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.more
@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("scheduler", "scheduler_priority_patch"),
        pytest.param("celery worker", "airflow.models.dagrun", marks=pytest.mark.more),
    ],
)
def test_who_forks_tasks_imports_first_and_the_order_of_runs_is_the_schedulers_alone(words: str, order: str) -> None:
    code = AT_ITS_START.replace("namespace =", f"sys.argv = {['airflow', *words.split()]!r}\nnamespace =")
    [said] = [line for line in said_by(code) if line.startswith("START")]
    assert json.loads(said.removeprefix("START")) == [0, order]


@pytest.mark.more
def test_no_task_of_an_incident_imports_anything_again(tmp_path: Path) -> None:
    teleco = make_sample(7, ANCHOR, history_days=32)
    conf = teleco.notifications["minor_correction"].model_dump(mode="json")
    path = walk(open_use_cases(tmp_path / "example", teleco), lambda: None, conf, "incident")
    tried = open_use_cases(tmp_path / "tried", teleco).work.settings
    given = {
        "database": tried.database_url,
        "letters": str(tried.letters_folder),
        "now": ANCHOR.isoformat(),
        "conf": conf,
        "path": path,
        "ours": ["include", "sla_airflow", "holidays", "PIL", "babel", "jinja2", "numpy", "resvg", "yaml"],
    }
    said = [line for line in said_by(AS_TASKS, json.dumps(given)) if line.startswith(("LETTERS", "AGAIN"))]
    assert said == ["LETTERS True", "AGAIN"]
