"""One notification with many faults is answered with the same sentences at every door, and starts nothing."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.services import UnableToAcceptNotification, UseCases
from sla_airflow import runtime
from sla_airflow.operators import Intake
from tests.services.sample import conf
from tests.web.desk_sample import HERE, client_of

WRONG = {
    "service": "s-1",
    "symptom": "no internet",
    "description": "",
    "observed_from": "2026-11-02T08:15:00",
    "impact": "P1",
    "external_reference": "#1",
    "phone": "+43 1 1234567",
}
FIELDS = [f".{name}" for name in WRONG]
GOOD = {"external_reference": "WEB-1", "observed_to": "", "impact": "1", "description": "Line\u200b slow."}


@pytest.fixture
def started() -> list[Any]:
    return []


@pytest.fixture
def desk(use_cases: UseCases, started: list[Any]) -> Iterator[TestClient]:
    with client_of(SimpleNamespace(use_cases=use_cases, started=started)) as client:  # type: ignore[arg-type]
        yield client


@pytest.fixture
def answer(use_cases: UseCases) -> str:
    """Return what the check says, which every door must say."""
    with pytest.raises(UnableToAcceptNotification) as refused:
        use_cases.intake.check(conf(**WRONG))
    assert [fault.field for fault in refused.value.faults] == FIELDS
    return str(refused.value)


def test_the_api_answers_with_all_faults_one_by_one(desk: TestClient, started: list[Any], answer: str) -> None:
    refused = desk.post("/api/v1/incidents", json=conf(**WRONG), headers=HERE)
    assert refused.status_code == 422
    assert refused.json()["detail"] == answer
    assert [fault["field"] for fault in refused.json()["faults"]] == FIELDS
    assert "; ".join(f"{fault['field']}: {fault['reason']}" for fault in refused.json()["faults"]) + "." == answer
    assert started == []


def test_the_api_starts_a_run_with_what_is_good(desk: TestClient, started: list[Any], use_cases: UseCases) -> None:
    begun = desk.post("/api/v1/incidents", json=conf(**GOOD), headers=HERE)
    assert (begun.status_code, begun.json()) == (202, {"run_id": "desk-0"})
    [(run_id, notification)] = started
    assert use_cases.incidents.accept(notification, run_id=run_id, origin="API").external_reference == "WEB-1"
    assert (notification["impact"], notification["description"]) == (1, "Line slow.")


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b"{", "application/json", 422, "The request holds no JSON"),
        ("{}".encode("utf-16"), "application/json", 422, "save it as UTF-8"),
        (b"[]", "application/json", 422, "no JSON object with named fields"),
        (b"{}", "text/plain", 415, "application/json"),
    ],
)
def test_the_api_says_what_a_body_is_that_is_no_notification(
    desk: TestClient, started: list[Any], body: bytes, kind: str, status: int, says: str
) -> None:
    refused = desk.post("/api/v1/incidents", content=body, headers=HERE | {"Content-Type": kind})
    assert (refused.status_code, started) == (status, [])
    assert says in refused.json()["detail"]


def test_the_desk_says_each_fault_at_its_field(desk: TestClient, started: list[Any], use_cases: UseCases) -> None:
    said = conf(**WRONG) | {"observed_from": "this morning"}  # its own times are in UTC, as the form says
    page = desk.post("/new", data=said, headers=HERE)
    with pytest.raises(UnableToAcceptNotification) as refused:
        use_cases.intake.check(said)
    assert page.status_code == 422
    text = page.text.replace("&#39;", "'").replace("&#34;", '"')
    assert all(fault.reason in text for fault in refused.value.faults)
    assert len(refused.value.faults) == len(FIELDS)
    assert started == []


def test_a_file_or_a_line_at_the_terminal_is_answered_the_same(
    use_cases: UseCases, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)
    monkeypatch.setenv("TELECO_AIRFLOW_URL", "http://127.0.0.1:9")
    sent = json.dumps(conf(**WRONG))
    assert CliRunner().invoke(app, ["incident", "start", "-"], input=sent).stderr == f"sla: {answer}\n"
    entered = CliRunner().invoke(app, ["backlog", "enter", "-"], input=sent)
    assert entered.stderr == f"line 1: {answer} The notification is kept in quarantine as 1.\n"


def test_the_first_task_answers_the_same_and_the_quarantine_keeps_it(
    use_cases: UseCases, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Airflow's own form and REST let all of it pass to the first task."""
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    monkeypatch.setattr(runtime, "enter", lambda _: None)
    run = SimpleNamespace(conf=conf(**WRONG), run_id="run-1", run_type=SimpleNamespace(value="manual"))
    step: Any = SimpleNamespace(name="enter_problem_report", documentation="")
    with pytest.raises(Exception, match="The notification is kept in quarantine as 1") as failed:
        Intake(step=step).execute({"dag_run": run, "run_id": "run-1"})  # type: ignore[typeddict-item]
    assert str(failed.value) == f"{answer} The notification is kept in quarantine as 1."
    [entry] = use_cases.quarantine.entries()
    assert f"{entry.field}: {entry.reason}." == answer
    with pytest.raises(UnableToAcceptNotification) as again:
        use_cases.quarantine.retry(entry.id, by="Kim")
    assert str(again.value) == str(failed.value)


@pytest.mark.parametrize("good", [GOOD, GOOD | {"service": "\ufeffS-1"}])
def test_what_is_good_passes_every_door(use_cases: UseCases, good: dict[str, Any]) -> None:
    doors: list[Callable[..., Any]] = [use_cases.incidents.accept, use_cases.backlog.enter]
    for number, door in enumerate(doors):
        assert door(conf(**good | {"external_reference": f"W-{number}"}), run_id=f"run-{number}", origin="REST")
