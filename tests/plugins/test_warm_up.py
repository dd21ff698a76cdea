"""What the scheduler asks before it forks: tasks inherit it, and the scheduler starts without it as well."""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import QueuePool

from benchmarks.sample import ANCHOR
from include.sla_logic.persistence.database import open_database
from include.sla_logic.persistence.incident_records import load_record_of_run
from include.sla_logic.process.customer_service import compare_with_sla, enter_problem_report
from include.sla_logic.process.step import Step
from include.sla_logic.sample_data import load_sample, make_sample
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


@pytest.fixture
def accepted(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UseCases:
    """Accept one incident, and forget what this process has compiled for it."""
    use_cases = UseCases(Settings(postgres_url, tmp_path), clock=lambda: ANCHOR)
    teleco = make_sample(7, ANCHOR, history_days=32)
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
    conf = teleco.notifications["minor_correction"].model_dump(mode="json")
    use_cases.incidents.accept(conf, run_id="run-1", origin="test")
    use_cases.work.database.engine.clear_compiled_cache()
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", postgres_url.replace("+psycopg", ""))
    return use_cases


@pytest.mark.more
@pytest.mark.postgres
def test_forks_share_what_was_compiled_and_learnt_but_no_connection(accepted: UseCases) -> None:
    engine = accepted.work.database.engine
    warm_up()
    assert _kept(engine) == 0
    with accepted.work.database.read() as connection:
        own = _backend(connection)
        worker = in_a_fork(lambda: step_in_a_fork(accepted, enter_problem_report, in_a_fork_of_it=compare_with_sla))
        assert _backend(connection) == own
    task = worker["fork"]
    assert len({own, worker["backend"], task["backend"]}) == 3
    for told in (worker, task):
        assert told["inherited"] == 0
        assert told["learnt_again"] == 0
        assert told["hits"] >= 8
    assert worker["missed"] == []
    assert {statement[:26] for statement in task["missed"]} <= {
        "SELECT samples.service, sa",  # only where the contract measures by samples
        "INSERT INTO sla_violations",
    }
    assert [step.task for step in accepted.lookups.incident("run-1").path] == [
        "enter_problem_report",
        "compare_with_sla",
    ]


def step_in_a_fork(use_cases: UseCases, step: Step, *, in_a_fork_of_it: Step | None = None) -> dict[str, Any]:
    """Do a step; return what was inherited, asked and compiled again, and the same of a fork of this fork."""
    engine, asked, learnt = use_cases.work.database.engine, [], []
    told: dict[str, Any] = {"inherited": _kept(engine)}
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append((args[4].cache_hit.name, args[2])))
    with patch.object(type(engine.dialect), "initialize", lambda *_: learnt.append(1)):
        use_cases.incidents.perform(step, run_id="run-1")
        told |= {"learnt_again": len(learnt), "hits": [hit for hit, _ in asked].count("CACHE_HIT")}
        told["missed"] = [statement for hit, statement in asked if hit == "CACHE_MISS"]
        with use_cases.work.database.read() as connection:
            told["backend"] = _backend(connection)
        if in_a_fork_of_it is not None:
            told["fork"] = in_a_fork(lambda: step_in_a_fork(use_cases, in_a_fork_of_it))
            with use_cases.work.database.read() as connection:
                assert told["backend"] == _backend(connection)
    return told


def in_a_fork(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what this returns in a fork; empty where it fails there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    found: dict[str, Any] = json.loads(said or "{}")
    return found


def _kept(engine: Engine) -> int:
    """Return how many connections wait in the engine's pool to be used again."""
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedin()


def _backend(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


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
