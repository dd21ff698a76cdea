"""A part of a long list, cut at a key: as fast at its end as at its beginning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, literal, tuple_

T = TypeVar("T")
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Cut:
    """Which part is wanted: `limit` rows behind `after`, before `before`, or behind the first `offset` ones."""

    limit: int
    offset: int = 0
    after: Key | None = None
    before: Key | None = None


@dataclass(frozen=True)
class Part(Generic[T]):
    """Rows in the order of the list, the keys of the first and the last, and whether there are more on each side."""

    rows: Sequence[T]
    first: Key | None
    last: Key | None
    more_before: bool
    more_after: bool


def cut_part(
    connection: Connection,
    query: Select[Any],
    columns: Sequence[ColumnElement[Any]],
    read: Callable[[Row[Any]], T],
    cut: Cut,
    *,
    descending: bool = False,
) -> Part[T]:
    """Read one part of a query in the order of these columns, all of one direction.

    They name a row without doubt, are never null, and the query selects them; an index over them makes every part
    equally fast, but for those behind an offset.
    """
    backwards = cut.before is not None
    down = descending != backwards
    for key, later in ((cut.after, not descending), (cut.before, descending)):
        if key is not None:
            there = tuple_(*columns)
            here = tuple_(*(literal(value, column.type) for column, value in zip(columns, key, strict=True)))
            query = query.where(there > here if later else there < here)
    ordered = query.order_by(*(column.desc() if down else column.asc() for column in columns))
    found = list(connection.execute(ordered.limit(cut.limit + 1).offset(cut.offset)))
    more, rows = len(found) > cut.limit, found[: cut.limit]
    if backwards:
        rows.reverse()
    keys = [tuple(getattr(row, str(column.key)) for column in columns) for row in (rows[:1] + rows[-1:])]
    skipped = cut.after is not None or cut.offset > 0
    return Part(
        [read(row) for row in rows],
        keys[0] if keys else None,
        keys[-1] if keys else None,
        more_before=more if backwards else skipped,
        more_after=True if backwards else more,
    )
