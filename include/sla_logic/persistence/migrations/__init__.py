"""Migrations of the operations database, forward only while runs wait.

Revisions are numbered files; a release reads databases that are newer than itself.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from include.sla_logic.persistence.database import Database, newest_revision

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent
_LOCK = 7_253_621  # any number, the same in every process: PostgreSQL's advisory lock for migrations


def migrate(database: Database) -> str:
    """Bring the database to the newest revision and return it; several at once wait for each other."""
    from alembic import command

    with database.write() as connection:
        if database.is_postgresql:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return newest_revision()


def _configuration() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config
