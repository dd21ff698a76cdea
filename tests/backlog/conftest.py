"""UseCaseFactory on both databases, in the sample of one customer."""

from pathlib import Path

import pytest

from include.sla_logic.services import UseCases
from tests.services.sample import Clock, open_use_cases

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def use_cases(tmp_path: Path, clock: Clock) -> UseCases:
    return open_use_cases(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, clock)


@pytest.fixture(params=["sqlite", POSTGRES])
def any_use_cases(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> UseCases:
    """Open use cases on either database whose clock is moved by hand."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'teleco.db'}" if sqlite else request.getfixturevalue("postgres_url")
    return open_use_cases(url, tmp_path, clock)
