"""One page of a long list, cut out by the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select, func, select

T = TypeVar("T")
LAST_PAGE = 10_000


@dataclass(frozen=True)
class Page(Generic[T]):
    """The rows of page `number`, counted from 1, out of `total`.

    `more` says that they were counted no further: there are more pages than one can tell. `looked` says among how many
    of the newest they were looked for, None if among all.
    """

    rows: Sequence[T]
    total: int
    number: int
    size: int
    more: bool = False
    looked: int | None = None

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))


def cut_page(
    connection: Connection, query: Select[Any], read: Callable[[Row[Any]], T], *, number: int, size: int
) -> Page[T]:
    """Count what an ordered query finds, and read only this page of it."""
    total = connection.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = connection.execute(query.limit(size).offset((number - 1) * size))
    return Page([read(row) for row in rows], int(total), number, size)
