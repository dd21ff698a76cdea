"""Fixtures for use cases on both databases, in the sample of one customer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.played_airflow import PlayedAirflow
from tests.services.sample import open_use_cases

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def use_cases(tmp_path: Path, clock: Clock) -> UseCases:
    """Open use cases on SQLite whose clock is moved by hand."""
    return open_use_cases(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, clock)


@pytest.fixture(params=["sqlite", POSTGRES])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database of either kind; on SQLite it is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'teleco.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", POSTGRES])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'teleco.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def any_use_cases(any_url: str, tmp_path: Path, clock: Clock) -> UseCases:
    """Open use cases on either database whose clock is moved by hand."""
    return open_use_cases(any_url, tmp_path, clock)


@pytest.fixture
def played_airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedAirflow]:
    """Stand in for Airflow where the command line asks it."""
    monkeypatch.setenv("TELECO_AIRFLOW_TOKEN", "t")
    with PlayedAirflow() as airflow:
        yield airflow
