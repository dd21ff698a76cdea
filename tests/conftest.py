"""Fixtures for every test: Airflow homes and components, a PostgreSQL server, migrated databases, the shared data."""

import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from deploy.postgres import Databases
from deploy.stack import AirflowStack
from deploy.stack.metadata import copy_kept, keep
from deploy.stack.settings import sqlite_url
from tests.compiled import share_compiled_statements
from tests.kept_connections import close_connections, keep_connections
from tests.notebook import remember_each_database
from tests.real_airflow import running_stack
from tests.scheduling import FileScheduling
from tests.sharing import MIGRATED, folder_of_session, migrate_by_copy, shared_server, sqlite_template

pytest_plugins = ["tests.use_case_fixtures"]
ROOT = Path(__file__).resolve().parent.parent
MEMORY, ROOM = Path("/dev/shm"), 12 * 2**30  # noqa: S108 - bytes that a whole run may need, several times over
HOME_PREFIX = "airflow-tests-"

# What a fixture needs is a marker too. The tests of the one Airflow share a worker, and so do those that open one to
# break it: never more than two run at a time. PostgreSQL serves all workers.
MARKERS = {"airflow_home": "airflow", "airflow_stack": "stack", "postgres_server": "postgres", "shared_data": "trial"}
AIRFLOW, FAULTS = "airflow", "faults"
# Where databases may differ: `make test` asks PostgreSQL here, `make test-more` everywhere.
DIFFER = {"contract", "test_claims.py", "test_billing_ledger.py"}
OPENED = pytest.StashKey[ExitStack]()
STACK = pytest.StashKey[ExitStack]()


def _write_into_memory() -> None:
    """Let temporary files lie in memory where there is room: a third of the time is waiting for the disk otherwise."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return
    state = os.statvfs(MEMORY)
    if state.f_bavail * state.f_frsize >= ROOM and not state.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it is asked for again


_write_into_memory()


def pytest_configure(config: pytest.Config) -> None:
    """Let no test depend on the time it takes; point Airflow at a throw-away home before anything can import it."""
    settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("calm")
    gc.set_threshold(10_000, 20, 10)  # search for garbage a tenth as often
    config.stash[OPENED] = ExitStack()
    home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": sqlite_url(home / "airflow.db"),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what the workers share, before its folder goes: here no test's timeout runs while one waits for the other."""
    session.config.stash[OPENED].close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling:
    """Spread the tests over the workers file by file."""
    return FileScheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the servers that it uses, and what `make test` leaves out; those of the one Airflow begin."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for fixture, marker in MARKERS.items():
            if fixture in used:
                item.add_marker(marker)
        if _asks_the_second_database(item):
            item.add_marker("more")
        for marker, group in (("stack", AIRFLOW), ("faults", FAULTS)):
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=_turn)


def _asks_the_second_database(item: pytest.Item) -> bool:
    """Tell whether a test asks PostgreSQL what it asks SQLite too, and where they hardly differ."""
    kinds = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
    asked = any(isinstance(kind, str) and kind in ("postgres", "postgresql") for kind in kinds)
    return asked and not DIFFER.intersection((item.path.parent.name, item.path.name))


def _turn(item: pytest.Item) -> int:
    """Put the terminal before the browser, which leaves runs and rows behind, and short files last.

    Those of `domain` take seconds each: with them both workers end at about the same time. What takes minutes at a
    stretch, the faults and the fuzz of the API, begins beside the first of Airflow's.
    """
    if item.path.name == "test_openapi.py" or item.get_closest_marker("faults"):
        return 1
    if not item.get_closest_marker("stack"):
        return 2 if item.get_closest_marker("more") or "domain" not in item.path.parts else 3
    return int("browser" in item.path.parts)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Find the folder that all workers of this session see."""
    return folder_of_session(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session", autouse=True)
def _copied_databases(session_folder: Path) -> Iterator[None]:
    """Migrate once for all tests; only those of the migrations themselves call `migrate` as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "include.sla_logic.persistence.unit_of_work.migrate",
            lambda database: migrate_by_copy(database, sqlite_template(session_folder)),
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiled_statements(pytestconfig: pytest.Config) -> Iterator[None]:
    """Compile each statement once, not once for each database; for `make test` keep SQLite's connections open too."""
    with pytest.MonkeyPatch.context() as patch:
        if pytestconfig.option.markexpr == "not more":
            keep_connections(patch)
        share_compiled_statements(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _an_airflow_for_each_database() -> Iterator[None]:
    """Let one Airflow work many databases; only the tests of the pair of ids ask Airflow itself."""
    with pytest.MonkeyPatch.context() as patch:
        remember_each_database(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _not_the_airflow_of_make_up(session_folder: Path) -> Iterator[None]:
    """Let the command line find no Airflow that somebody has left running in this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("include.sla_logic.cli.airflow_runs._LOCAL", session_folder / "no-airflow")
        yield


@pytest.fixture(scope="session")
def airflow_home() -> Iterator[Path]:
    """Lay out a metadata database without runs, once, and let dag.test() skip through without its naps."""
    home = Path(os.environ["AIRFLOW_HOME"])
    if not copy_kept(ROOT, home / "airflow.db"):
        from airflow.utils.db import initdb

        initdb()
        keep(ROOT, home / "airflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", _no_naps(time.sleep))
        yield home


def _no_naps(sleep: Callable[[float], None]) -> Callable[[float], None]:
    """Leave every sleep alone but the second that dag.test() waits per round in which tasks are only skipped."""

    def quick(seconds: float) -> None:
        caller = sys._getframe(1).f_code
        skipping = caller.co_name == "test" and caller.co_filename.endswith("sdk/definitions/dag.py")
        sleep(0.01 if skipping else seconds)

    return quick


@pytest.fixture
def operations_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name an operations database of this test's own, for Airflow and the command line alike; it is not migrated."""
    url = sqlite_url(tmp_path / "teleco.db")
    monkeypatch.setenv("TELECO_DB_URL", url)
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", url)
    return url


@pytest.fixture(scope="session")
def airflow_stack(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Databases, pytestconfig: pytest.Config
) -> Iterator[AirflowStack]:
    """Run the real components with this checkout's DAGs, once for the tests at the terminal and in the browser."""
    with ExitStack() as opened:
        pytestconfig.stash[STACK] = opened
        yield opened.enter_context(running_stack(tmp_path_factory.mktemp("stack"), postgres_server))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Close its databases; stop Airflow after its last test: idle, it takes a quarter of a core from the others."""
    close_connections()
    stack = item.config.stash.get(STACK, None)
    if stack is not None and (nextitem is None or not nextitem.get_closest_marker("stack")):
        stack.close()


@pytest.fixture(scope="session")
def postgres_server(session_folder: Path, pytestconfig: pytest.Config) -> Databases:
    """Use the one PostgreSQL server of all workers."""
    return pytestconfig.stash[OPENED].enter_context(shared_server(session_folder))


@pytest.fixture
def postgres_url(postgres_server: Databases) -> Iterator[str]:
    """Name a migrated operations database of this test's own on PostgreSQL."""
    yield from _database(postgres_server, MIGRATED)


@pytest.fixture
def empty_postgres_url(postgres_server: Databases) -> Iterator[str]:
    """Name an empty PostgreSQL database of this test's own."""
    yield from _database(postgres_server, "template1")


def _database(server: Databases, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    yield server.create_database(name, template=template)
    server.drop_database(name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Find the real recordings beside the checkout, or skip."""
    folder = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data are not beside this checkout; name their folder in SHARED_DATA")
    return folder
