"""The sensor looks first, decides in our database alone, and no accident of Airflow's moves the deadline."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.bases.operator import TRIGGER_FAIL_REPR, BaseOperator, TriggerFailureReason
from airflow.sdk.exceptions import AirflowFailException, DownstreamTasksSkipped, TaskDeferralError, TaskDeferred
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import OKResponse
from sqlalchemy.exc import OperationalError

from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.process.resource_provisioning import go_on_after_the_wait
from include.sla_logic.services.cohorts import Part, WaitResult
from include.sla_logic.services.lookups import UnableToFindIncident
from sla_airflow import runtime, wait_poller
from sla_airflow.execution_api import RunNotStarted
from sla_airflow.restoration import FIRST_LOOK_SECONDS, JITTER_SECONDS, RestorationSensor, RestorationTrigger
from tests.reliability.test_runs_in_doubt import Supervisor, failure

RUN = "incident.WEB-1"
DEADLINE = datetime(2099, 1, 3, 12, tzinfo=UTC)


class UseCases:
    """Decides as told; `None` means that the wait goes on."""

    def __init__(self) -> None:
        self.outcome: RestorationOutcome | None = None
        self.ends_at = DEADLINE
        self.looks = 0
        self.known = True
        self.restorations = self.lookups = self

    def ticket_of(self, _run_id: str) -> str:
        return "TT-000001"

    def decide(self, run_id: str) -> RestorationOutcome | None:
        self.looks += 1
        if not self.known:
            raise UnableToFindIncident(f"System T has no incident under {run_id}.")
        return self.outcome

    def deadline(self, _run_id: str) -> datetime:
        return self.ends_at


@pytest.fixture
def use_cases(monkeypatch: pytest.MonkeyPatch) -> UseCases:
    use_cases = UseCases()
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    return use_cases


@pytest.fixture
def sensor() -> RestorationSensor:
    with DAG("waiting", schedule=None):
        sensor = RestorationSensor(task_id="await_restoration_request", goes_on=go_on_after_the_wait)
        sensor >> [BaseOperator(task_id="track_errors"), BaseOperator(task_id="terminate_restoration")]
    return sensor


def context_of(sensor: RestorationSensor, run_id: str = RUN, conf: object = None) -> Any:
    ti = SimpleNamespace(task=sensor, map_index=-1, xcom_push=lambda **_: None)
    return {"run_id": run_id, "ti": ti, "dag_run": SimpleNamespace(conf=conf)}


def deferral(sensor: RestorationSensor, run_id: str = RUN) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        sensor.look(context_of(sensor, run_id))
    return deferred.value


@pytest.mark.parametrize(
    ("outcome", "skipped"),
    [
        (RestorationOutcome.IN_TIME, "terminate_restoration"),
        (RestorationOutcome.TOO_LATE, "track_errors"),
        (RestorationOutcome.REJECTED, "track_errors"),
    ],
)
def test_a_decided_wait_branches_at_once(
    use_cases: UseCases, sensor: RestorationSensor, outcome: RestorationOutcome, skipped: str
) -> None:
    use_cases.outcome = outcome
    with pytest.raises(DownstreamTasksSkipped) as branched:
        sensor.look(context_of(sensor))
    assert branched.value.tasks == [(skipped, -1)]


def test_it_looks_before_it_defers(use_cases: UseCases, sensor: RestorationSensor) -> None:
    deferral(sensor)
    assert use_cases.looks == 1


def test_the_trigger_carries_the_stored_deadline_whenever_the_sensor_starts(
    use_cases: UseCases, sensor: RestorationSensor
) -> None:
    first, second = deferral(sensor).trigger, deferral(sensor).trigger
    assert first.serialize()[1]["deadline"] == second.serialize()[1]["deadline"] == DEADLINE.isoformat()


def test_the_first_look_comes_fifteen_seconds_or_more_after_the_deferral(
    use_cases: UseCases, sensor: RestorationSensor
) -> None:
    use_cases.ends_at = datetime.now(UTC)
    for run in map(str, range(50)):
        before = datetime.now(UTC)
        first_look = datetime.fromisoformat(deferral(sensor, run).trigger.serialize()[1]["not_before"])
        assert timedelta(seconds=FIRST_LOOK_SECONDS) <= first_look - before
        assert first_look - datetime.now(UTC) <= timedelta(seconds=FIRST_LOOK_SECONDS + JITTER_SECONDS)
    assert FIRST_LOOK_SECONDS >= 15


def test_first_looks_are_spread(use_cases: UseCases, sensor: RestorationSensor) -> None:
    looks = {deferral(sensor, str(run)).trigger.serialize()[1]["not_before"][:21] for run in range(100)}
    assert len(looks) > 20


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(seconds=-30)])
def test_the_scheduler_wakes_the_task_after_the_deadline_and_never_before(
    use_cases: UseCases, sensor: RestorationSensor, ahead: timedelta
) -> None:
    use_cases.ends_at = datetime.now(UTC) + ahead
    timeout = deferral(sensor).timeout
    assert isinstance(timeout, timedelta)
    assert datetime.now(UTC) + timeout > use_cases.ends_at + timedelta(minutes=1)
    assert timeout > timedelta(minutes=1)


def test_a_wake_for_nothing_defers_again_to_the_same_deadline(use_cases: UseCases, sensor: RestorationSensor) -> None:
    with pytest.raises(TaskDeferred) as again:
        sensor.resume_execution("look", {"event": {"look": RUN}}, context_of(sensor))
    assert again.value.trigger.serialize()[1]["deadline"] == DEADLINE.isoformat()


def test_airflows_own_timeout_is_an_occasion_to_look(use_cases: UseCases, sensor: RestorationSensor) -> None:
    use_cases.outcome = RestorationOutcome.TOO_LATE
    with pytest.raises(DownstreamTasksSkipped):
        sensor.resume_execution(TRIGGER_FAIL_REPR, {"error": TriggerFailureReason.TRIGGER_TIMEOUT}, context_of(sensor))


def test_a_trigger_that_broke_is_tried_again(use_cases: UseCases, sensor: RestorationSensor) -> None:
    with pytest.raises(TaskDeferralError):
        sensor.resume_execution(TRIGGER_FAIL_REPR, {"error": TriggerFailureReason.TRIGGER_FAILURE}, context_of(sensor))


def test_a_run_without_an_incident_fails_at_once_with_the_sentence(
    use_cases: UseCases, sensor: RestorationSensor
) -> None:
    use_cases.known = False
    with pytest.raises(AirflowFailException, match=r"System T has no incident under incident\.WEB-1"):
        sensor.look(context_of(sensor))


def test_two_days_are_shown_and_nothing_else_can_time_the_task_out(sensor: RestorationSensor) -> None:
    assert sensor.timeout == timedelta(days=2).total_seconds()
    assert sensor.execution_timeout is None
    assert not sensor.soft_fail


def test_a_trigger_is_the_same_after_a_round_trip() -> None:
    trigger = RestorationTrigger(RUN, DEADLINE.isoformat(), DEADLINE.isoformat())
    path, kept = trigger.serialize()
    again = import_string(path)(**kept)
    assert isinstance(again, RestorationTrigger)
    assert again.serialize() == trigger.serialize()


def test_a_wait_that_is_stored_in_airflows_database_is_resumed_by_todays_code(
    use_cases: UseCases, sensor: RestorationSensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classpath, arguments and method are written out as they stand in the rows of runs that wait."""
    stored = {
        "classpath": "sla_airflow.restoration.RestorationTrigger",
        "kwargs": {
            "run_id": "incident.WEB-1",
            "deadline": "2099-01-03T12:00:00+00:00",
            "not_before": "2026-11-02T12:00:17.250000+00:00",
        },
        "next_method": "look",
    }
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", "sqlite:////srv/teleco.db")
    monkeypatch.setattr(wait_poller, "answered_runs", lambda *_: frozenset({RUN}))

    async def fire() -> object:
        return await anext(aiter(import_string(stored["classpath"])(**stored["kwargs"]).run()))

    event = asyncio.run(fire())
    use_cases.outcome = RestorationOutcome.IN_TIME
    with pytest.raises(DownstreamTasksSkipped) as branched:
        sensor.resume_execution(stored["next_method"], {"event": event.payload}, context_of(sensor))
    assert branched.value.tasks == [("terminate_restoration", -1)]


