"""A run counts as gone only where Airflow says that it has none, and as started only where it says so."""

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import (
    DagRunStateResult,
    ErrorResponse,
    GetTaskStates,
    OKResponse,
    TaskStatesResult,
)

from include.sla_logic.process.graph import STEPS
from sla_airflow.execution_api import AirflowRuns, RunNotStarted, start_run


class Supervisor:
    """Answers as the supervisor of a task does."""

    def __init__(self, answer):
        self.answer = answer

    def send(self, msg):  # noqa: ARG002 - the name that the task SDK uses
        if isinstance(self.answer, ErrorResponse) and self.answer.error != ErrorType.DAGRUN_ALREADY_EXISTS:
            raise AirflowRuntimeError(self.answer)
        return self.answer


@pytest.fixture
def airflow(monkeypatch):
    def answers(answer):
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(answer), raising=False)

    return answers


def failure(status_code):
    return ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": status_code, "message": "no"})


def test_a_run_that_airflow_does_not_know_is_gone_and_dead(airflow):
    airflow(failure(404))
    assert AirflowRuns().state("incident.A") is None
    assert AirflowRuns().is_dead("incident.A")


@pytest.mark.parametrize(
    "answer", [failure(500), failure(503), failure(None), ErrorResponse(error=ErrorType.GENERIC_ERROR, detail=None)]
)
def test_an_api_server_that_fails_or_is_silent_has_said_nothing_of_the_run(airflow, answer):
    airflow(answer)
    with pytest.raises(AirflowRuntimeError):
        AirflowRuns().state("incident.A")
    with pytest.raises(AirflowRuntimeError):
        AirflowRuns().is_dead("incident.A")


@pytest.mark.parametrize(
    ("state", "dead"), [("failed", True), ("running", False), ("queued", False), ("success", False)]
)
def test_only_failed_runs_are_dead(airflow, state, dead):
    airflow(DagRunStateResult(state=state))
    assert AirflowRuns().is_dead("incident.A") is dead


@pytest.mark.parametrize(("deleted", "says"), [(set(), "is cleared, or"), ({"track_errors"}, "has lost track_errors")])
def test_a_cleared_run_that_lacks_a_task_is_said_to_lack_it(monkeypatch, deleted, says):
    class Cleared(Supervisor):
        def send(self, msg):
            return TaskStatesResult(task_states={"run-1": self.answer}) if isinstance(msg, GetTaskStates) else None

    states = {step: "success" for step in STEPS if step not in deleted}
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Cleared(states), raising=False)
    assert says in AirflowRuns().resume("run-1", {})


@pytest.mark.parametrize(
    ("answer", "new"),
    [(OKResponse(ok=True), True), (ErrorResponse(error=ErrorType.DAGRUN_ALREADY_EXISTS), False)],
)
def test_a_run_is_started_once(airflow, answer, new):
    airflow(answer)
    assert start_run("sla_violation", "run-1", {}) is new


@pytest.mark.parametrize(
    "answer", [failure(500), failure(404), ErrorResponse(error=ErrorType.GENERIC_ERROR, detail=None)]
)
def test_a_run_that_airflow_does_not_start_now_is_worth_a_retry(airflow, answer):
    airflow(answer)
    with pytest.raises(RunNotStarted, match="did not start run-1 of sla_violation"):
        start_run("sla_violation", "run-1", {})
