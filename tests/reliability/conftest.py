"""Offices that tests may spoil."""

from pathlib import Path

import pytest

from include.sla_logic.office import Office
from tests.office.town import Clock, open_office


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Office:
    return open_office(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, clock)
