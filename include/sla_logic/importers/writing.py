"""Writing the rows of one table: new and changed ones, and of two that contradict each other the first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, select, tuple_
from sqlalchemy.exc import DBAPIError

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.persistence.upsert import upsert

Placed = tuple[int, dict[str, Any]]
Keys = dict[tuple[Any, ...], Placed]


@dataclass
class Written:
    """What became of the rows of one batch; `keys` are what the next batch is compared with."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    keys: Keys = field(default_factory=dict)


def write_rows(connection: Connection, table: Table, placed: Sequence[Placed], before: Keys) -> Written:
    """Write new and changed rows; of two different rows with one key, here or `before`, the second is rejected."""
    written = Written()
    wanted = written.keys = _by_key(placed, before, [column.name for column in table.primary_key], written)
    known = _known_rows(connection, table, list(wanted))
    new = [entry for key, entry in wanted.items() if key not in known]
    different = [entry for key, entry in wanted.items() if key in known and not _agrees(known[key], entry[1])]
    written.unchanged = len(wanted) - len(new) - len(different)
    written.added, written.changed = (_write(connection, table, entries, written) for entries in (new, different))
    return written


def open_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> list[Rejected]:
    """Add the rows whose keys are not there yet; return what the database refused."""
    names = [column.name for column in table.primary_key]
    wanted = {tuple(row[name] for name in names): row for row in reversed(rows)}
    known, written = _known_rows(connection, table, list(wanted)), Written()
    _write(connection, table, [(0, row) for key, row in wanted.items() if key not in known], written)
    return written.rejected


def _by_key(placed: Sequence[Placed], before: Keys, names: list[str], written: Written) -> Keys:
    wanted: Keys = {}
    for number, values in placed:
        key = tuple(values[name] for name in names)
        first = before.get(key) or wanted.setdefault(key, (number, values))
        if first[1] is values:
            continue
        if first[1] == values:
            written.repeated += 1
        else:
            msg = "row %(row)s says otherwise of %(key)s"
            reason = Sentence(msg, row=str(first[0]), key=" ".join(map(str, key)))
            written.rejected.append(Rejected(number, names[-1], reason))
    return wanted


def _write(connection: Connection, table: Table, entries: Sequence[Placed], written: Written) -> int:
    """Write all at once, or one by one where the database refuses one of them; return how many went in."""
    if not entries:
        return 0
    try:
        with connection.begin_nested():
            upsert(connection, table, [values for _, values in entries])
    except DBAPIError as error:
        if len(entries) > 1:
            return sum(_write(connection, table, [entry], written) for entry in entries)
        reason = str(error.orig).strip().splitlines()[0]
        written.rejected.append(Rejected(entries[0][0], table.name, f"contradicts what is known: {reason}"))
        return 0
    return len(entries)


def _known_rows(connection: Connection, table: Table, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], Any]:
    """Return the rows with these keys, and perhaps some neighbours: ranges are cheaper than lists of tuples."""
    if not keys:
        return {}
    columns = list(table.primary_key)
    if len(columns) > 1 and all(isinstance(part, str) for part in keys[0]):
        wanted: Any = [
            tuple_(*columns).in_(keys)
        ]  # each column alone would be looked for in every pair of their values
    else:
        wanted = (_among(c, set(parts)) for c, parts in zip(columns, zip(*keys, strict=True), strict=True))
    rows = connection.execute(select(table).where(*wanted))
    return {tuple(getattr(row, c.name) for c in columns): row for row in rows}


def _among(column: Column[Any], values: set[Any]) -> ColumnElement[bool]:
    if isinstance(next(iter(values)), str):
        return column.in_(values)
    return column.between(min(values), max(values))


def _agrees(row: Any, values: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())
