"""A step that failed for good marks its ticket and tells the operators, once, and names no customer."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.sla_logic.domain.mail_message import read_message, text_of
from include.sla_logic.process.customer_service import enter_problem_report
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases
from sla_airflow import runtime
from sla_airflow.notifier import FailedStep
from sla_airflow.operators import Intake
from tests.services.sample import conf


def test_the_operators_get_one_mail_for_each_failed_step(use_cases: UseCases, monkeypatch):
    told = UseCases(replace(use_cases.work.settings, operators="ops@teleco.example"))
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: told)
    told.incidents.accept(conf(observed_from="2026-11-02T08:15:00+00:00"), run_id="run-1", origin="form")
    context = {
        "run_id": "run-1",
        "dag_run": SimpleNamespace(conf={}, run_id="run-1"),
        "ti": SimpleNamespace(task_id="compare_with_sla"),
        "exception": AirflowFailException("The contract has no objective."),
    }
    for _ in range(3):
        FailedStep()(context)
    [message] = told.outbox.messages()
    name = told.installation.mark().installation
    assert message.key == f"<failed-step.TT-000001.compare_with_sla.{name}@teleco.example>"
    told.outbox.deliver()
    [letter] = told.work.settings.letters_folder.glob("*.eml")
    mail = read_message(letter.read_text("ascii"))
    assert mail["To"] == "ops@teleco.example"
    assert "TT-000001" in text_of(mail)
    assert "The contract has no objective." in text_of(mail)
    assert "Ada" not in text_of(mail)
    assert told.lookups.incident("run-1").ticket.escalated
    assert list(told.monitoring.violations()) == []


def test_who_is_set_aside_from_a_cohort_is_told_to_the_operators_of_the_connection(use_cases: UseCases, monkeypatch):
    tickets = [
        use_cases.incidents.accept(conf(external_reference=f"REF-{n}"), run_id=f"run-{n}", origin="form").id
        for n in range(3)
    ]
    use_cases.cohorts.accept({"incidents": tickets}, run_id="cohort-1")
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)
    connection = {"conn_type": "smtp", "host": "localhost", "extra": {"operators": "ops@teleco.example"}}
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_SMTP", json.dumps(connection))

    def faulty(file: Any) -> None:
        if file.ticket.id != tickets[0]:
            raise KeyError("Ada Lovelace")

    use_cases.cohorts.perform(enter_problem_report, run_id="cohort-1")
    for _ in range(2):
        runtime.perform_cohort(Step("compare_with_sla", "", faulty), "cohort-1", use_cases)
    [message] = use_cases.outbox.messages()
    assert message.ticket == tickets[1]
    use_cases.outbox.deliver()
    [letter] = use_cases.work.settings.letters_folder.glob("*.eml")
    mail = read_message(letter.read_text("ascii"))
    assert mail["To"] == "ops@teleco.example"
    assert f"Set aside: {tickets[1]}, {tickets[2]}." in text_of(mail)
    assert "Ada" not in text_of(mail)


def test_a_notification_that_is_refused_does_not_mark_the_incident_that_has_its_name(use_cases: UseCases, monkeypatch):
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    use_cases.backlog.enter(conf(external_reference="S"), run_id="incident.S", origin="backlog")
    run = SimpleNamespace(
        conf=conf(external_reference="S", symptom="other"),
        run_id="incident.S",
        run_type=SimpleNamespace(value="manual"),
    )
    context: Any = {"run_id": "incident.S", "dag_run": run, "ti": SimpleNamespace(task_id="enter_problem_report")}
    with pytest.raises(AirflowFailException, match=r"with another notification\. Delete this run") as refused:
        Intake(step=enter_problem_report).execute(context)
    FailedStep()({**context, "exception": refused.value})
    assert not use_cases.lookups.incident("S").ticket.escalated
    assert use_cases.backlog.summary().waiting.total == 1
