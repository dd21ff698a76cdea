"""Rows gathered by ticket or other key, in bounded memory: a log sorted by time mixes what it is about."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from tempfile import TemporaryDirectory

from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.tables import NumberedRow

_BATCH = 5_000
_BY_TICKET = """
    SELECT rows.number, rows.ticket, rows.body FROM rows
    JOIN (SELECT ticket, MIN(number) AS first FROM rows GROUP BY ticket) AS firsts ON firsts.ticket = rows.ticket
    ORDER BY firsts.first, rows.number
"""
Key = Callable[[NumberedRow | Rejected], str | Rejected]
Found = Iterator[Rejected | tuple[str, list[NumberedRow]]]


def gather(rows: Iterable[NumberedRow | Rejected], key: Key) -> Found:
    """Return each ticket with all its rows, in the order of their first rows; what belongs to none comes at once.

    The rows wait in a file of their own that is removed afterwards: only one ticket at a time is in memory.
    """
    with TemporaryDirectory(prefix="sla-import-") as folder:
        store = sqlite3.connect(f"{folder}/rows.db", isolation_level=None)
        try:
            store.execute("PRAGMA journal_mode = OFF")
            store.execute("PRAGMA synchronous = OFF")
            store.execute("PRAGMA temp_store = FILE")
            store.execute("CREATE TABLE rows (number INTEGER, ticket TEXT, body TEXT)")
            yield from _keep(store, rows, key)
            yield from _tickets(store)
        finally:
            store.close()


def _keep(store: sqlite3.Connection, rows: Iterable[NumberedRow | Rejected], key: Key) -> Iterator[Rejected]:
    refused: list[Rejected] = []

    def known() -> Iterator[tuple[int, str, str]]:
        for row in rows:
            name = key(row)
            if isinstance(name, Rejected) or isinstance(row, Rejected):
                refused.append(name if isinstance(name, Rejected) else row)  # type: ignore[arg-type]  # one is
            else:
                yield row[0], name, json.dumps(row[1], separators=(",", ":"))

    waiting = known()
    while batch := list(islice(waiting, _BATCH)):
        store.execute("BEGIN")
        store.executemany("INSERT INTO rows VALUES (?, ?, ?)", batch)
        store.execute("COMMIT")
        yield from refused
        refused.clear()
    yield from refused
    store.execute("CREATE INDEX by_ticket ON rows (ticket, number)")


def _tickets(store: sqlite3.Connection) -> Iterator[tuple[str, list[NumberedRow]]]:
    name: str | None = None
    members: list[NumberedRow] = []
    for number, ticket, body in store.execute(_BY_TICKET):
        if ticket != name and name is not None:
            yield name, members
            members = []
        name = ticket
        members.append((number, json.loads(body)))
    if name is not None:
        yield name, members
