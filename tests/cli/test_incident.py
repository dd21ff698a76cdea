"""`sla incident` starts one run for one notification, shows what is kept, and ends every failure with one sentence."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner, Result
from werkzeug import Response

from include.sla_logic.cli import app
from include.sla_logic.cli.airflow_runs import Airflow, UnableToStartIncident
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.run_ids import run_id_of
from include.sla_logic.sample_data import load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.hostile import LINES, REFUSED, Hostile

RUNS = "/api/v2/dags/sla_violation/dagRuns"
CONF: dict[str, Any] = {
    "customer": "C-1001",
    "service": "S-1001",
    "symptom": "slow",
    "description": "Video calls break off.",
    "observed_from": "2026-11-02T08:15:00+00:00",
    "external_reference": "WEB-2026-0815",
}


def sla(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["incident", *words], input=given)


@pytest.fixture
def airflow(httpserver: HTTPServer, use_cases: UseCases, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """Answer the login; a test adds what Airflow says to the run."""
    monkeypatch.setenv("TELECO_AIRFLOW_URL", httpserver.url_for(""))
    monkeypatch.setenv("TELECO_AIRFLOW_USER", "ada")
    monkeypatch.setenv("TELECO_AIRFLOW_PASSWORD", "secret")
    monkeypatch.delenv("TELECO_AIRFLOW_TOKEN", raising=False)
    login = {"username": "ada", "password": "secret"}
    httpserver.expect_request("/auth/token", method="POST", json=login).respond_with_json({"access_token": "t0ken"})
    return httpserver


def sent_to(airflow: HTTPServer) -> list[dict[str, Any]]:
    return [request.get_json() for request, _ in airflow.log if request.path == RUNS]


def test_the_notification_is_sent_as_it_is_under_a_run_named_after_its_reference(airflow: HTTPServer) -> None:
    bearer = {"Authorization": "Bearer t0ken"}
    airflow.expect_request(RUNS, method="POST", headers=bearer).respond_with_json({"dag_run_id": "x"})
    done = sla("start", "-", given=json.dumps(CONF))
    assert done.exit_code == 0, done.output
    assert sent_to(airflow) == [{"dag_run_id": "incident.WEB-2026-0815", "logical_date": None, "conf": CONF}]
    assert "Started: incident.WEB-2026-0815" in done.output
    assert "/dags/sla_violation/runs/incident.WEB-2026-0815" in done.output


def test_a_file_is_read_and_the_answer_may_be_json(airflow: HTTPServer, tmp_path: Path) -> None:
    airflow.expect_request(RUNS).respond_with_json({})
    file = tmp_path / "notification.json"
    file.write_text(json.dumps(CONF))
    done = sla("start", str(file), "--json")
    assert json.loads(done.output)["run_id"] == "incident.WEB-2026-0815"


def test_the_same_notification_again_is_told_that_it_is_started(airflow: HTTPServer) -> None:
    airflow.expect_request(RUNS, method="POST").respond_with_json({"detail": "exists"}, status=409)
    airflow.expect_request(f"{RUNS}/incident.WEB-2026-0815", method="GET").respond_with_json({"conf": CONF})
    done = sla("start", "-", given=json.dumps(CONF))
    assert done.exit_code == 0
    assert "Already started: incident.WEB-2026-0815" in done.output


def test_another_notification_under_the_same_reference_is_refused(airflow: HTTPServer) -> None:
    airflow.expect_request(RUNS, method="POST").respond_with_json({"detail": "exists"}, status=409)
    other = {"conf": {**CONF, "service": "S-2"}}
    airflow.expect_request(f"{RUNS}/incident.WEB-2026-0815", method="GET").respond_with_json(other)
    done = sla("start", "-", given=json.dumps(CONF))
    assert done.exit_code == 1
    assert "exists with another notification" in done.stderr


@pytest.mark.parametrize(
    ("status", "said", "sentence"),
    [
        (404, {"detail": "DAG with dag_id: 'sla_violation' not found"}, "404: DAG with dag_id"),
        (403, {"detail": "Forbidden"}, "403: Forbidden"),
        (400, {"detail": "Invalid input for param impact: 7\n\nFailed validating 'enum' in {...}"}, "impact: 7."),
    ],
)
def test_what_airflow_refuses_is_said_in_one_sentence(
    airflow: HTTPServer, status: int, said: dict[str, Any], sentence: str
) -> None:
    airflow.expect_request(RUNS).respond_with_json(said, status=status)
    done = sla("start", "-", given=json.dumps(CONF))
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Keep how long the command would have waited."""
    taken: list[float] = []
    monkeypatch.setattr("include.sla_logic.cli.airflow_api.time.sleep", taken.append)
    return taken


