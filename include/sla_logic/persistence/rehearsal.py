"""A database in which everything can be done, and of which nothing stays."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from include.sla_logic.persistence.database import Database, writing_connection


class _Rehearsal(Database):
    def __init__(self, database: Database, connection: Connection) -> None:
        super().__init__(database.engine, clock=lambda: database.now(connection))
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self._connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._connection.begin_nested():
            yield self._connection


@contextmanager
def rehearsal(database: Database) -> Iterator[Database]:
    """Open one transaction for all that follows, and take it back; SQLite admits no other writer meanwhile."""
    with writing_connection(database.engine) as connection:
        transaction = connection.begin()
        try:
            yield _Rehearsal(database, connection)
        finally:
            transaction.rollback()
