"""One operations database: SQLite by default, PostgreSQL by its URL, the same SQL for both.

`read` sees one moment, `write` holds the right to write from its first statement on;
what fails inside either leaves nothing behind.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from include.sla_logic.domain.errors import ForeseenError

Clock = Callable[[], datetime]

_WAIT_SECONDS = 30
_WRITES, _READS = "sla_writes", "sla_reads"
VERSION_TABLE = "sla_schema_version"
_IN_SQLITE = f"(SELECT name FROM sqlite_master WHERE type = 'table' AND name = '{VERSION_TABLE}')"  # noqa: S608
_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
_ready: WeakSet[Engine] = WeakSet()


class UnableToOpenDatabase(ForeseenError):
    """The database URL names no database that this product can use."""

    concerns_all = True


class Database:
    """An engine with the two kinds of transaction and the clock that decides."""

    def __init__(self, engine: Engine, *, clock: Clock | None = None) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        self._clock = clock

    def now(self, connection: Connection) -> datetime:
        """Return the present moment by the database's own clock: machines that work on one incident agree on it."""
        if self._clock is not None:
            return self._clock()
        if self.is_postgresql:
            told: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
            return told.astimezone(UTC)
        return datetime.now(UTC)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction in which every statement sees one moment, and in which the database refuses to write."""
        options: dict[str, Any] = {_READS: True}
        if self.is_postgresql:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that commits at the end; SQLite admits one writer at a time."""
        with writing_connection(self.engine) as connection, connection.begin():
            yield connection


def writing_connection(engine: Engine) -> Connection:
    """Return a connection whose transactions hold the right to write from their first statement on."""
    return engine.connect().execution_options(**{_WRITES: True})


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that can say what is done about a key that is taken; each dialect has its own."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_once(connection: Connection, table: Table, key: str, row: dict[str, Any]) -> bool:
    """Add the row unless a key of its table is taken, and tell whether it was added; wait for a concurrent insert.

    No conflict target is named: PostgreSQL may find a conflict in either key of the table first.
    """
    statement = insert_into(connection, table).on_conflict_do_nothing().returning(table.c[key])
    return connection.execute(statement, row).first() is not None


def open_database(url: str, *, clock: Clock | None = None) -> Database:
    """Return the database behind the URL, with one engine per URL and process; opens no connection yet."""
    if url not in _engines:
        _engines[url] = _create_engine(url)
    return Database(_engines[url], clock=clock)


def _create_engine(url: str) -> Engine:
    parsed = _with_driver(url)
    if parsed.drivername == "sqlite+pysqlite":
        return _sqlite(parsed)
    return create_engine(
        parsed,
        pool_pre_ping=True,
        pool_size=2,
        connect_args={"connect_timeout": _WAIT_SECONDS},
        use_native_hstore=False,  # each new process would ask the server about a type that we do not have
    )


def is_there(url: str) -> bool:
    """Tell whether a connection would find the database; opening one creates the file of an SQLite database."""
    parsed = _with_driver(url)
    return parsed.drivername != "sqlite+pysqlite" or Path(parsed.database or "").exists()


def _with_driver(url: str) -> URL:
    """Write the driver out: what a bare `postgresql://` means differs between SQLAlchemy versions."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        msg = "The database URL cannot be read; write it as sqlite:///FILE or postgresql://USER@HOST/NAME."
        raise UnableToOpenDatabase(msg) from error
    driver = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
    parsed = parsed.set(drivername=driver.get(parsed.drivername, parsed.drivername))
    if parsed.drivername not in driver.values():
        msg = f"Databases of the kind {parsed.drivername} are not supported; use sqlite or postgresql."
        raise UnableToOpenDatabase(msg)
    return parsed


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        msg = "An SQLite database needs a file: in memory every connection would see its own."
        raise UnableToOpenDatabase(msg)
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # No pool: SQLite connections are cheap and must not cross a fork.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _WAIT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    _keep_private(connection)
    connection.isolation_level = None  # BEGIN is ours to say, see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_WAIT_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _keep_private(connection: Any) -> None:
    """Let the owner alone read a file that is new: it will hold names and amounts. Its companions get its mode."""
    file = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    if file.exists() and not file.stat().st_size:
        file.chmod(0o600)


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a reader that turns writer half-way would fail as locked."""
    options = connection.get_execution_options()
    if options.get(_READS, False):
        connection.exec_driver_sql("PRAGMA query_only = ON")  # until the connection is closed, as no pool keeps it
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES, False) else "BEGIN")


def _leave_inherited_connections() -> None:
    """Use none of the parent's connections in a forked child, and do not close them: that would close the parent's.

    The engines stay: what they have compiled and learnt of the server is the child's too.
    """
    for engine in _engines.values():
        engine.dispose(close=False)


_engines: dict[str, Engine] = {}
os.register_at_fork(after_in_child=_leave_inherited_connections)


class UnableToUseDatabase(ForeseenError):
    """The database has not been migrated as far as this release needs; a deployment does so in a moment."""

    passes = True


def newest_revision() -> str:
    """Return the number of the last migration that this release brings."""
    return max(path.name[:4] for path in _MIGRATIONS.glob("[0-9]*.py"))


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