def test_a_start_whose_answer_was_lost_is_asked_for_again_and_told_as_started(
    airflow: HTTPServer, naps: list[float]
) -> None:
    """The first call starts the run and answers 500, as a busy api-server does; the second finds it there."""
    answers = iter([Response("database is locked", status=500), Response("exists", status=409)])
    airflow.expect_request(RUNS, method="POST").respond_with_handler(lambda _: next(answers))
    airflow.expect_request(f"{RUNS}/incident.WEB-2026-0815", method="GET").respond_with_json({"conf": CONF})
    done = sla("start", "-", given=json.dumps(CONF))
    assert done.exit_code == 0, done.output
    assert "Started: incident.WEB-2026-0815" in done.output
    assert naps == [1]


def test_a_start_that_airflow_never_answers_is_not_called_refused(airflow: HTTPServer, naps: list[float]) -> None:
    airflow.expect_request(RUNS, method="POST").respond_with_json({"detail": [{"msg": "broken"}]}, status=500)
    done = sla("start", "-", given=json.dumps(CONF))
    assert done.exit_code == 1
    assert "failed at POST" in done.stderr
    assert "broken" in done.stderr
    assert "Whether incident.WEB-2026-0815 was started is not known" in done.stderr
    assert "refused" not in done.stderr
    assert naps == [1, 2, 5, 10, 20]


def test_a_refused_login_is_named_without_the_password(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELECO_AIRFLOW_URL", httpserver.url_for(""))
    monkeypatch.setenv("TELECO_AIRFLOW_USER", "ada")
    monkeypatch.setenv("TELECO_AIRFLOW_PASSWORD", "secret")
    httpserver.expect_request("/auth/token").respond_with_json({"detail": "no"}, status=401)
    done = sla("start", "-", given=json.dumps(CONF))
    assert done.exit_code == 1
    assert "refused the login of ada with 401" in done.stderr
    assert "secret" not in done.output


def test_an_airflow_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELECO_AIRFLOW_TOKEN", "t0ken")
    done = sla("start", "-", "--airflow", "http://127.0.0.1:9", given=json.dumps(CONF))
    assert done.exit_code == 1
    assert "http://127.0.0.1:9 does not answer" in done.stderr


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("{", "standard input holds no JSON"),
        ("[]", "no JSON object"),
        ("[" * 100_000, "holds no JSON"),
        (json.dumps(CONF | {"servise": 1}), ".servise"),
        (json.dumps({**CONF, "impact": 7}), ".impact"),
        (json.dumps({**CONF, "customer": "C-9"}), ".customer: there is no customer C-9"),
        (json.dumps({**CONF, "service": "s-1001"}), "send S-1001"),
        (json.dumps({**CONF, "service": None, "symptom": "on fire"}), "C-1001 has S-1001; .symptom: "),
        (json.dumps(CONF).replace('"', "\u201c"), "typographic quotation marks"),
        (json.dumps(CONF) * 2, "a second value begins in line 1"),
        (json.dumps({**CONF, "description": "a\x00b"}), ".description"),
        (json.dumps({**CONF, "observed_from": "2026-11-02T08:15:00"}), ".observed_from"),
        (
            json.dumps(CONF | {"parameters": [{"metric": "latency", "value": float("inf"), "unit": "ms"}]}),
            ".parameters",
        ),
    ],
)
def test_what_the_first_task_would_refuse_never_leaves_the_terminal(
    airflow: HTTPServer, given: str, sentence: str
) -> None:
    done = sla("start", "-", given=given)
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert airflow.log == []


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_hostile_is_refused_in_one_printable_line(airflow: HTTPServer, case: Hostile) -> None:
    done = sla("start", "-", given=json.dumps(CONF | dict(case.changes)))
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"sla: {case.field}: ")
    assert line.isprintable()
    assert airflow.log == []


@pytest.mark.parametrize("sent", LINES.values(), ids=LINES)
def test_what_is_no_notification_is_refused_in_one_printable_line(
    airflow: HTTPServer, tmp_path: Path, sent: bytes
) -> None:
    file = tmp_path / "notification.json"
    file.write_bytes(sent)
    done = sla("start", str(file))
    assert done.exit_code == 1
    assert "unforeseen error" not in done.stderr
    [line] = done.stderr.splitlines()
    assert line.isprintable()
    assert airflow.log == []


def test_another_encoding_is_named_with_the_one_that_is_read(airflow: HTTPServer, tmp_path: Path) -> None:
    file = tmp_path / "notification.json"
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        file.write_bytes(json.dumps(CONF).encode(encoding))
        done = sla("start", str(file))
        assert (done.exit_code, "in UTF-8 but in UTF-" in done.stderr) == (1, True), done.stderr
    assert airflow.log == []


