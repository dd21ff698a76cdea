"""A search of the board that many tickets may answer: the newest first, and no further than the page needs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Select, bindparam, select

from include.sla_logic.persistence.queries.board_filter import BoardFilter, matching
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.search import bound_probes, bounds, newest_with

NEAR, LOOKED = 500, 10_000  # incidents that are looked through, the newest first: to begin with, and at most
NEWEST = ("", "-ticket")  # the sorts that this order serves
_WALKED = ("open", "settled", "all")  # what is looked through says which they are
_walked = queue.alias("walked")


class Newest(NamedTuple):
    """The numbers that were found; `looked` says among how many of the newest, None if among all."""

    numbers: Sequence[int]
    looked: int | None = None


def newest_matching(connection: Connection, wanted: BoardFilter, now: datetime, *, at_most: int) -> Newest:
    """Return the newest incidents that match, no more than `at_most`.

    Words that most tickets have are soon found by looking through the newest. Where they are not, the tickets of each
    word are listed; if all words have too many for that, more of the newest are looked through.
    """
    near = _look_through(connection, wanted, now, many=NEAR, at_most=at_most)
    if near.looked is None:
        return near
    listed = newest_with(connection, wanted.search)
    if listed is None:
        return _look_through(connection, wanted, now, many=LOOKED, at_most=at_most)
    return Newest(list(connection.scalars(_also(listed, wanted, now).limit(at_most))))


def _look_through(connection: Connection, wanted: BoardFilter, now: datetime, *, many: int, at_most: int) -> Newest:
    """Look through the `many` newest until `at_most` are found."""
    words, asked = bounds(wanted.search)
    last = connection.scalar(_last(wanted.shown), {"before": many - 1})  # none where there are fewer
    query = _walk(wanted.shown, words)
    if replace(wanted, search="", sort="") != BoardFilter(wanted.shown, newest=True) or wanted.shown not in _WALKED:
        query = _also(query, wanted, now)
    found = connection.scalars(query, {**asked, "last": last or 0, "at_most": at_most})
    numbers = list(found)
    return Newest(numbers, None if len(numbers) == at_most or last is None else many)


@cache
def _last(shown: str) -> Select[Any]:
    return _from_the_newest(shown).limit(1).offset(bindparam("before", type_=Integer))


@cache
def _walk(shown: str, words: int) -> Select[Any]:
    """Return the query for the newest tickets, down to `last`, that have this number of words; put together once."""
    number = _walked.c.ticket
    newest = _from_the_newest(shown).where(number >= bindparam("last"), bound_probes(number, words))
    return newest.limit(bindparam("at_most", type_=Integer))


def _from_the_newest(shown: str) -> Select[Any]:
    query = select(_walked.c.ticket).order_by(_walked.c.ticket.desc())
    return query if shown == "all" else query.where(_walked.c.open.is_(shown != "settled"))


def _also(query: Select[Any], wanted: BoardFilter, now: datetime) -> Select[Any]:
    """Ask each of them for the rest too."""
    number = query.selected_columns[0]
    own = matching(replace(wanted, search="", sort=""), now, number)
    return query.where(own.limit(1).scalar_subquery().is_not(None))
