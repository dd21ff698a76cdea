"""UseCaseFactory that tests may spoil."""

from pathlib import Path

import pytest

from include.sla_logic.services import UseCases
from tests.services.sample import Clock, open_use_cases


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def use_cases(tmp_path: Path, clock: Clock) -> UseCases:
    return open_use_cases(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, clock)