def test_without_a_register_at_hand_the_first_task_is_left_to_check_customer_and_service(
    airflow: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELECO_DB_URL", f"sqlite:///{tmp_path / 'none.db'}")
    airflow.expect_request(RUNS, method="POST").respond_with_json({"dag_run_id": "x"})
    done = sla("start", "-", given=json.dumps(CONF | {"customer": "C-9"}))
    assert (done.exit_code, len(sent_to(airflow))) == (0, 1)
    assert "No contract register is at hand; the first task checks customer and service." in done.stderr
    assert sla("start", "-", given=json.dumps(CONF | {"impact": 7})).exit_code == 1
    assert len(sent_to(airflow)) == 1


def test_a_bad_notification_is_told_before_airflow_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELECO_AIRFLOW_URL", raising=False)
    assert ".impact" in sla("start", "-", given=json.dumps({**CONF, "impact": 7})).stderr


def test_a_missing_file_is_named() -> None:
    done = sla("start", "no-such-file.json")
    assert done.exit_code == 1
    assert "no-such-file.json" in done.stderr


def test_without_a_reference_the_content_names_the_run() -> None:
    anonymous = {name: value for name, value in CONF.items() if name != "external_reference"}
    first, again = (run_id_of(ProblemNotification.model_validate(anonymous)) for _ in range(2))
    other = run_id_of(ProblemNotification.model_validate(anonymous | {"impact": 1}))
    assert first == again
    assert first != other


def test_nothing_is_known_without_address_or_make_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("include.sla_logic.cli.airflow_runs._LOCAL", tmp_path)
    with pytest.raises(UnableToStartIncident, match="TELECO_AIRFLOW_URL"):
        Airflow.found(None, {})


def test_what_make_up_has_written_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("include.sla_logic.cli.airflow_runs._LOCAL", tmp_path)
    (tmp_path / "address").write_text("http://127.0.0.1:8080\n")
    (tmp_path / "passwords.json").write_text(json.dumps({"admin": "secret"}))
    found = Airflow.found(None, {})
    assert (found.url, found.user, found.password) == ("http://127.0.0.1:8080", "admin", "secret")
    assert "secret" not in repr(found)
    elsewhere = Airflow.found("https://airflow.example/", {})
    assert (elsewhere.url, elsewhere.user) == ("https://airflow.example", None)


@pytest.fixture
def use_cases(kept: UseCases, monkeypatch: pytest.MonkeyPatch) -> UseCases:
    monkeypatch.setenv("TELECO_DB_URL", kept.work.settings.database_url)
    return kept


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> UseCases:
    folder = tmp_path_factory.mktemp("kept")
    use_cases = UseCases(Settings(f"sqlite:///{folder / 'teleco.db'}", folder / "letters"))
    use_cases.work.migrate()
    teleco = make_sample(7, datetime.now(UTC))
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
    conf = teleco.notifications["premium"].model_dump(mode="json")
    use_cases.incidents.accept(conf, run_id="incident.DEMO-PREMIUM", origin="test")
    return use_cases


@pytest.mark.parametrize("reference", ["TT-000001", "DEMO-PREMIUM", "incident.DEMO-PREMIUM"])
def test_an_incident_is_shown_under_each_of_its_names(use_cases: UseCases, reference: str) -> None:
    shown = sla("show", reference)
    assert shown.exit_code == 0, shown.output
    assert "TT-000001" in shown.output
    assert "acknowledged" in shown.output
    assert "ProblemNotification" in shown.output


def test_an_incident_is_shown_as_json(use_cases: UseCases) -> None:
    shown = json.loads(sla("show", "TT-000001", "--json").output)
    assert shown["ticket"]["external_reference"] == "DEMO-PREMIUM"
    assert shown["documents"][0]["kind"] == "ProblemNotification"


def test_tickets_are_listed(use_cases: UseCases) -> None:
    assert "TT-000001" in sla("list").output
    assert [ticket["id"] for ticket in json.loads(sla("list", "--open", "--json").output)] == ["TT-000001"]
    assert "no such tickets" in sla("list", "--escalated").output


@pytest.mark.parametrize("word", ["release", "reject"])
def test_what_does_not_wait_cannot_be_answered(use_cases: UseCases, word: str) -> None:
    done = sla(word, "TT-000001", "--reason", "Because.")
    assert done.exit_code == 1
    assert "TT-000001 does not wait for a restoration request" in done.stderr


def test_an_unknown_incident_is_one_sentence(use_cases: UseCases) -> None:
    done = sla("show", "TT-999999")
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "TT-999999" in done.stderr
