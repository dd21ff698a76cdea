"""How far each feed was read, and up to when it has no hole."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.feed_events import forget_events
from include.sla_logic.persistence.schema.feeds import feed_files, feeds
from include.sla_logic.persistence.upsert import upsert

_feeds, _files = feeds.c, feed_files.c
_BESIDE = ("read_until", "hole_since", "definition")
_IS_BAD = or_(_files.rejected > 0, _files.error.is_not(None))
_BAD_FILES = select(func.count()).where(_files.feed == _feeds.name, _IS_BAD).scalar_subquery()
_STATES = select(feeds, _BAD_FILES.label("bad_files"))


class UnableToFindFeed(NotFoundError):
    """There is no feed of this name."""


@dataclass(frozen=True)
class FeedState:
    """How far a feed was read; its present definition was used from `known_since` on.

    `rows` and `rejected` are those of the last reading, `failures` are those since a reading succeeded, and `bad_files`
    have to be corrected.
    """

    name: str
    kind: str
    services: list[str] | None
    by_time: bool
    starts: datetime | None
    definition: str
    known_since: datetime | None
    read_until: datetime | None
    hole_since: datetime | None
    last_read_at: datetime | None
    rows: int
    rejected: int
    failures: int
    last_error: str | None
    next_at: datetime
    reading_until: datetime | None
    bad_files: int

    @property
    def complete_until(self) -> datetime | None:
        """Return until when every row was read and accepted."""
        return self.read_until if self.hole_since is None else self.hole_since

    def is_read(self, now: datetime) -> bool:
        """Tell whether somebody is reading it."""
        return self.reading_until is not None and self.reading_until > now

    def feeds(self, service: str) -> bool:
        """Tell whether its records are those of the service."""
        return self.services is None or service in self.services


def feed_states(connection: Connection) -> dict[str, FeedState]:
    """Return every feed by its name."""
    rows = connection.execute(_STATES.order_by(_feeds.name)).mappings()
    return {row["name"]: FeedState(**row) for row in rows}


def feed_state(connection: Connection, name: str) -> FeedState:
    """Return one feed; raise `UnableToFindFeed`."""
    row = connection.execute(_STATES.where(_feeds.name == name)).mappings().one_or_none()
    if row is None:
        raise UnableToFindFeed(f"There is no feed {name[:63]!r}.")
    return FeedState(**row)


def keep_feed(connection: Connection, name: str, *, now: datetime, **told: Any) -> None:
    """Keep that there is this feed, as it is `told`.

    With another kind, start or services it is read from its start again. With another question or mapping alone it
    goes on, and counts as known from there: a person decides whether to read the earlier time again, as the records may
    have other references now.
    """
    before = feed_states(connection).get(name)
    if before is None:
        new = {"name": name, **told, "rows": 0, "rejected": 0, "failures": 0, "next_at": now}
        connection.execute(feeds.insert(), new | {"known_since": told["starts"]})
        return
    changed = {key for key in told if told[key] != getattr(before, key)}
    if changed - {"definition"}:
        change_feed(connection, name, **told, read_until=None, hole_since=None, next_at=now)
        change_feed(connection, name, known_since=told["starts"])
        forget_files(connection, name, read_since=None)
        forget_events(connection, name)
    elif changed:
        since = before.read_until or before.starts if before.by_time else now
        change_feed(connection, name, **told, known_since=since, next_at=now)
        forget_events(connection, name)


def forget_feeds(connection: Connection, *, known: Iterable[str]) -> None:
    """Forget feeds that are configured no more: what they read stays."""
    connection.execute(delete(feeds).where(_feeds.name.not_in(list(known))))


def take_feed(connection: Connection, name: str, *, now: datetime, until: datetime) -> bool:
    """Take a feed for a reading until then, unless somebody else is reading it."""
    free = or_(_feeds.reading_until.is_(None), _feeds.reading_until <= now)
    query = update(feeds).where(_feeds.name == name, free).values(reading_until=until)
    return connection.execute(query).rowcount == 1


def change_feed(connection: Connection, name: str, **values: Any) -> None:
    """Write what a reading has changed."""
    connection.execute(update(feeds).where(_feeds.name == name).values(**values))


def move_on(connection: Connection, state: FeedState, **values: Any) -> None:
    """Write how far a feed was read, unless this is no longer as it was in `state`: then it is read from there."""
    same = (getattr(_feeds, key).is_not_distinct_from(getattr(state, key)) for key in _BESIDE)
    connection.execute(update(feeds).where(_feeds.name == state.name, *same).values(**values))


def files_read(connection: Connection, name: str) -> Mapping[str, str]:
    """Return the version in which each file was read."""
    query = select(_files.path, _files.version).where(_files.feed == name)
    return {row.path: row.version for row in connection.execute(query)}


def bad_files(connection: Connection, name: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return files that could not be read (`error`), or of which rows were rejected."""
    return connection.execute(
        select(feed_files).where(_files.feed == name, _IS_BAD).order_by(_files.path).limit(limit)
    ).all()


def files_read_before(connection: Connection, name: str, moment: datetime) -> datetime | None:
    """Return when the first file was read that was read before the moment; None without any."""
    query = select(func.min(_files.read_at)).where(_files.feed == name, _files.read_at < moment)
    return connection.execute(query).scalar_one_or_none()


def forget_files(connection: Connection, name: str, *, read_since: datetime | None) -> None:
    """Forget that files were read since then, or ever: they are read again."""
    since = () if read_since is None else (_files.read_at >= read_since,)
    connection.execute(delete(feed_files).where(_files.feed == name, *since))


def forget_gone(connection: Connection, name: str, found: Collection[str]) -> None:
    """Forget bad files that are there no more."""
    bad = connection.scalars(select(_files.path).where(_files.feed == name, _IS_BAD)).all()
    for path in set(bad).difference(found):
        connection.execute(delete(feed_files).where(_files.feed == name, _files.path == path))


def keep_file(connection: Connection, name: str, path: str, **values: Any) -> None:
    """Keep that a file was read."""
    upsert(connection, feed_files, [{"feed": name, "path": path, **values}])