def test_a_trigger_tells_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", "postgresql+psycopg://teleco:geheim@db/teleco")
    assert "geheim" not in repr(RestorationTrigger(RUN, DEADLINE.isoformat(), DEADLINE.isoformat()))


def test_a_trigger_fires_when_the_database_has_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answered(url: str, decided_within: timedelta) -> frozenset[str]:
        asked.append(url)
        return frozenset({RUN} if len(asked) > 1 else ())

    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", "sqlite:////srv/teleco.db")
    monkeypatch.setattr(wait_poller, "answered_runs", answered)
    monkeypatch.setattr(wait_poller, "POLL_SECONDS", 0.01)
    now = datetime.now(UTC).isoformat()

    async def fire() -> object:
        return await anext(aiter(RestorationTrigger(RUN, DEADLINE.isoformat(), now).run()))

    event = asyncio.run(fire())
    assert event.payload == {"look": RUN}
    assert asked == ["sqlite+pysqlite:////srv/teleco.db"] * 2


class Cohorts:
    """Answers each look with the next of these results."""

    def __init__(self, *results: WaitResult) -> None:
        self.results, self.cohorts = list(results), self

    def await_restoration(self, *, run_id: str) -> WaitResult:
        assert run_id == RUN
        return self.results.pop(0)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    started: list[tuple[str, list[str]]] = []

    def start_run(_dag: str, run_id: str, conf: dict[str, Any]) -> bool:
        started.append((run_id, conf["incidents"]))
        return len(started) == 1

    monkeypatch.setattr("sla_airflow.restoration.start_run", start_run)
    return started


