"""What docs/intake.md shows works as it stands there."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.run_ids import run_id_of
from include.sla_logic.importers.tickets import read_ticket_mapping

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "intake.md").read_text("utf-8")


def block(language: str, containing: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    [one] = [text for text in found if containing in text]
    return one


NOTIFICATION = block("json", "external_reference")


class Airflow(BaseHTTPRequestHandler):
    """Answers as Airflow does: a token for a login, and 409 for a run that exists."""

    runs: dict[str, object] = {}  # noqa: RUF012 - one server in one test

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            self.answer(201, {"access_token": f"token of {sent['username']}"})
        elif self.headers["Authorization"] != "Bearer token of admin":
            self.answer(401, {})
        elif self.path == "/incident-desk/api/v1/incidents":
            self.runs[f"incident.{sent['external_reference']}"] = sent
            self.answer(202, {"run_id": f"incident.{sent['external_reference']}"})
        elif self.path != "/api/v2/dags/sla_violation/dagRuns" or sent["logical_date"] is not None:
            self.answer(404, {})
        elif sent["dag_run_id"] in self.runs:
            self.answer(409, {})
        else:
            self.runs[sent["dag_run_id"]] = sent["conf"]
            self.answer(200, {"dag_run_id": sent["dag_run_id"]})

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def airflow():
    Airflow.runs = {}
    with HTTPServer(("127.0.0.1", 0), Airflow) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


EXPECTED = {"incident.WEB-2026-0815": json.loads(NOTIFICATION)}


def test_the_notification_is_one_and_names_its_run_as_every_way_in_does():
    assert run_id_of(ProblemNotification.model_validate_json(NOTIFICATION)) in EXPECTED


def test_the_python_client_starts_the_run_once(airflow, tmp_path):
    (tmp_path / "notification.json").write_text(NOTIFICATION)
    client = tmp_path / "client.py"
    client.write_text(block("python", "httpx"))
    login = {"AIRFLOW": airflow, "AIRFLOW_USER": "admin", "PASSWORD": "secret", "NO_PROXY": "*"}

    def run():
        command = [sys.executable, str(client), str(tmp_path / "notification.json")]
        return subprocess.run(command, env=login, capture_output=True, text=True, check=True).stdout

    assert run() == "incident.WEB-2026-0815\n"
    assert run() == "incident.WEB-2026-0815 was started before.\n"
    assert Airflow.runs == EXPECTED


@pytest.mark.parametrize("way", ["dagRuns", "api/v1/incidents"])
def test_the_lines_for_curl_start_the_run(airflow, tmp_path, way):
    (tmp_path / "notification.json").write_text(NOTIFICATION)
    (tmp_path / "python3").symlink_to(sys.executable)
    login = block("sh", "dagRuns").replace("http://127.0.0.1:8080", airflow)
    lines = login if way == "dagRuns" else login.partition('curl -fsS "$AIRFLOW/api')[0] + block("sh", way)
    environment = {"PATH": f"{tmp_path}:/usr/local/bin:/usr/bin:/bin", "PASSWORD": "secret", "NO_PROXY": "*"}
    if subprocess.run(
        ["/bin/sh", "-c", "command -v curl"], env=environment, capture_output=True, check=False
    ).returncode:
        pytest.skip("curl is not on this machine")
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", lines], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "incident.WEB-2026-0815" in done.stdout
    assert Airflow.runs == EXPECTED


def test_the_mapping_of_ones_own_is_one(tmp_path):
    file = tmp_path / "helpdesk.yaml"
    file.write_text(block("yaml", "Our helpdesk"))
    assert read_ticket_mapping(str(file)).states["with carrier"].owner == "third_party"


def test_every_option_that_the_page_shows_exists():
    shown = set(re.findall(r"sla import tickets \S+ (.*?)(?:  |\n|$)", PAGE))
    told = CliRunner().invoke(app, ["import", "tickets", "--help"], env={"COLUMNS": "200"}).output
    options = {option for line in shown for option in re.findall(r"--[a-z-]+", line)}
    assert {"--format", "--mapping", "--until", "--reports-only", "--dry-run"} == options
    assert all(option in told for option in options)
