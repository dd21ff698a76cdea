"""The DAG of the backlog: what it starts, what it says of the others, and that parsing it costs nothing."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack.project_settings import ProjectSettings
from include.sla_logic.domain.waiting_tickets import WAITING_TICKETS
from include.sla_logic.process import customer_service
from sla_airflow import backlog, runtime
from tests.backlog.logs import event, open_tickets, take_in, write_csv
from tests.dags.loading import load_dag

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"jinja2", "numpy", "pandas", "sqlalchemy"}


class Runs:
    """An Airflow that remembers what was started, and whose runs die when told."""

    def __init__(self):
        self.started = {}
        self.dead = set()

    def is_dead(self, run_id):
        return run_id in self.dead or run_id not in self.started

    def start(self, run_id, conf):
        return self.started.setdefault(run_id, conf) is conf


@pytest.fixture
def runs(use_cases, monkeypatch):
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    return Runs()


def work_off(runs, by="scheduled-1", **how):
    return backlog.work_off(runs, by=by, **({"limit": 100, "at_most": 50, "carries": 10} | how))


def carried(runs):
    return [ticket for conf in runs.started.values() for ticket in conf["incidents"]]


def test_it_starts_cohorts_and_says_so(use_cases, runs, tmp_path):
    open_tickets(use_cases, tmp_path, 25)
    report = work_off(runs)
    assert [len(conf["incidents"]) for conf in runs.started.values()] == [10, 10, 5]
    assert (report["started"], report["waiting"], report["why"]) == (25, 0, [])
    assert report["runs"] == list(runs.started)


def test_what_it_starts_can_be_processed(use_cases, runs, tmp_path):
    open_tickets(use_cases, tmp_path, 3)
    work_off(runs)
    [(run_id, conf)] = runs.started.items()
    use_cases.cohorts.accept(conf, run_id=run_id)
    use_cases.cohorts.perform(customer_service.enter_problem_report, run_id=run_id)
    assert {ticket.status for ticket in use_cases.lookups.tickets()} == {"inProgress"}


def test_it_says_why_the_others_wait(use_cases, runs, tmp_path):
    rows = [event(f"T-{n}", "acknowledged", "1 08:00") for n in range(5)]
    rows.append(event("STRANGER", "acknowledged", "1 08:00", customer="C-9"))
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert work_off(runs, limit=2)["why"] == [
        "3 tickets could be taken: the limit of 2 active incidents is reached (2 are active)",
        "1 tickets wait: their customers are not in the contract register",
    ]
    assert work_off(runs, "scheduled-2", limit=3)["why"][0] == (
        "2 tickets could be taken: the limit of 3 active incidents is reached (3 are active)"
    )


def test_it_goes_on_with_the_next_portion_while_there_is_room(use_cases, runs, tmp_path):
    open_tickets(use_cases, tmp_path, 25)
    report = work_off(runs, at_most=10, carries=5, limit=22)
    assert [len(conf["incidents"]) for conf in runs.started.values()] == [5, 5, 5, 5, 2]
    assert (report["started"], report["waiting"]) == (22, 3)
    assert len(set(carried(runs))) == 22


def test_a_claimant_who_has_lost_a_portion_stops_and_leaves_the_rest(use_cases, runs, tmp_path, monkeypatch):
    open_tickets(use_cases, tmp_path, 5)
    monkeypatch.setattr(type(use_cases.backlog), "renew_claim", lambda *_, **__: False)
    report = work_off(runs, at_most=2)
    assert (report["started"], runs.started) == (0, {})
    assert report["why"] == ["3 tickets could be taken: this run takes no more; the next one does"]


def test_the_projects_settings_name_what_holds_without_them():
    variables = ProjectSettings.read(ROOT / "airflow_settings.yaml").variables
    assert {variable.variable_name: variable.variable_value for variable in variables} == {
        backlog.LIMIT: str(backlog.LIMIT_WITHOUT),
        backlog.AT_MOST: str(backlog.AT_MOST_WITHOUT),
        backlog.CARRIES: str(backlog.CARRIES_WITHOUT),
    }


def test_tried_again_after_dying_between_two_starts_it_starts_the_rest_once(use_cases, runs, tmp_path, monkeypatch):
    open_tickets(use_cases, tmp_path, 30)
    start = runs.start

    def dies(run_id, conf):
        if runs.started:
            raise RuntimeError
        return start(run_id, conf)

    monkeypatch.setattr(runs, "start", dies)
    with pytest.raises(RuntimeError):
        work_off(runs)
    monkeypatch.setattr(runs, "start", start)
    assert work_off(runs)["started"] == 20
    assert sorted(carried(runs)) == sorted(ticket.id for ticket in use_cases.lookups.tickets(limit=100))


def test_a_run_that_was_started_but_not_noted_is_not_started_twice(use_cases, runs, tmp_path, monkeypatch):
    open_tickets(use_cases, tmp_path, 3)
    monkeypatch.setattr(type(use_cases.backlog), "note_run_started", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        work_off(runs)
    monkeypatch.undo()
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    assert work_off(runs)["started"] == 3
    assert len(runs.started) == 1


def test_the_tickets_of_a_dead_run_are_started_again_in_another(use_cases, runs, tmp_path):
    open_tickets(use_cases, tmp_path, 3)
    [first] = work_off(runs)["runs"]
    runs.dead.add(first)
    report = work_off(runs, "scheduled-2")
    assert (report["released"], report["started"]) == (3, 3)
    assert report["runs"] != [first]


@pytest.mark.parametrize(("said", "every"), [("0 6 * * *", "0 6 * * *"), ("", "*/15 * * * *")])
def test_the_schedule_is_an_airflow_variable_from_the_environment(monkeypatch, said, every):
    monkeypatch.setenv("AIRFLOW_VAR_SLA_BACKLOG_SCHEDULE", said)
    schedule = runpy.run_path("dags/sla_backlog.py")["dag"].schedule
    assert (schedule.timetable.expression, schedule.timetable.timezone) == (every, "UTC")


def test_it_says_by_name_who_waits_again_and_who_is_given_up(use_cases, runs, tmp_path, caplog):
    open_tickets(use_cases, tmp_path, 2)
    caplog.set_level("WARNING")
    for attempt in range(3):
        runs.dead.update(work_off(runs, f"scheduled-{attempt}")["runs"])
    assert "2 tickets wait again: TT-000001, TT-000002" in caplog.text
    report = work_off(runs, "scheduled-3")
    assert (report["released"], report["given_up"]) == (0, ["TT-000001", "TT-000002"])
    assert "a person must look: TT-000001, TT-000002" in caplog.text


@pytest.mark.more
def test_the_dag_is_scheduled_runs_alone_and_its_file_imports_nothing_heavy():
    dag = load_dag("sla_backlog")
    assert dag.schedule.timetable.expression == "*/15 * * * *"
    assert [asset.name for asset in dag.schedule.asset_condition.objects] == [WAITING_TICKETS]
    assert dag.max_active_runs == 1
    assert [task.task_id for task in dag.tasks] == ["work_off_backlog"]
    code = (
        "import sys, json, runpy; import airflow.sdk; before = set(sys.modules);"
        "runpy.run_path('dags/sla_backlog.py'); print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert not HEAVY & set(json.loads(done.stdout.splitlines()[-1]))
