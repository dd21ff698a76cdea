"""Migrations of the operations database, forward only while runs wait.

Revisions are numbered files; a release reads databases that are newer than itself.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from sqlalchemy import Connection, Engine, text

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "sla_schema_version"
_ready: WeakSet[Engine] = WeakSet()
_HERE = Path(__file__).parent
_IN_SQLITE = f"(SELECT name FROM sqlite_master WHERE type = 'table' AND name = '{VERSION_TABLE}')"  # noqa: S608
_LOCK = 7_253_621  # any number, the same in every process: PostgreSQL's advisory lock for migrations


class UnableToUseDatabase(ForeseenError):
    """The database has not been migrated as far as this release needs; a deployment does so in a moment."""

    passes = True


def newest_revision() -> str:
    """Return the number of the last migration that this release brings."""
    return max(path.name[:4] for path in (_HERE / "versions").glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the database, or None if it is not ours."""
    known = f"to_regclass('{VERSION_TABLE}')" if connection.dialect.name == "postgresql" else _IN_SQLITE
    if connection.exec_driver_sql(f"SELECT {known}").scalar() is None:
        return None
    return connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608 - a constant


def check_revision(connection: Connection) -> None:
    """Raise `UnableToUseDatabase` unless the database is as new as this release, or newer; asks once per engine."""
    if connection.engine in _ready:
        return
    current, needed = current_revision(connection), newest_revision()
    if current is None or current < needed:
        stand = "has no tables of this product yet" if current is None else f"is at revision {current}"
        msg = f"The operations database {stand}, revision {needed} is needed: run `sla database migrate` first."
        raise UnableToUseDatabase(msg)
    _ready.add(connection.engine)


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
