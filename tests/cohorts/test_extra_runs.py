"""The task that links the premium incidents of a cohort starts their extra process too, whatever follows for them."""

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse, OKResponse, TriggerDagRun
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.run_ids import premium_run_id
from include.sla_logic.process import customer_service, extra_problem_fix
from sla_airflow import runtime
from sla_airflow.operators import Intake
from sla_airflow.premium import Link
from tests.cohorts.test_stages_in_one_go import INTAKE
from tests.cohorts.test_what_leaves_a_cohort import UnableToDoThis, failing, report

RUN = "cohort-1"


class Supervisor:
    """Starts a run once, as Airflow does."""

    def __init__(self):
        self.started = {}

    def send(self, msg):
        assert isinstance(msg, TriggerDagRun)
        if msg.run_id in self.started:
            return ErrorResponse(error=ErrorType.DAGRUN_ALREADY_EXISTS)
        self.started[msg.run_id] = (msg.dag_id, msg.conf)
        return OKResponse(ok=True)


@pytest.fixture
def airflow(use_cases, monkeypatch):
    supervisor = Supervisor()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    monkeypatch.setattr(runtime, "settings", lambda: use_cases.work.settings)
    monkeypatch.setattr(runtime, "enter", lambda _: None)
    return supervisor


def context_of(tickets):
    run = SimpleNamespace(conf={"incidents": list(tickets)}, run_id=RUN)
    return {"run_id": RUN, "dag_run": run}


def take_in(tickets):
    """Do what the first task of the run does."""
    Intake(step=customer_service.enter_problem_report).execute(context_of(tickets))


def link(tickets):
    """Do what the task of the link does."""
    Link(step=customer_service.link_to_extra_problem_fix, to="premium_problem_fix").execute(context_of(tickets))


STARTED = {premium_run_id("own-premium"): ("premium_problem_fix", {"incident": "own-premium"})}


def test_the_extra_process_runs_though_the_task_of_the_link_never_does(use_cases, teleco, airflow):
    take_in(report(use_cases, teleco, "premium", "no_problem_found").values())
    assert airflow.started == STARTED


def test_the_extra_process_of_a_premium_incident_that_is_set_aside_later_runs_at_once(
    use_cases, teleco, airflow, monkeypatch
):
    tickets = report(use_cases, teleco, "premium", "no_problem_found")
    fault = failing("create_detailed_problem_report", tickets["premium"], UnableToDoThis("The line is a riddle."))
    monkeypatch.setattr(runtime, "done_in_one_go", lambda _: [fault(step.name) for step in INTAKE])
    take_in(tickets.values())
    assert {member.ticket: member.state for member in use_cases.cohorts.members(RUN)} == {
        tickets["premium"]: "set aside",
        tickets["no_problem_found"]: "carried",
    }
    assert airflow.started == STARTED


def test_what_the_first_task_has_left_is_linked_and_started_by_the_task_of_the_link(
    use_cases, teleco, airflow, monkeypatch
):
    tickets = report(use_cases, teleco, "premium", "no_problem_found")
    monkeypatch.setattr(runtime, "done_in_one_go", lambda _: INTAKE[:4])
    take_in(tickets.values())
    assert airflow.started == {}
    link(tickets.values())
    link(tickets.values())
    assert airflow.started == STARTED


def test_no_run_is_asked_for_where_the_incident_was_taken_over(use_cases, teleco, airflow):
    tickets = report(use_cases, teleco, "premium", "no_problem_found")
    take_in(tickets.values())
    use_cases.incidents.perform(extra_problem_fix.take_over_incident, run_id="own-premium")
    airflow.started.clear()
    link(tickets.values())
    assert airflow.started == {}


def test_the_doctor_warns_of_an_extra_process_that_was_asked_for_and_never_ran(
    use_cases, teleco, airflow, monkeypatch, own_url
):
    tickets = report(use_cases, teleco, "premium", "no_problem_found")
    take_in(tickets.values())
    monkeypatch.setenv("TELECO_DB_URL", own_url)
    said = f"{tickets['premium']}: its extra problem fix was asked for"
    warned = CliRunner().invoke(app, ["doctor"]).stderr
    assert said in warned
    assert 'premium.own-premium of premium_problem_fix, or start it with {"incident": "own-premium"}' in warned
    use_cases.incidents.perform(extra_problem_fix.take_over_incident, run_id="own-premium")
    assert said not in CliRunner().invoke(app, ["doctor"]).stderr


def test_an_extra_process_that_was_just_asked_for_is_not_missed_yet(use_cases, teleco, airflow):
    take_in(report(use_cases, teleco, "premium", "no_problem_found").values())
    assert not use_cases.extra_problem_fix.without_child()
