"""Compile statements and send none: a process that forks others does it for all of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, event, insert


class _NotSentError(Exception):
    """The statement is compiled, and that is all that was wanted."""


def compile_statements(connection: Connection, asked: Iterable[Callable[[Connection], Any]]) -> None:
    """Go in each of these as far as its first statement, and keep it compiled in the connection's engine."""
    with _nothing_sent(connection):
        for ask in asked:
            with suppress(_NotSentError):
                ask(connection)


def inserts(table: Table, columns: Iterable[str]) -> Iterator[Callable[[Connection], Any]]:
    """Yield what adds rows with these columns to a table: one row compiles unlike several."""
    row = dict.fromkeys(columns)
    for rows in ([row], [row, row]):
        yield partial(_insert, table, rows)


def _insert(table: Table, rows: Sequence[dict[str, Any]], connection: Connection) -> None:
    connection.execute(insert(table), rows)


@contextmanager
def _nothing_sent(connection: Connection) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _NotSentError

    event.listen(connection, "before_cursor_execute", stop)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", stop)
