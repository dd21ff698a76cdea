"""What the workers of one test session share: a PostgreSQL server, and databases that are made once and copied."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.locked_packages import locked
from deploy.postgres import Databases, PostgresServer
from deploy.stack.settings import sqlite_url
from include.sla_logic.persistence import unit_of_work
from include.sla_logic.persistence.database import Database, current_revision, newest_revision, open_database
from include.sla_logic.persistence.migrations import migrate
from tests.kept_connections import whole

MIGRATED = "migrated"  # the PostgreSQL template of the operations database


def folder_of_session(base: Path) -> Path:
    """Name the folder that all workers see: pytest gives each of them a folder of its own below it."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def shared_server(folder: Path) -> Iterator[Databases]:
    """Use the PostgreSQL server of this session; the first worker starts it, and ends it when all have finished."""
    port, turn = folder / "postgres.port", folder / "postgres.lock"
    with ExitStack() as own, (folder / "postgres.users").open("a") as users:
        with locked(turn):
            if owns := not port.exists():
                server = own.enter_context(PostgresServer())
                _make_template(server)
                port.write_text(str(server.port))
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield Databases(int(port.read_text()))
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            if owns:
                with locked(turn):
                    port.unlink()
                fcntl.flock(users, fcntl.LOCK_EX)  # waits for the last user


def _make_template(server: Databases) -> None:
    database = open_database(server.create_database(MIGRATED))
    migrate(database)
    database.engine.dispose()


def sqlite_template(folder: Path) -> Path:
    """Migrate one SQLite operations database for all tests of the session."""
    file = folder / "migrated.db"
    with locked(folder / "migrated.lock"):
        if not file.exists():
            made = folder / "being-migrated.db"
            migrate(open_database(sqlite_url(made)))
            whole(made).rename(file)
    return file


def migrate_as_use_cases_do(database: Database) -> str:
    """Migrate what no use case opens: in a session of tests by copy, too."""
    migrated: str = vars(unit_of_work)["migrate"](database)  # which a session of tests replaces
    return migrated


def migrate_by_copy(database: Database, template: Path) -> str:
    """Copy the template where no SQLite file is yet; migrate only what is behind."""
    file = Path(database.engine.url.database or "")
    if not database.is_postgresql and not file.exists():
        file.write_bytes(template.read_bytes())
    with database.read() as connection:
        current = current_revision(connection)
    return current if current == newest_revision() else migrate(database)