def test_a_cohort_waits_under_one_sensor_and_parts_go_on_in_runs_of_their_own(
    sensor: RestorationSensor, started: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    part, none = Part(f"{RUN}__1", ("TT-000003",)), frozenset[str]()
    waits = WaitResult(none, ("TT-000001", "TT-000002"), DEADLINE, (part,))
    over = WaitResult(frozenset({"track_errors"}), (), None, ())
    use_cases = Cohorts(waits, waits, over)
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    context = context_of(sensor, conf={"incidents": ["TT-000001", "TT-000002", "TT-000003"]})
    with pytest.raises(TaskDeferred) as first:
        sensor.execute(context)
    with pytest.raises(TaskDeferred) as second:
        sensor.resume_execution(first.value.method_name, {"event": {"look": RUN}}, context)
    assert started == [(part.run_id, ["TT-000003"])] * 2
    kept = second.value.trigger.serialize()[1]
    assert (kept["run_id"], kept["deadline"]) == (RUN, DEADLINE.isoformat())
    with pytest.raises(DownstreamTasksSkipped) as branched:
        sensor.resume_execution(second.value.method_name, {"event": {"look": RUN}}, context)
    assert branched.value.tasks == [("terminate_restoration", -1)]


@pytest.mark.parametrize("away", [OperationalError("SELECT", {}, Exception("away")), RunNotStarted("not now")])
def test_what_passes_takes_no_try_of_a_cohort_that_waits(
    sensor: RestorationSensor, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    def fails(**_: object) -> None:
        raise away

    monkeypatch.setattr(runtime, "open_use_cases", fails)
    context = context_of(sensor, conf={"incidents": ["TT-000001"]})
    with pytest.raises(TaskDeferred) as again:
        sensor.resume_execution("look", {"event": {"look": RUN}}, context)
    assert again.value.method_name == "look"
    with pytest.raises(type(away)):
        sensor.execute(context)


def test_those_who_have_left_are_started_in_a_moment_where_airflow_cannot_start_their_run_now(
    sensor: RestorationSensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No wait of the run itself is over then, so that no answer of the database wakes it."""
    part = Part(f"{RUN}__1", ("TT-000002",))
    waits = WaitResult(frozenset(), ("TT-000001",), DEADLINE, (part,))
    use_cases = Cohorts(waits, waits)
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    context = context_of(sensor, conf={"incidents": ["TT-000001", "TT-000002"]})
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(failure(503)), raising=False)
    with pytest.raises(TaskDeferred) as deferred:
        sensor.resume_execution("look", {"event": {"look": RUN}}, context)
    path, kept = deferred.value.trigger.serialize()
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", "sqlite:////srv/teleco.db")
    monkeypatch.setattr(wait_poller, "answered_runs", lambda *_: frozenset())
    now = datetime.now(UTC).isoformat()

    async def fire() -> object:
        return await anext(aiter(import_string(path)(**kept | {"not_before": now}).run()))

    event = asyncio.run(asyncio.wait_for(fire(), timeout=60))
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(OKResponse(ok=True)), raising=False)
    with pytest.raises(TaskDeferred) as again:
        sensor.resume_execution(deferred.value.method_name, {"event": event.payload}, context)
    assert again.value.trigger.serialize()[1]["deadline"] == DEADLINE.isoformat()
    assert "anyway" not in again.value.trigger.serialize()[1]


def test_what_does_not_pass_fails_the_look(sensor: RestorationSensor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(runtime, "open_use_cases", fails)
    with pytest.raises(KeyError):
        sensor.resume_execution("look", {}, context_of(sensor, conf={"incidents": ["TT-000001"]}))
