"""Rows of feeds that open and close: kept, as those that they are paired with may come in another answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, exists, func, not_, select

from include.sla_logic.persistence.schema.feeds import feed_events
from include.sla_logic.persistence.upsert import upsert

_e = feed_events.c


def keep_events(connection: Connection, feed: str, rows: Sequence[dict[str, Any]]) -> None:
    """Keep rows of a feed, each content once."""
    once = {(row["key"], row["digest"]): {"feed": feed, **row} for row in rows}
    upsert(connection, feed_events, list(once.values()))


def events_of(connection: Connection, feed: str, key: str) -> Sequence[Row[Any]]:
    """Return all rows of a key, by time."""
    return _events(connection, feed, key, None, None)


def events_around(connection: Connection, feed: str, key: str, first: datetime, last: datetime) -> Sequence[Row[Any]]:
    """Return the rows of a key, by time, that rows between the two moments can be paired with.

    Behind a second in which it only closes all is closed, whatever was before: no pair reaches over it.
    """
    other = feed_events.alias()
    opens_too = exists().where(other.c.feed == feed, other.c.key == key, other.c.at == _e.at, other.c.opens)
    closed = and_(_e.feed == feed, _e.key == key, not_(_e.opens), not_(opens_too))
    since = connection.scalar(select(func.max(_e.at)).where(closed, _e.at < first))
    until = connection.scalar(select(func.min(_e.at)).where(closed, _e.at > last))
    return _events(connection, feed, key, since, until)


def forget_events(connection: Connection, feed: str) -> None:
    """Forget the rows of a feed, as they are read otherwise now."""
    connection.execute(delete(feed_events).where(_e.feed == feed))


def _events(
    connection: Connection, feed: str, key: str, since: datetime | None, until: datetime | None
) -> Sequence[Row[Any]]:
    query: Select[Any] = select(_e.at, _e.opens, _e.row).where(_e.feed == feed, _e.key == key)
    query = query if since is None else query.where(_e.at > since)
    query = query if until is None else query.where(_e.at <= until)
    return connection.execute(query.order_by(_e.at, _e.digest)).all()
