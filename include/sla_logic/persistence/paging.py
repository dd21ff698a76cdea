"""One page of a long list, cut out by the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, FromClause, Row, Select, func, literal_column, select

T = TypeVar("T")
LAST_PAGE = 10_000
COUNTED = 10_000  # rows: a page of the desk counts no further


@dataclass(frozen=True)
class Page(Generic[T]):
    """The rows of page `number`, counted from 1, out of `total`.

    `more` says that further rows follow, which were not counted. `looked` is the number of newest rows that were
    searched, None if all were. `bound` is the number up to which rows are counted and shown, where there are more.
    """

    rows: Sequence[T]
    total: int
    number: int
    size: int
    more: bool = False
    looked: int | None = None
    bound: int | None = None

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))


def cut_page(
    connection: Connection,
    query: Select[Any],
    read: Callable[[Row[Any]], T],
    *,
    number: int,
    size: int,
    most: int | None = None,
) -> Page[T]:
    """Count what an ordered query finds, no further than `most`, and read only this page of it."""
    if most is None:
        total, more = connection.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0, False
    else:
        total, more = count_rows(connection, query, most=most)
    rows = connection.execute(query.limit(size).offset((number - 1) * size))
    return Page([read(row) for row in rows], int(total), number, size, bound=most if more else None)


def cut_first(
    connection: Connection,
    rows: Select[Any],
    describe: Callable[[FromClause], Select[Any]],
    read: Callable[[Row[Any]], T],
    *,
    number: int,
    size: int,
    most: int | None = None,
) -> Page[T]:
    """Cut a page out of ordered rows of one table, and only then join to it what describes its rows.

    Counted, no further than `most`, and cut along an index, where one has these rows in their order.
    """
    total, more = count_rows(connection, rows, most=most)
    cut = rows.limit(size).offset((number - 1) * size).subquery()
    found = [read(row) for row in connection.execute(describe(cut))]
    return Page(found, total, number, size, bound=most if more else None)


def count_rows(connection: Connection, query: Select[Any], *, most: int | None = None) -> tuple[int, bool]:
    """Count the rows that a query finds, up to `most`, and tell whether there are more; counting reads each of them.

    `most` stands in the query: of a parameter PostgreSQL expects a tenth of all.
    """
    uncut: Select[Any] = query.order_by(None)
    if most is None:
        counted: Select[Any] = uncut.with_only_columns(func.count(), maintain_column_froms=True)
        return int(connection.scalar(counted) or 0), False
    rows: Select[Any] = uncut.with_only_columns(literal_column("1").label("one"), maintain_column_froms=True)
    bounded = select(func.count()).select_from(rows.limit(literal_column(str(most + 1))).subquery())
    found = int(connection.scalar(bounded) or 0)
    return min(found, most), found > most
