"""Incidents that stand still are found, and nobody who waits with reason is disturbed."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from include.sla_logic.adapters.schema.system_t import restorations
from include.sla_logic.adapters.stranded import WATCHDOG
from include.sla_logic.cli import app
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.office import Office
from sla_airflow import watching
from tests.office.town import NOON, conf

DEADLINE = NOON + timedelta(hours=4)


@pytest.fixture
def opened(office: Office) -> Office:
    office.accept(conf(external_reference="REF-1"), run_id="run-1", origin="form")
    return office


def hold(office: Office, **parts: object) -> None:
    row = {"ticket": 1, "opened_at": NOON, "deadline": DEADLINE, "held_because": "risky"}
    with office.database.write() as connection:
        connection.execute(insert(restorations).values(row | parts))


def names(office: Office) -> list[str]:
    return [one.run_id for one in office.stranded()]


def test_what_moved_lately_does_not_stand_still(opened, clock):
    clock.pass_by(minutes=10)
    assert names(opened) == []
    clock.pass_by(seconds=1)
    assert names(opened) == ["run-1"]
    [one] = opened.stranded()
    assert (one.ticket, one.last_step, one.since, one.taken_up) == ("TT-000001", None, NOON, 0)


def test_who_waits_with_a_deadline_in_the_future_does_not_stand_still(opened, clock):
    hold(opened)
    clock.pass_by(hours=4)
    assert names(opened) == []
    clock.pass_by(minutes=10, seconds=1)
    assert names(opened) == ["run-1"]


def test_who_was_answered_and_does_not_go_on_stands_still(opened, clock):
    hold(opened)
    clock.pass_by(minutes=30)
    opened.release_restoration("run-1", by="Kim", reason="Room.")
    clock.pass_by(minutes=10)
    assert names(opened) == []
    clock.pass_by(seconds=1)
    assert names(opened) == ["run-1"]


def test_waits_that_are_over_are_decided_though_their_runs_are_dead(opened, clock):
    hold(opened)
    assert opened.decide_due_restorations() == {}
    clock.now = DEADLINE + timedelta(seconds=1)
    assert opened.decide_due_restorations() == {"run-1": RestorationOutcome.TOO_LATE}
    assert opened.decide_due_restorations() == {}


def test_the_notification_is_what_was_sent(opened):
    sent = opened.notification("run-1")
    assert sent["external_reference"] == "REF-1"
    assert {"schema_version", "reported_at"}.isdisjoint(sent)


class Runs:
    """Airflow as the watchdog sees it."""

    def __init__(self, states: dict[str, str], *, alone: bool = False) -> None:
        self.states, self.alone, self.taken_up = states, alone, []

    def state(self, run_id: str) -> str | None:
        return self.states.get(run_id)

    def waits_alone(self, run_id: str) -> bool:  # noqa: ARG002
        return self.alone

    def take_up(self, run_id: str, conf: dict[str, object]) -> str:
        assert conf["customer"] == "C-1"
        self.taken_up.append(run_id)
        return "cleared"


@pytest.fixture
def watched(opened: Office, clock, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Let the watchdog work in this office, by its clock."""

    class Now:
        @staticmethod
        def now(_zone):
            return clock.now

    monkeypatch.setattr(watching, "open_office", lambda: opened)
    monkeypatch.setattr(watching, "datetime", Now)
    return opened


def test_a_dead_run_is_taken_up_three_times_with_longer_pauses_and_then_left_to_a_person(watched, clock):
    runs, taken_up = Runs({"run-1": "failed"}), []
    for minute in range(240):
        clock.pass_by(minutes=1)
        if watching.take_up_stranded(runs):
            taken_up.append(minute + 1)
    assert taken_up == [11, 31, 71]
    acts = watched.case("run-1").audit
    assert [(act.actor, act.action) for act in acts] == [(WATCHDOG, "run taken up again")] * 3


def test_a_run_on_which_airflow_works_is_left_alone(watched, clock):
    clock.pass_by(hours=1)
    assert watching.take_up_stranded(Runs({"run-1": "running"})) == []


def test_a_deferred_run_at_which_nobody_looks_is_taken_up(watched, clock):
    hold(watched)
    clock.now = DEADLINE + timedelta(minutes=11)
    runs = Runs({"run-1": "running"}, alone=True)
    assert watching.take_up_stranded(runs) == ["run-1"]
    assert watched.restoration("run-1").outcome is RestorationOutcome.TOO_LATE


def test_a_deleted_run_is_started_again_once_it_had_begun_or_an_hour_has_passed(watched, clock):
    clock.pass_by(minutes=59)
    assert watching.take_up_stranded(Runs({})) == []
    clock.pass_by(minutes=2)
    assert watching.take_up_stranded(Runs({})) == ["run-1"]


def test_the_doctor_says_what_stands_still_and_repairs_it(opened, clock, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", opened.settings.database_url)
    calls = []
    monkeypatch.setattr(
        "include.sla_logic.cli.starting.take_up", lambda _airflow, run_id, *, conf: calls.append((run_id, conf)) or "ok"
    )
    monkeypatch.setenv("TELECO_AIRFLOW_URL", "http://127.0.0.1:1")
    ill = CliRunner().invoke(app, ["doctor", "--json"])  # by the real clock, this house has slept for long
    assert ill.exit_code == 1
    found = json.loads(ill.stdout)
    assert [one["run_id"] for one in found["stranded"]] == ["run-1"]
    assert (found["breaches"], found["dead"]) == ([], [])
    mended = CliRunner().invoke(app, ["doctor", "--repair", "--by", "Kim"])
    assert calls[0][0] == "run-1"
    assert "Done: run-1: ok" in mended.stdout
    assert opened.case("run-1").audit[-1].actor == "Kim"


def test_the_doctor_finds_nothing_wrong_with_an_empty_house(office, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", office.settings.database_url)
    well = CliRunner().invoke(app, ["doctor"])
    assert (well.exit_code, well.stdout.startswith("All is well")) == (0, True), well.stdout
