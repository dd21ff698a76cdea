"""A register with agreements and records of every kind, filled once; each test opens a copy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings
from tests.assessment.provider import LATER, Provider
from tests.assessment.registers import some_register
from tests.kept_connections import whole
from tests.simulation.stored_windows import empty_database
from tests.simulation.terms import SAID


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Fill a register once; tests open copies of it."""
    folder = tmp_path_factory.mktemp("register")
    provider = Provider(folder, empty_database(folder), **SAID)
    some_register(provider)
    with provider.use_cases.work.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return whole(folder / "provider.db").read_bytes()


@pytest.fixture
def register(tmp_path: Path, filled: bytes) -> Callable[..., UseCases]:
    """Open a copy of the register by its name."""

    def opened(name: str = "mine", *, complete: bool = True) -> UseCases:
        file = tmp_path / f"{name}.db"
        file.write_bytes(filled)
        use_cases = UseCases(Settings(f"sqlite:///{file}", tmp_path / "letters"), clock=lambda: LATER)
        if complete:
            use_cases.imports.complete("outages", until=LATER, by="ann", source="outages.csv")
        return use_cases

    return opened
