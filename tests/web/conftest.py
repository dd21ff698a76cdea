"""Samples with a desk."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from deploy.postgres import Databases
from include.sla_logic.process.graph import WAIT
from tests.sharing import MIGRATED
from tests.web.desk_sample import HELD, Sample, build_sample, client_of, made_once


@pytest.fixture(scope="session")
def built_sample(session_folder: Path) -> Sample:
    """Walk every incident of the sample once; nobody but copies of it is changed."""
    return made_once("built", build_sample, session_folder)


@pytest.fixture(scope="module")
def sample(built_sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Hand out one sample for the tests of a module that only look."""
    return built_sample.again(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def loaded_sample(session_folder: Path) -> Sample:
    """Load the sample once; only copies of it are changed."""
    return made_once("loaded", Sample, session_folder)


@pytest.fixture
def own_sample(loaded_sample: Sample, tmp_path: Path) -> Sample:
    """Copy the loaded sample, without incidents, for a test that changes it."""
    return loaded_sample.again(tmp_path)


@pytest.fixture
def ticket(own_sample: Sample) -> str:
    """Return an incident of a test's own sample that waits for its release."""
    return own_sample.walk(HELD, until=WAIT).id


@pytest.fixture
def own_desk(own_sample: Sample) -> Iterator[TestClient]:
    """Let an operator be known to a desk of the test's own, by having visited it."""
    with client_of(own_sample) as client:
        client.get("/")
        yield client


@pytest.fixture(scope="session")
def loaded_database(postgres_server: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Load the sample once into a database of PostgreSQL, of which only copies are changed; return its name."""
    name = f"loaded_{uuid4().hex}"
    sample = Sample(tmp_path_factory.mktemp("loaded"), url=postgres_server.create_database(name, template=MIGRATED))
    sample.use_cases.work.database.engine.dispose()
    return name


@pytest.fixture
def own_postgres_sample(
    loaded_sample: Sample, loaded_database: str, postgres_server: Databases, tmp_path: Path
) -> Iterator[Sample]:
    """Copy the loaded sample within PostgreSQL."""
    name = f"test_{uuid4().hex}"
    yield loaded_sample.again(tmp_path, url=postgres_server.create_database(name, template=loaded_database))
    postgres_server.drop_database(name)


@pytest.fixture
def desk(sample: Sample) -> Iterator[TestClient]:
    with client_of(sample) as client:
        yield client
