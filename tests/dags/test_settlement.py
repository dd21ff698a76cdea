"""Settlement runs daily over a fixed range of shards, hands nothing over by XCom, and its file is quick to parse."""

import json
import os
import runpy
import subprocess
import sys

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sla_airflow import runtime, settlement
from tests.dags.loading import load_dag

HEAVY = {"jinja2", "numpy", "pandas", "sqlalchemy"}


def test_it_looks_at_all_shards_before_it_books_and_hands_nothing_over():
    dag = load_dag("sla_settlement")
    assert (str(dag.schedule), dag.max_active_runs, dag.catchup) == ("0 5 * * *", 1, False)
    order = ["open_run", "look", "compare_with_limits", "settle", "end_run"]
    assert [task.task_id for task in dag.topological_sort()] == order
    assert not any(task.partial_kwargs["do_xcom_push"] for task in dag.tasks if task.is_mapped)
    assert not any(task.do_xcom_push for task in dag.tasks if not task.is_mapped)


def test_the_number_of_shards_and_the_schedule_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("SLA_SETTLEMENT_SHARDS", "3")
    monkeypatch.setenv("AIRFLOW_VAR_SLA_SETTLEMENT_SCHEDULE", "0 6 * * *")
    read = runpy.run_path("dags/sla_settlement.py")
    assert (read["SHARDS"], str(read["dag"].schedule)) == ([0, 1, 2], "0 6 * * *")


@pytest.mark.more
def test_its_file_imports_nothing_heavy():
    code = (
        "import sys, json, runpy; import airflow.sdk; before = set(sys.modules);"
        "runpy.run_path('dags/sla_settlement.py'); print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert not HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def tasks(use_cases, monkeypatch):
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    monkeypatch.setattr(runtime, "enter", lambda _: None)
    monkeypatch.setattr(settlement, "perhaps_whole_number", lambda _: 100)
    return use_cases


def test_its_tasks_end_each_run_and_can_be_done_again(tasks):
    for _ in range(2):
        settlement.open_run(by="scheduled-1", shards=2)
        for task in (0, 1, 1):
            settlement.look(task, tasks=2)
        settlement.compare_with_limits()
        for task in (0, 0, 1):
            settlement.settle(task, tasks=2)
        settlement.end_run()
        settlement.end_run()
    assert {run.state for run in tasks.settlement.runs()} == {"ended"}
    assert tasks.settlement.windows().counts[0].state == "waiting"


@pytest.mark.parametrize("shards", [1, 2, 16])
def test_a_run_that_was_opened_with_other_shards_than_there_are_tasks_is_ended(tasks, shards):
    settlement.open_run(by="scheduled-1", shards=shards)
    for do in (settlement.look, settlement.settle):
        for task in range(3):
            do(task, tasks=3)
        settlement.compare_with_limits()
    settlement.end_run()
    [run] = tasks.settlement.runs()
    assert (run.state, run.shards) == ("ended", shards)


def test_a_held_run_fails_with_the_sentence_that_says_what_to_do(tasks, monkeypatch):
    settlement.open_run(by="scheduled-1", shards=1)
    settlement.look(0, tasks=1)
    monkeypatch.setattr("include.sla_logic.services.settlement.why_held", lambda *_, **__: "it is too much")
    with pytest.raises(AirflowFailException, match=r"is held: it is too much. `sla settlement release 1`"):
        settlement.compare_with_limits()
