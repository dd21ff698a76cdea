"""What the scheduler asks before it forks: tasks inherit it, and the scheduler starts without it as well."""

import logging
import os
from pathlib import Path

import pytest
from sqlalchemy import event

from include.sla_logic.persistence.database import open_database
from include.sla_logic.persistence.incident_records import load_record_of_run
from include.sla_logic.services import Settings, UseCases
from sla_airflow.runtime import warm_up


def test_a_fork_does_not_compile_again_what_was_asked_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite+pysqlite:///{tmp_path / 'teleco.db'}"
    UseCases(Settings(url, tmp_path)).work.migrate()
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", f"sqlite:///{tmp_path / 'teleco.db'}")
    warm_up()
    child = os.fork()
    if child == 0:
        try:
            database, found = open_database(url), []
            event.listen(database.engine, "before_cursor_execute", lambda *args: found.append(args[4].cache_hit.name))
            with database.read() as connection:
                load_record_of_run(connection, "run-1")
            os._exit(0 if "CACHE_HIT" in found and "CACHE_MISS" not in found else 3)
        finally:
            os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_database_that_is_not_there_yet_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", f"sqlite:///{tmp_path / 'teleco.db'}")
    warm_up()
    assert not (tmp_path / "teleco.db").exists()


def test_the_scheduler_starts_though_the_database_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", "postgresql://nobody:secret@127.0.0.1:1/none")
    with caplog.at_level(logging.WARNING):
        warm_up()
    assert "could not be asked" in caplog.text
    assert "secret" not in caplog.text
