"""Fixtures for every test: Airflow without a home of the user's, a real stack, a PostgreSQL server, the shared data."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from deploy.postgres import PostgresServer
from deploy.stack import AirflowStack
from deploy.stack.settings import sqlite_url
from tests.real_airflow import running_stack

ROOT = Path(__file__).resolve().parent.parent
HOME_PREFIX = "airflow-tests-"

# What a fixture needs is a marker too; tests of one server share one worker, so that it starts once.
MARKERS = {"airflow_home": "airflow", "airflow_stack": "stack", "postgres_url": "postgres", "shared_data": "trial"}
GROUPS = {"postgres_server": "servers"}


def pytest_configure(config: pytest.Config) -> None:
    """Let no test depend on the time it takes; point Airflow at a throw-away home before anything can import it."""
    settings.register_profile("calm", deadline=None)
    settings.load_profile("calm")
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
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the servers that it uses."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for fixture, marker in MARKERS.items():
            if fixture in used:
                item.add_marker(marker)
        for fixture, group in GROUPS.items():
            if fixture in used:
                item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def airflow_home() -> Iterator[Path]:
    """Make an empty metadata database, once, and let dag.test() skip through without its naps."""
    from airflow.utils.db import initdb

    initdb()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", _no_naps(time.sleep))
        yield Path(os.environ["AIRFLOW_HOME"])


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
def airflow_stack(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[AirflowStack]:
    """Run the real components with this checkout's DAGs, once for the tests at the terminal."""
    with running_stack(tmp_path_factory.mktemp("stack"), postgres_server) as stack:
        yield stack


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run one PostgreSQL server for all tests."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Name an empty PostgreSQL database of this test's own."""
    name = f"test_{uuid4().hex}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Find the real recordings beside the checkout, or skip."""
    folder = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data are not beside this checkout; name their folder in SHARED_DATA")
    return folder
