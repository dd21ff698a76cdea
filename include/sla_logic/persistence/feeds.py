"""How far each feed was read, and up to when it has no hole."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.schema.feeds import feed_files, feeds
from include.sla_logic.persistence.upsert import upsert

_feeds, _files = feeds.c, feed_files.c


class UnableToFindFeed(NotFoundError):
    """There is no feed of this name."""


@dataclass(frozen=True)
class FeedState:
    """How far a feed was read; rows and rejected are those of the last reading, failures follow each other."""

    name: str
    kind: str
    services: list[str] | None
    by_time: bool
    read_until: datetime | None
    hole_since: datetime | None
    last_read_at: datetime | None
    rows: int
    rejected: int
    failures: int
    last_error: str | None
    next_at: datetime

    @property
    def complete_until(self) -> datetime | None:
        """Return until when every row was read and accepted."""
        return self.read_until if self.hole_since is None else self.hole_since

    def feeds(self, service: str) -> bool:
        """Tell whether its records are those of the service."""
        return self.services is None or service in self.services


def feed_states(connection: Connection) -> dict[str, FeedState]:
    """Return every feed by its name."""
    rows = connection.execute(select(feeds).order_by(_feeds.name)).mappings()
    return {row["name"]: FeedState(**row) for row in rows}


def feed_state(connection: Connection, name: str) -> FeedState:
    """Return one feed; raise `UnableToFindFeed`."""
    row = connection.execute(select(feeds).where(_feeds.name == name)).mappings().one_or_none()
    if row is None:
        raise UnableToFindFeed(f"There is no feed {name[:63]!r}.")
    return FeedState(**row)


def keep_feed(
    connection: Connection, name: str, *, kind: str, services: Collection[str], by_time: bool, now: datetime
) -> None:
    """Keep that there is this feed; one that feeds something else than before is read from its start again."""
    told = {"kind": kind, "services": list(services) or None, "by_time": by_time}
    before = feed_states(connection).get(name)
    if before is None:
        new = {"name": name, **told, "rows": 0, "rejected": 0, "failures": 0, "next_at": now}
        connection.execute(feeds.insert(), new)
    elif told != {key: getattr(before, key) for key in told}:
        change_feed(connection, name, **told, read_until=None, hole_since=None, next_at=now)


def forget_feeds(connection: Connection, *, known: Iterable[str]) -> None:
    """Forget feeds that are configured no more: what they read stays."""
    connection.execute(delete(feeds).where(_feeds.name.not_in(list(known))))


def change_feed(connection: Connection, name: str, **values: Any) -> None:
    """Write what a reading has changed."""
    connection.execute(update(feeds).where(_feeds.name == name).values(**values))


def move_on(connection: Connection, state: FeedState, **values: Any) -> None:
    """Write how far a feed was read, unless this is no longer as it was in `state`: then it is read from there."""
    same = (getattr(_feeds, key).is_not_distinct_from(getattr(state, key)) for key in ("read_until", "hole_since"))
    connection.execute(update(feeds).where(_feeds.name == state.name, *same).values(**values))


def files_read(connection: Connection, name: str) -> Mapping[str, str]:
    """Return the version in which each file was read."""
    query = select(_files.path, _files.version).where(_files.feed == name)
    return {row.path: row.version for row in connection.execute(query)}


def keep_file(connection: Connection, name: str, path: str, **values: Any) -> None:
    """Keep that a file was read."""
    upsert(connection, feed_files, [{"feed": name, "path": path, **values}])
