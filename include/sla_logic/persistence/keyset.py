"""A part of a long list, cut at a key: as fast at its end as at its beginning."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, asc, desc, literal, select, tuple_, union_all

T = TypeVar("T")
Key = tuple[Any, ...]
Columns = Sequence[ColumnElement[Any]]
Order = Callable[[ColumnElement[Any]], ColumnElement[Any]]


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
    columns: Columns,
    read: Callable[[Row[Any]], T],
    cut: Cut,
    *,
    descending: bool = False,
    kinds: Sequence[ColumnElement[bool]] = (),
) -> Part[T]:
    """Read one part of a query in the order of these columns, all of one direction.

    They name a row without doubt, are never null, and the query selects them; an index over them makes every part
    equally fast, but for those behind an offset. Where there are `kinds`, only rows of them are wanted, none is of two,
    and each kind is read along an index of its own, without passing over rows of another kind.
    """
    backwards = cut.before is not None
    skipped = cut.after is not None or cut.offset > 0
    query = _between(query, columns, cut, descending=descending)
    order = desc if descending != backwards else asc
    if kinds:
        query = query.where(tuple_(*columns).in_(_keys_of_kinds(query, columns, kinds, order, cut)))
        cut = replace(cut, offset=0)
    found = list(connection.execute(query.order_by(*map(order, columns)).limit(cut.limit + 1).offset(cut.offset)))
    more, rows = len(found) > cut.limit, found[: cut.limit]
    if backwards:
        rows.reverse()
    keys = [tuple(getattr(row, str(column.key)) for column in columns) for row in (rows[:1] + rows[-1:])]
    return Part(
        [read(row) for row in rows],
        keys[0] if keys else None,
        keys[-1] if keys else None,
        more_before=more if backwards else skipped,
        more_after=True if backwards else more,
    )


def _between(query: Select[Any], columns: Columns, cut: Cut, *, descending: bool) -> Select[Any]:
    """Leave out what lies before the place where a part begins, or behind the one where it ends."""
    for key, later in ((cut.after, not descending), (cut.before, descending)):
        if key is not None:
            there = tuple_(*columns)
            here = tuple_(*(literal(value, column.type) for column, value in zip(columns, key, strict=True)))
            query = query.where(there > here if later else there < here)
    return query


def _keys_of_kinds(
    query: Select[Any], columns: Columns, kinds: Iterable[ColumnElement[bool]], order: Order, cut: Cut
) -> Select[Any]:
    """Select the keys of the part from the first of each kind: of each as many as the whole part may need."""
    keys = query.with_only_columns(*columns).order_by(*map(order, columns)).limit(cut.offset + cut.limit + 1)
    together = union_all(*(select(keys.where(kind).subquery()) for kind in kinds)).subquery()
    found = [together.c[str(column.key)] for column in columns]
    return select(*found).order_by(*map(order, found)).limit(cut.limit + 1).offset(cut.offset)
