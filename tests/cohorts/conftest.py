"""The sample at one moment, loaded once and copied for each test."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.kept_connections import whole

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def teleco() -> Sample:
    return make_sample(7, ANCHOR, history_days=32)


@pytest.fixture(scope="session")
def loaded(teleco: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load the sample into an operations database that no test may change."""
    file = tmp_path_factory.mktemp("loaded") / "teleco.db"
    use_cases = UseCases(Settings(f"sqlite:///{file}", file.parent / "letters"))
    use_cases.work.migrate()
    with use_cases.work.writing() as connection:
        load_sample(connection, teleco)
    return file


@pytest.fixture
def own_url(loaded: Path, tmp_path: Path) -> str:
    """Copy the loaded database for this test."""
    shutil.copyfile(whole(loaded), tmp_path / "teleco.db")
    return f"sqlite:///{tmp_path / 'teleco.db'}"


@pytest.fixture
def use_cases(own_url: str, tmp_path: Path) -> UseCases:
    return UseCases(Settings(own_url, tmp_path / "letters"), clock=lambda: ANCHOR)
