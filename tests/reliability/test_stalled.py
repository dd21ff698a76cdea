"""Stalled incidents are found and resumed; an incident that waits with a reason is left alone."""

import json
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import insert, text
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.schema.system_t import restorations
from include.sla_logic.process.graph import STEPS
from include.sla_logic.services import UseCases
from include.sla_logic.services.stalled_incidents import WATCHDOG, StalledIncident
from include.sla_logic.services.watchdog import UnableToResumeRun
from sla_airflow import runtime, watchdog
from tests.clock import NOON
from tests.services.sample import conf

DEADLINE = NOON + timedelta(hours=4)


@pytest.fixture
def opened(use_cases: UseCases) -> UseCases:
    use_cases.incidents.accept(conf(external_reference="REF-1"), run_id="run-1", origin="form")
    return use_cases


def hold(use_cases: UseCases, **parts: object) -> None:
    row = {"ticket": 1, "opened_at": NOON, "deadline": DEADLINE, "held_because": "risky"}
    with use_cases.work.database.write() as connection:
        connection.execute(insert(restorations).values(row | parts))


def names(use_cases: UseCases) -> list[str]:
    return [one.run_id for one in use_cases.monitoring.stalled()]


def test_an_incident_that_moved_lately_is_not_stalled(opened, clock):
    clock.pass_by(minutes=10)
    assert names(opened) == []
    clock.pass_by(seconds=1)
    assert names(opened) == ["run-1"]
    [one] = opened.monitoring.stalled()
    assert (one.ticket, one.last_step, one.since, one.taken_up) == ("TT-000001", None, NOON, 0)


def test_a_wait_with_a_deadline_in_the_future_is_not_stalled(opened, clock):
    hold(opened)
    clock.pass_by(hours=4)
    assert names(opened) == []
    clock.pass_by(minutes=10, seconds=1)
    assert names(opened) == ["run-1"]


def test_an_answered_wait_that_does_not_go_on_is_stalled(opened, clock):
    hold(opened)
    clock.pass_by(minutes=30)
    opened.restorations.release("run-1", by="Kim", reason="Room.")
    clock.pass_by(minutes=10)
    assert names(opened) == []
    clock.pass_by(seconds=1)
    assert names(opened) == ["run-1"]


def test_waits_that_are_over_are_decided_though_their_runs_are_dead(opened, clock):
    hold(opened)
    assert opened.restorations.decide_due() == {}
    clock.now = DEADLINE + timedelta(seconds=1)
    assert opened.restorations.decide_due() == {"run-1": RestorationOutcome.TOO_LATE}
    assert opened.restorations.decide_due() == {}


def test_the_notification_is_what_was_sent(opened):
    sent = opened.monitoring.notification("run-1")
    assert sent["external_reference"] == "REF-1"
    assert {"schema_version", "reported_at"}.isdisjoint(sent)


class Runs:
    """Airflow as the watchdog sees it."""

    def __init__(self, states: dict[str, str], *, alone: bool = False, refused: str = "") -> None:
        self.states, self.alone, self.refused, self.taken_up = states, alone, refused, []

    def state(self, run_id: str) -> str | None:
        return self.states.get(run_id)

    def waits_alone(self, run_id: str) -> bool:  # noqa: ARG002
        return self.alone

    def resume(self, run_id: str, conf: dict[str, object]) -> str:
        assert conf["customer"] == "C-1"
        if run_id == self.refused:
            raise UnableToResumeRun(run_id)
        self.taken_up.append(run_id)
        return "cleared"


@pytest.fixture
def watched(opened: UseCases, monkeypatch: pytest.MonkeyPatch) -> UseCases:
    """Let the watchdog work on this database."""
    monkeypatch.setattr(runtime, "open_use_cases", lambda: opened)
    return opened


def test_a_dead_run_is_resumed_three_times_with_longer_pauses_and_then_left_to_a_person(watched, clock):
    runs, taken_up = Runs({"run-1": "failed"}), []
    for minute in range(240):
        clock.pass_by(minutes=1)
        if watchdog.watch(runs):
            taken_up.append(minute + 1)
    assert taken_up == [11, 31, 71]
    acts = watched.lookups.incident("run-1").audit
    assert [(act.actor, act.action) for act in acts] == [(WATCHDOG, "run taken up again")] * 3


def test_a_run_on_which_airflow_works_is_left_alone(watched, clock):
    clock.pass_by(hours=1)
    assert watchdog.watch(Runs({"run-1": "running"})) == []


def test_a_deferred_run_that_no_triggerer_watches_is_resumed(watched, clock):
    hold(watched)
    clock.now = DEADLINE + timedelta(minutes=11)
    runs = Runs({"run-1": "running"}, alone=True)
    assert watchdog.watch(runs) == ["run-1"]
    assert watched.restorations.find("run-1").outcome is RestorationOutcome.TOO_LATE


def test_a_deleted_run_is_started_again_once_it_had_begun_or_an_hour_has_passed(watched, clock):
    clock.pass_by(minutes=59)
    assert watchdog.watch(Runs({})) == []
    clock.pass_by(minutes=2)
    assert watchdog.watch(Runs({})) == ["run-1"]


def test_a_refusal_for_one_run_does_not_stop_the_others(watched, clock):
    watched.incidents.accept(conf(external_reference="REF-2"), run_id="run-2", origin="form")
    clock.pass_by(minutes=11)
    runs = Runs({"run-1": "failed", "run-2": "failed"}, refused="run-1")
    assert watchdog.watch(runs) == ["run-2"]
    assert [act.subject for act in watched.lookups.incident("run-1").audit] == []


