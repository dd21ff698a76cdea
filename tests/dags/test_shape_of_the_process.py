"""The DAG has the shape of the process, is documented, and is light, since every task parses it."""

import inspect
import json
import os
import re
import subprocess
import sys
from importlib import import_module

import pytest
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.bases.branch import BranchMixIn
from airflow.serialization.serialized_objects import DagSerialization

from include.sla_logic.process.graph import EDGES, STAGES, STEPS
from include.sla_logic.process.way import ways_to
from sla_airflow.operators import JOIN
from tests.dags.loading import DAGS, load_dag
from tests.dags.shape import edges_of, groups_of

HEAVY = {"jinja2", "matplotlib", "numpy", "pandas", "polars", "pyarrow", "resvg", "sqlalchemy"}

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def dag() -> DAG:
    return load_dag("sla_violation")


def test_groups_edges_and_labels_are_those_of_the_process(dag: DAG) -> None:
    groups = {stage.title: sorted(step.name for step in stage.steps) for stage in STAGES}
    assert groups_of(dag) == groups
    assert edges_of(dag) == {(edge.before, edge.after): edge.label for edge in EDGES}


def test_a_task_decides_joins_and_sends_where_its_step_does(dag: DAG) -> None:
    steps = STEPS.values()
    assert {task.task_id for task in dag.tasks if isinstance(task, BranchMixIn)} == {s.name for s in steps if s.chooses}
    assert {task.task_id for task in dag.tasks if getattr(task, "sends", False)} == {s.name for s in steps if s.sends}
    assert {task.task_id for task in dag.tasks if task.trigger_rule == JOIN} == {
        step.name for step in steps if len(ways_to(step.name)) > 1 and not step.waits_for_all
    }
    assert {task.trigger_rule for task in dag.tasks} == {JOIN, TriggerRule.ALL_SUCCESS}


def test_the_floor_that_the_benchmark_measures_has_the_same_edges(dag: DAG) -> None:
    floor = import_module("benchmarks.floor_dag").dag
    assert set(edges_of(floor)) == set(edges_of(dag))
    assert {task.task_id: task.trigger_rule for task in floor.tasks} == {
        task.task_id: task.trigger_rule for task in dag.tasks
    }


def test_every_step_that_writes_a_letter_or_a_posting_also_sends_it(dag: DAG) -> None:
    sends = re.compile(r"\.(letter_outbox|billing)\b\.\w+\(|\bsend_report\(")
    writes = {task.task_id for task in dag.tasks if sends.search(_code(task))}
    assert writes - {"report_sla_rebate"} == {step.name for step in STEPS.values() if step.sends}


def _code(task: object) -> str:
    step = getattr(task, "step", None)
    return inspect.getsource(step.function) if step else ""


def test_every_edge_of_a_decision_and_between_departments_has_a_label() -> None:
    stage = {step.name: stage.title for stage in STAGES for step in stage.steps}
    labelled = [edge for edge in EDGES if edge.choice or stage[edge.before] != stage[edge.after]]
    assert [edge for edge in labelled if not edge.label] == []


def test_every_group_of_tasks_says_what_it_does(dag: DAG) -> None:
    assert all(group.tooltip for name, group in dag.task_group.get_task_group_dict().items() if name)


@pytest.mark.parametrize("name", ["sla_violation", "premium_problem_fix"])
def test_dag_and_tasks_are_documented_tagged_and_retried(name: str) -> None:
    dag = load_dag(name)
    assert dag.doc_md
    assert dag.description
    assert dag.tags
    assert dag.schedule is None
    assert not dag.catchup
    assert [task.task_id for task in dag.tasks if len(task.doc_md or "") < 40] == []
    assert [task.task_id for task in dag.tasks if task.retries < 2] == []


def test_ten_thousand_incidents_may_run_at_the_same_time(dag: DAG) -> None:
    assert dag.max_active_runs >= 10_000


def test_corrective_actions_share_the_pool_for_resource_work(dag: DAG) -> None:
    pooled = {task.task_id for task in dag.tasks if task.pool == "resource_provisioning"}
    assert pooled == {"undertake_minor_corrections", "undertake_restoration"}


def test_the_stored_dag_is_data_and_reads_back_the_same(dag: DAG) -> None:
    stored = json.loads(json.dumps(DagSerialization.to_dict(dag)))
    again = DagSerialization.from_dict(stored)
    assert "<function" not in json.dumps(stored)
    assert sorted(again.task_ids) == sorted(dag.task_ids)
    assert again.get_task("await_restoration_request").downstream_task_ids == {"track_errors", "terminate_restoration"}


def test_the_dag_file_has_at_most_150_lines() -> None:
    assert len((DAGS / "sla_violation.py").read_text().splitlines()) <= 150


@pytest.mark.more
def test_reading_the_dag_files_loads_no_heavy_library() -> None:
    script = (
        "import sys, runpy, airflow.sdk\n"
        "from airflow.sdk import DAG, BaseOperator, BaseSensorOperator\n"
        "import airflow.providers.standard.operators.trigger_dagrun\n"
        "before = set(sys.modules)\n"
        f"runpy.run_path({str(DAGS / 'sla_violation.py')!r})\n"
        f"runpy.run_path({str(DAGS / 'premium_problem_fix.py')!r})\n"
        "print('READ', *sorted({name.partition('.')[0] for name in set(sys.modules) - before}))\n"
    )
    records = os.pathsep.join([str(DAGS.parent), str(DAGS.parent / "plugins")])
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        env={**os.environ, "PYTHONPATH": records},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    read = next(line for line in done.stdout.splitlines() if line.startswith("READ")).split()
    assert HEAVY.isdisjoint(read)
    assert "include" in read


def test_only_the_dag_has_the_form_and_no_task_a_copy(dag: DAG) -> None:
    assert dag.params
    assert [task.task_id for task in dag.tasks if task.params] == []


_AS_A_TASK = """
import runpy, sys
sys.argv = ["airflow", "scheduler"]
sys.path.insert(0, "config")
runpy.run_path("config/airflow_local_settings.py")
shared = set(sys.modules)
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager
with _airflow_parsing_context_manager(dag_id="sla_violation", task_id="compare_with_sla"):
    dag = runpy.run_path("dags/sla_violation.py")["dag"]
print("NEW", *(name for name in set(sys.modules) - shared if name.startswith(("include", "sla_airflow"))))
print("PARAMS", *dag.params)
"""


@pytest.mark.more
def test_a_task_reads_the_dag_without_the_form_and_finds_its_imports_made_before_the_fork() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AS_A_TASK],
        capture_output=True,
        text=True,
        check=False,
        cwd=DAGS.parent,
        env=os.environ | {"PYTHONPATH": f"{DAGS.parent}:{DAGS.parent / 'plugins'}"},
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith(("NEW", "PARAMS"))] == ["NEW", "PARAMS"]
