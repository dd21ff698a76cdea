"""A task for all incidents that fails every minute tells the operators once a day, and is in the audit."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.sla_logic.domain.mail_message import read_message, text_of
from include.sla_logic.persistence.audit import acts_about
from include.sla_logic.services import UseCases
from sla_airflow import runtime
from sla_airflow.notifier import FailedTask
from tests.clock import Clock
from tests.dags.loading import load_dag


def context(error: Exception) -> Any:
    return {
        "run_id": "scheduled__1",
        "ti": SimpleNamespace(dag_id="sla_housekeeping", task_id="deliver_what_is_due"),
        "exception": error,
    }


@pytest.mark.parametrize("dag", ["sla_housekeeping", "sla_backlog"])
def test_every_task_for_all_incidents_tells_when_it_has_failed_for_good(dag: str) -> None:
    for task in load_dag(dag).tasks:
        callbacks = task.on_failure_callback
        assert [type(one) for one in callbacks] == [FailedTask]


def test_the_operators_get_one_mail_a_day(use_cases: UseCases, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    told = UseCases(replace(use_cases.work.settings, operators="ops@teleco.example"), clock=clock)
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: told)
    for why in ("first", "second", "third"):
        clock.pass_by(minutes=1)
        FailedTask()(context(AirflowFailException(f"The {why} reason.")))
    [message] = told.outbox.messages()
    name = told.installation.mark().installation
    assert message.key == f"<failed-step.sla_housekeeping.deliver_what_is_due.20261102.{name}@teleco.example>"
    told.outbox.deliver()
    [letter] = told.work.settings.letters_folder.glob("*.eml")
    mail = read_message(letter.read_text("ascii"))
    assert (mail["To"], mail["Subject"]) == (
        "ops@teleco.example",
        "sla_housekeeping: the task deliver_what_is_due failed",
    )
    assert "The first reason." in text_of(mail)
    clock.now += timedelta(days=1)
    FailedTask()(context(AirflowFailException("Still so.")))
    assert len(told.outbox.messages()) == 2
    assert list(told.monitoring.violations()) == []


def test_what_a_library_says_is_not_told_and_without_an_address_the_audit_has_it(
    use_cases: UseCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    FailedTask()(context(OSError("ada@example.net refuses")))
    assert use_cases.outbox.messages() == []
    with use_cases.work.reading() as connection:
        [act] = acts_about(connection, "sla_housekeeping.deliver_what_is_due 2026-11-02")
    assert (act.actor, act.action, act.detail) == ("Airflow", "task failed", "OSError.")
