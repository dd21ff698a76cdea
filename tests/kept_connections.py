"""SQLite connections of a test session are kept open until a test has ended.

The product opens one for each transaction. It reads the whole schema, and the last one to close writes the log into the
file: a quarter of the time of a test that leads incidents through their steps.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool

from include.sla_logic.persistence import database

MANY = 20  # databases with connections that are kept: a test may open hundreds, one after the other
_opened: set[Engine] = set()


class KeptPool(QueuePool):
    """As many connections as are asked for at once; a few of them are kept."""

    def __init__(self, creator: Any, **options: Any) -> None:
        super().__init__(creator, **{"pool_size": 3, "max_overflow": -1} | options)


def keep_connections(patch: pytest.MonkeyPatch) -> None:
    """Let all SQLite engines that are made from now on keep their connections until `close_connections`."""
    make = database._sqlite

    def make_keeping(*arguments: Any) -> Engine:
        engine = make(*arguments)
        event.listen(engine, "connect", lambda *_: _note_opened(engine))
        event.listen(engine, "checkin", _let_it_write)
        return engine

    patch.setattr(database, "NullPool", KeptPool)
    patch.setattr(database, "_sqlite", make_keeping)


def _note_opened(engine: Engine) -> None:
    if len(_opened) >= MANY:
        close_connections()
    _opened.add(engine)


def _let_it_write(connection: Any, _record: object) -> None:
    if connection is not None:
        connection.execute("PRAGMA query_only = OFF")


def close_connections() -> None:
    """Close what nobody uses: each file may be replaced then."""
    for engine in list(_opened):
        _opened.discard(engine)
        engine.dispose()


def whole(file: Path | str) -> Path:
    """Return the database file with all that was written to it, to be copied: it was in the log before."""
    close_connections()
    return Path(file)


os.register_at_fork(before=close_connections)  # SQLite's must not cross a fork
