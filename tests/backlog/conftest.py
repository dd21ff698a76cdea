"""Offices on both databases, in the town of one customer."""

from pathlib import Path

import pytest

from include.sla_logic.office import Office
from tests.office.town import Clock, open_office

POSTGRES = pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("servers")])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Office:
    return open_office(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, clock)


@pytest.fixture(params=["sqlite", POSTGRES])
def any_office(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Office:
    """Open an office on either database whose clock is moved by hand."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'teleco.db'}" if sqlite else request.getfixturevalue("postgres_url")
    return open_office(url, tmp_path, clock)
