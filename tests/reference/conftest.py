"""Operations databases of both kinds with a small TELECO in them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from include.sla_logic.persistence.database import Database, open_database
from include.sla_logic.sample_data import Sample, load_sample, make_sample
from tests.sharing import MIGRATED, migrate_as_use_cases_do

ANCHOR = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def teleco() -> Sample:
    """Generate the small TELECO with two days of samples: enough where no contract is judged."""
    return make_sample(7, ANCHOR, history_days=2)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Open an empty migrated database of this test's own."""
    sqlite = request.param == "sqlite"
    return _migrated(f"sqlite:///{tmp_path / 'teleco.db'}" if sqlite else request.getfixturevalue("postgres_url"))


@pytest.fixture
def sample(database: Database, teleco: Sample) -> Database:
    """Load the small TELECO into a database of this test's own."""
    return _loaded(database, teleco)


@pytest.fixture(scope="session", params=BOTH)
def common_sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, teleco: Sample) -> Database:
    """Load the small TELECO once for all tests that leave nothing behind."""
    if request.param == "sqlite":
        return _loaded(_migrated(f"sqlite:///{tmp_path_factory.mktemp('sample') / 'teleco.db'}"), teleco)
    server = request.getfixturevalue("postgres_server")
    return _loaded(_migrated(server.create_database(f"sample_{uuid4().hex}", template=MIGRATED)), teleco)


@pytest.fixture
def connection(common_sample: Database) -> Iterator[Connection]:
    """Write as one likes: it is rolled back."""
    with common_sample.write() as connection:
        yield connection
        connection.rollback()


def _migrated(url: str) -> Database:
    database = open_database(url)
    migrate_as_use_cases_do(database)
    return database


def _loaded(database: Database, teleco: Sample) -> Database:
    with database.write() as connection:
        load_sample(connection, teleco)
    return database