def test_how_long_it_must_have_been_quiet_is_said_from_outside(watched, clock):
    clock.pass_by(minutes=2)
    assert watchdog.watch(Runs({"run-1": "failed"})) == []
    assert watchdog.watch(Runs({"run-1": "failed"}), minutes=1) == ["run-1"]


@pytest.fixture
def airflow(opened: UseCases, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """Answer as an Airflow that takes our token; the doctor uses the real clock, for which everything is long quiet."""
    monkeypatch.setenv("TELECO_DB_URL", opened.work.settings.database_url)
    monkeypatch.setenv("TELECO_AIRFLOW_URL", httpserver.url_for(""))
    monkeypatch.setenv("TELECO_AIRFLOW_TOKEN", "t0ken")
    return httpserver


RUN = "/api/v2/dags/sla_violation/dagRuns/run-1"


def has(airflow: HTTPServer, state: str, *tasks: str) -> None:
    airflow.expect_request(RUN, method="GET").respond_with_json({"state": state})
    listed = {"task_instances": [{"task_id": f"task_{number}", "state": state} for number, state in enumerate(tasks)]}
    airflow.expect_request(f"{RUN}/taskInstances", method="GET").respond_with_json(listed)
    airflow.expect_request(f"{RUN}/clear", method="POST", json={"dry_run": False}).respond_with_json({})


def repair(*more: str) -> str:
    return CliRunner().invoke(app, ["doctor", "--repair", "--by", "Kim", *more]).stdout


def test_the_doctor_shows_what_is_stalled_and_repairs_it(opened, airflow):
    has(airflow, "failed")
    ill = CliRunner().invoke(app, ["doctor", "--json"])
    assert ill.exit_code == 1
    found = json.loads(ill.stdout)
    assert [one["run_id"] for one in found["stalled"]] == ["run-1"]
    assert (found["breaches"], found["dead"]) == ([], [])
    assert "Done: run-1: the run is cleared and goes on" in repair()
    assert opened.lookups.incident("run-1").audit[-1].actor.startswith("Kim, signed in as ")


def test_the_doctor_puts_kept_counts_right(opened, airflow):
    has(airflow, "running", "success", "up_for_retry")
    with opened.work.database.write() as connection:
        connection.execute(text("UPDATE ticket_count_changes SET change = 3"))
    assert [str(one) for one in opened.monitoring.violations()] == [
        "I14 C-1: the kept count of acknowledged tickets is 2 too high"
    ]
    assert "Done: 1 kept count of tickets put right" in repair()
    assert opened.monitoring.violations() == []
    assert "kept count" not in repair()


def test_the_doctor_starts_a_run_again_of_which_somebody_has_deleted_a_task(airflow):
    airflow.expect_request(RUN, method="GET").respond_with_json({"state": "success"})
    left = [{"task_id": step, "state": "success"} for step in STEPS if step != "track_errors"]
    airflow.expect_request(f"{RUN}/taskInstances", method="GET").respond_with_json({"task_instances": left})
    airflow.expect_request(RUN, method="DELETE").respond_with_data(status=204)
    airflow.expect_request("/api/v2/dags/sla_violation/dagRuns", method="POST").respond_with_json({})
    assert "run-1: the run had lost track_errors and is started again" in repair()
    assert [asked.method for asked, _ in airflow.log if asked.method != "GET"] == ["DELETE", "POST"]


def test_the_doctor_leaves_alone_what_airflow_works_on(opened, airflow):
    has(airflow, "running", "success", "up_for_retry")
    assert "run-1: " not in repair()
    assert not [act for act in opened.lookups.incident("run-1").audit if act.actor == "Kim"]


def test_the_doctor_clears_a_run_that_is_only_deferred(airflow):
    has(airflow, "running", "success", "deferred")
    assert "run-1: the run is cleared" in repair()


def test_the_doctor_gives_up_as_the_watchdog_does_unless_a_person_says_otherwise(opened, airflow):
    has(airflow, "failed")
    one = StalledIncident("TT-000001", "run-1", None, NOON, 0, None)
    for _ in range(3):
        opened.monitoring.note_resumed(one, by=WATCHDOG, how="in vain")
    assert "run-1: " not in repair()
    assert "run-1: the run is cleared" in repair("--in-vain")


def test_the_doctor_says_what_airflow_refused_and_notes_no_success(opened, airflow):
    airflow.expect_request(RUN, method="GET").respond_with_json({"state": "failed"})
    airflow.expect_request(f"{RUN}/taskInstances", method="GET").respond_with_json({"task_instances": []})
    airflow.expect_request(f"{RUN}/clear").respond_with_json({"detail": "not yours"}, status=403)
    assert "/run-1/clear with 403: not yours." in repair()
    assert not [act for act in opened.lookups.incident("run-1").audit if act.actor == "Kim"]


def test_the_doctor_starts_no_run_beside_an_active_cohort(opened, airflow):
    opened.cohorts.accept({"incidents": ["TT-000001"]}, run_id="cohort-1")
    path = RUN.replace("run-1", "cohort-1")
    airflow.expect_request(path, method="GET").respond_with_json({"state": "running"})
    assert "run-1: " not in repair()
    assert {request.path for request, _ in airflow.log if "/dagRuns/" in request.path} == {path}


def test_the_doctor_finds_nothing_wrong_with_an_empty_database(use_cases, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)
    well = CliRunner().invoke(app, ["doctor"])
    assert (well.exit_code, well.stdout.startswith("All is well")) == (0, True), well.stdout
