"""A run with bad conf fails at once, says which field is wrong and why, and what was sent is kept."""

from typing import Any

import pytest
from airflow.models.dagrun import DagRun

from tests.dags.conftest import SampleTeleco
from tests.dags.loading import load_dag

pytestmark = [pytest.mark.airflow, pytest.mark.more]


def run_with(conf: dict[str, Any]) -> DagRun:
    return load_dag("sla_violation").test(run_conf=conf)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"servise": "S-1"}, ".servise", "send service if that is meant"),
        ({"customer": "C-9999"}, ".customer", "C-9999"),
        ({"observed_to": "1999-01-01T00:00:00Z"}, ".observed_to", "lies before observed_from"),
        ({"observed_from": "2999-01-01T00:00:00Z", "observed_to": None}, ".observed_from", "no time of ours"),
        ({"customer": "{{ 7 * 7 }}"}, ".customer", "send the customer's number"),
        ({"external_reference": "=cmd|' /C calc'!A0"}, ".external_reference", "such as cmd-C-calc-A0"),
    ],
)
def test_the_run_fails_without_retries_and_the_notification_is_kept_with_its_reason(
    teleco: SampleTeleco, changes: dict[str, Any], field: str, reason: str
) -> None:
    run = run_with(teleco.conf("premium", external_reference="BAD-1") | changes)
    states = {task.task_id: (task.state, task.try_number) for task in run.get_task_instances()}
    assert run.state == "failed"
    assert states["enter_problem_report"] == ("failed", 1)
    assert {state for task, (state, _) in states.items() if task != "enter_problem_report"} == {"upstream_failed"}
    kept = next(entry for entry in teleco.use_cases.quarantine.entries() if entry.run_id == run.run_id)
    assert kept.field == field
    assert reason in kept.reason
    assert "premium" in kept.body or "S-1" in kept.body


def test_no_ticket_is_opened_for_a_refused_notification(teleco: SampleTeleco) -> None:
    before = len(teleco.use_cases.lookups.tickets())
    run_with(teleco.conf("premium", external_reference="BAD-2", customer="C-9999"))
    assert len(teleco.use_cases.lookups.tickets()) == before


def test_a_notification_that_is_too_long_is_refused_and_its_beginning_kept(teleco: SampleTeleco) -> None:
    conf = teleco.conf("premium", external_reference="BAD-3", note="x" * 200_000)
    run = run_with(conf)
    kept = next(entry for entry in teleco.use_cases.quarantine.entries() if entry.run_id == run.run_id)
    assert run.state == "failed"
    assert "longer than" in kept.reason
    assert not kept.complete
    assert len(kept.body) < 140_000


def test_what_the_form_cannot_mean_reaches_the_first_task_and_the_quarantine_with_every_fault(
    teleco: SampleTeleco,
) -> None:
    """Airflow's own check would answer with a schema's text, keep nothing, and name one fault."""
    parameters = [{"metric": "latency", "value": -1, "unit": "ms"}]
    wrong = {"impact": "high", "symptom": None, "parameters": parameters, "external_reference": "BAD-4"}
    run = run_with(teleco.conf("premium") | wrong)
    kept = next(entry for entry in teleco.use_cases.quarantine.entries() if entry.run_id == run.run_id)
    assert run.state == "failed"
    assert kept.field == ".symptom"
    for said in ("is missing", ".impact: ", "send 1 (high)", ".parameters.0.value: -1", "BAD-4"):
        assert said in kept.reason + kept.body
