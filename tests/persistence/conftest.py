"""Databases of both kinds."""

from pathlib import Path

import pytest

from include.sla_logic.persistence.database import Database, open_database

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(params=["sqlite", POSTGRES])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Open an empty database of either kind."""
    if request.param == "sqlite":
        return open_database(f"sqlite:///{tmp_path / 'teleco.db'}")
    return open_database(request.getfixturevalue("empty_postgres_url"))
