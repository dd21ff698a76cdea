"""What a machine lacks is named in one sentence: a library, a mail server, room, a port, the right Python."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from typer.testing import CliRunner

from deploy import up
from deploy.ports import free_port
from include.sla_logic.cli import app
from include.sla_logic.process.step import step
from tests.kept_connections import close_connections
from tests.services.sample import conf, open_use_cases

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def use_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Open use cases that the command line works too, with one letter to send."""
    url = f"sqlite:///{tmp_path / 'teleco.db'}"
    monkeypatch.setenv("TELECO_DB_URL", url)
    opened = open_use_cases(url, tmp_path)

    @step
    def post(file: Any) -> None:
        letter = "From: a@example.net\r\nTo: b@example.net\r\nMessage-ID: <TT-1.x@example.net>\r\n\r\nHello\r\n"
        file.outgoing.put(kind="mail", key="letter-1", payload={"message": letter})

    opened.incidents.accept(conf(), run_id="run-1", origin="form")
    opened.incidents.perform(post, run_id="run-1")
    return opened


def sla(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_without_pango_the_letter_as_pdf_says_what_to_install(
    use_cases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    done = sla("incident", "letter", "TT-000001", "--pdf", str(tmp_path / "letter.pdf"))
    assert done.exit_code == 1
    assert done.stderr.startswith("sla: A letter as PDF needs Pango (on Debian: apt-get install libpango-1.0-0 ")
    assert done.stderr.count("\n") == 1


def test_without_the_mail_server_a_letter_waits_with_the_reason(
    use_cases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()  # nobody listens there now
    monkeypatch.setenv("TELECO_SMTP_URL", f"smtp://127.0.0.1:{port}")
    done = sla("outbox", "send")
    assert (done.exit_code, done.stdout) == (1, "0 sent, 1 put off, 0 given up.\n")
    assert f"The mail server 127.0.0.1:{port} (without TLS) does not answer" in done.stderr
    assert done.stderr.count("\n") == 1


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    """Give the database of this engine not one page more than it has."""

    def forbid_growth(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # SQLite takes the present size where that is more

    event.listen(engine, "connect", forbid_growth)
    close_connections()
    yield
    event.remove(engine, "connect", forbid_growth)
    close_connections()


def test_a_full_disk_is_named_by_an_import_and_the_same_command_goes_on_later(use_cases: Any, tmp_path: Path) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text("id,name\n" + "".join(f"N-{n},{'x' * 200}\n" for n in range(500)), "utf-8")
    with full_disk(use_cases.work.database.engine):
        done = sla("import", "customers", str(customers))
    assert done.exit_code == 1
    assert done.stderr == "sla: The operations database cannot be used: database or disk is full.\n"
    again = json.loads(sla("import", "customers", str(customers), "--json").stdout)
    assert (again["rows"], again["added"] + again["unchanged"], again["rejected"]) == (500, 500, [])


def test_a_letter_that_finds_no_room_waits_with_the_reason(
    use_cases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    done = sla("outbox", "send")
    assert (done.exit_code, done.stdout) == (1, "0 sent, 1 put off, 0 given up.\n")
    assert done.stderr.endswith(": No space left on device.\n")
    assert list((tmp_path / "letters").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_output_into_a_full_disk_is_one_sentence() -> None:
    command = [sys.executable, "-c", "from include.sla_logic.cli import app; app()", "contract", "schema"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (1, "sla: No space left on device.\n")


def test_make_up_names_a_port_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(up, "ROOT", tmp_path)
    monkeypatch.setattr(up, "_prepare", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["up", "--port", str(port)])
        assert up.main() == 1
    said = " ".join(capsys.readouterr().out.split())
    assert said == (
        f"Airflow is not running: port {port} cannot be used: Address already in use. Name another one, or none."
    )


@pytest.mark.parametrize(
    ("stub", "said"),
    [
        ("#!/bin/sh\necho 3.12\n", "'./python' is Python 3.12, the locks are for 3.11. Name that one: make PYTHON="),
        (None, "Python 3.11 was not found as './python'. Install it, or name it: make PYTHON="),
    ],
)
def test_another_python_is_refused_before_anything_is_built(tmp_path: Path, stub: str | None, said: str) -> None:
    (tmp_path / "deploy").mkdir()
    for name in ("Makefile", "requirements-dev.lock", "deploy/installer.lock", "deploy/launcher.py"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    if stub is not None:
        (tmp_path / "python").write_text(stub, "utf-8")
        (tmp_path / "python").chmod(0o755)
    done = subprocess.run(
        ["/usr/bin/env", "make", "env", "PYTHON=./python"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    first, *rest = done.stderr.splitlines()
    assert first.startswith(said)
    assert all("***" in line for line in rest)  # make's own
    assert not (tmp_path / ".venv").exists()


def test_make_up_with_celery_says_how_to_install_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(up, "ROOT", tmp_path)
    monkeypatch.setattr(up, "_prepare", lambda *_: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["up", "--executor", "celery", "--workers", "2"])
    assert up.main() == 1
    assert "apt-get install redis-server" in " ".join(capsys.readouterr().out.split())
