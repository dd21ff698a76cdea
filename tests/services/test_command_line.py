"""The command sla: every failure is one sentence and a code that is not zero."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from include.sla_logic.cli import app, sentence_of
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.process.step import step
from include.sla_logic.services import UnableToAcceptNotification, UseCases
from tests.services.sample import conf, open_use_cases

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'teleco.db'}"
    monkeypatch.setenv("TELECO_DB_URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    return url


@pytest.fixture
def settled(url: str, tmp_path: Path) -> UseCases:
    return open_use_cases(url, tmp_path)


def sla(*words: str):
    return CliRunner().invoke(app, list(words))


def test_help_names_every_room_and_imports_none():
    heavy = "{'sqlalchemy', 'pydantic', 'alembic', 'jinja2'}"
    program = (
        "import atexit, sys; from include.sla_logic.cli import app; sys.argv = ['sla', '--help'];"
        f"atexit.register(lambda: print(sorted({heavy} & set(sys.modules)))); app()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for room in ("database", "incident", "outbox", "quarantine"):
        assert room in done.stdout


def test_an_unmigrated_database_is_one_sentence_and_code_1(url):
    done = sla("database", "status")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("sla: The operations database has no tables of this product yet")
    assert done.stderr.count("\n") == 1


def test_migrate_then_status(url):
    assert sla("database", "migrate").exit_code == 0
    done = sla("database", "status", "--json")
    assert (done.exit_code, json.loads(done.stdout)["tickets"]) == (0, 0)


def test_a_database_that_does_not_answer_is_one_sentence(monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", "postgresql://nobody:geheim@127.0.0.1:1/nowhere")
    done = sla("database", "status")
    assert done.exit_code == 1
    assert done.stderr.startswith("sla: The operations database cannot be used: ")
    assert "geheim" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unknown_room_is_a_usage_error():
    assert sla("nonsense").exit_code == 2


def test_the_outbox_is_listed_sent_and_retried(settled, tmp_path):
    @step
    def post(file) -> None:
        letter = "From: a@example.net\r\nTo: b@example.net\r\nMessage-ID: <TT-1.x@example.net>\r\n\r\nHello\r\n"
        file.outgoing.put(kind="mail", key="letter-1", payload={"message": letter})
        file.outgoing.put(kind="billing", key="credit-1", payload={"nonsense": True})

    assert "The outbox has no such message." in sla("outbox", "list").stdout
    settled.incidents.accept(conf(), run_id="run-1", origin="form")
    settled.incidents.perform(post, run_id="run-1")
    assert [m["state"] for m in json.loads(sla("outbox", "list", "--json").stdout)] == ["waiting", "waiting"]
    sent = sla("outbox", "send")
    assert (sent.exit_code, sent.stdout) == (1, "1 sent, 1 put off, 0 given up.\n")
    assert sent.stderr.startswith("credit-1: KeyError")
    assert list((tmp_path / "letters").glob("*.eml"))
    assert "KeyError" in sla("outbox", "list", "--state", "waiting").stdout
    assert "is due now" in sla("outbox", "retry", "2", "--by", "Kim").stdout
    assert sla("outbox", "retry", "1").exit_code == 1
    assert "does not wait for a person" in sla("outbox", "release", "2", "--reason", "early").stderr
    with settled.work.writing() as connection:
        given_up = {"state": "dead", "last_error": "UnableToLookForCredit: nobody tells"}
        connection.execute(update(outbox).where(outbox.c.id == 2).values(given_up))
    released = sla("outbox", "release", "2", "--reason", "not there", "--by", "Kim")
    assert "it is posted once more" in released.stdout
    assert [m["state"] for m in json.loads(sla("outbox", "list", "--json").stdout)] == ["waiting", "sent"]


def test_the_quarantine_is_listed_shown_and_retried(settled, tmp_path):
    assert "The quarantine is empty." in sla("quarantine", "list").stdout
    with pytest.raises(UnableToAcceptNotification):
        settled.incidents.accept(conf(symptom="[red]on \x1b[31mfire"), run_id="run-1", origin="REST")
    assert ".symptom" in sla("quarantine", "list").stdout
    shown = sla("quarantine", "show", "1")
    assert "[red]on " in shown.stdout
    assert "\x1b" not in shown.stdout
    corrected = tmp_path / "corrected.json"
    corrected.write_text("{not json", "utf-8")
    assert "holds no JSON" in sla("quarantine", "retry", "1", "--corrected", str(corrected)).stderr
    assert sla("quarantine", "retry", "1", "--mended", str(tmp_path / "none.json")).stderr.endswith(
        "No such file or directory.\n"
    )
    corrected.write_text(json.dumps(conf()), "utf-8")
    done = sla("quarantine", "retry", "1", "--corrected", str(corrected), "--by", "Kim")
    assert "Accepted as TT-000001" in done.stdout
    assert sla("quarantine", "retry", "1").exit_code == 1
    assert "TT-000001" in sla("quarantine", "list", "--all").stdout


def test_an_unforeseen_error_says_how_to_see_more(monkeypatch):
    assert sentence_of(KeyError("x")) == "An unforeseen error: KeyError: 'x'. SLA_TRACEBACK=1 shows where."
