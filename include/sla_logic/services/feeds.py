"""Feeds: ask each for what is new, import it, and keep how far it was read without a hole."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from include.sla_logic.gateways.feeds import ask_database, ask_http
from include.sla_logic.importers import read_mapping
from include.sla_logic.importers.feeds import Feed, Stretch, UnableToReadFeeds, read_feeds
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.feeds import (
    FeedState,
    UnableToFindFeed,
    change_feed,
    feed_state,
    feed_states,
    files_read,
    forget_feeds,
    keep_feed,
    keep_file,
    move_on,
)
from include.sla_logic.persistence.schema.reference import services
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.imports import Imports
from include.sla_logic.settings import HttpSystem

if TYPE_CHECKING:
    from include.sla_logic.importers import ImportReport

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_MOST_STRETCHES = 50  # of one reading, so that it ends within minutes


@dataclass(frozen=True)
class FoundFile:
    """A file of a feed: `copy` writes it to a path; the version changes whenever its content may have."""

    path: str
    version: str
    changed_at: datetime
    copy: Callable[[Path], None]


# Writes the answer for a stretch of time into files that begin like the path, and returns them.
Ask = Callable[[Feed, Stretch, Path], Sequence[Path]]
Find = Callable[[Feed], Sequence[FoundFile]]


@dataclass
class Reading:
    """What one reading brought, all its stretches or files together."""

    rows: int = 0
    rejected: int = 0
    files: list[str] = field(default_factory=list)
    more: bool = False  # the next reading goes on at once

    def add(self, report: "ImportReport", file: str) -> None:
        """Count one import."""
        self.rows += report.rows
        self.rejected += len(report.rejected)
        self.files.append(file)


@dataclass(frozen=True)
class Feeds:
    """The feeds of the file that the settings name."""

    work: UnitOfWork

    def configured(self) -> dict[str, Feed]:
        """Read the file of feeds; raise `UnableToReadFeeds` with the feed and the key that are wrong."""
        found = read_feeds(self.work.settings.feeds)
        for feed in found.values():
            mapping = read_mapping(feed.mapping)
            section = mapping.sections.get(feed.kind)
            if section is None:
                has = ", ".join(mapping.sections) or "no sections"
                raise UnableToReadFeeds(f"Feed {feed.name}: the mapping {feed.mapping} has {has}, and not {feed.kind}.")
            if section.pairs is not None and feed.by_time:
                what = "pairs rows, and two readings would part them"
                raise UnableToReadFeeds(f"Feed {feed.name}: the mapping {feed.mapping} {what}: ask for whole records.")
        return found

    def states(self) -> list[FeedState]:
        """Return how far each feed was read."""
        with self.work.reading() as connection:
            return list(feed_states(connection).values())

    def troubles(self) -> list[str]:
        """Name the feeds that are not read, those of which rows were rejected, and unknown services."""
        with self.work.reading() as connection:
            states = list(feed_states(connection).values())
            return [*(line for state in states for line in _troubles(state)), *_unknown_services(connection, states)]

    def due(self) -> list[str]:
        """Keep what the file of feeds says, and return the feeds whose time to be read has come."""
        found = self.configured()
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            forget_feeds(connection, known=found)
            for feed in found.values():
                keep_feed(connection, feed.name, kind=feed.kind, services=feed.services, by_time=feed.by_time, now=now)
            return [name for name, state in feed_states(connection).items() if state.next_at <= now]

    def read(self, name: str, *, ask: Ask, find: Find) -> Reading:
        """Read one feed until now, or as far as one reading goes; what was imported before a failure stays.

        Raise what went wrong once it is kept with the time of the next try: a minute, doubled up to an hour.
        """
        feed = self.configured().get(name)
        if feed is None:
            raise UnableToFindFeed(f"There is no feed {name[:63]!r} in the file of feeds.")
        done = Reading()
        try:
            with TemporaryDirectory(prefix="feed-") as folder:
                if feed.by_time:
                    self._read_stretches(feed, Path(folder), ask, done)
                else:
                    self._read_files(feed, Path(folder), find, done)
        except Exception as error:
            self._failed(name, str(error) or type(error).__name__)
            raise
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            pause = timedelta(0) if done.more else timedelta(seconds=feed.every)
            change_feed(connection, name, last_read_at=now, rows=done.rows, rejected=done.rejected)
            change_feed(connection, name, failures=0, last_error=None, next_at=now + pause)
        return done

    def again(self, name: str, *, since: datetime, by: str) -> FeedState:
        """Read a feed again from an instant on: what was rejected may be accepted now."""
        with self.work.writing() as connection:
            state, now = feed_state(connection, name), self.work.database.now(connection)
            if not state.by_time:
                raise UnableToReadFeeds(f"The feed {name} reads files: a file that changes is read again by itself.")
            if state.read_until is None or since > state.read_until:
                raise UnableToReadFeeds(f"The feed {name} was not read until {since:%Y-%m-%d %H:%M} UTC yet.")
            hole = None if state.hole_since is None or since <= state.hole_since else state.hole_since
            change_feed(connection, name, read_until=since, hole_since=hole, next_at=now)
            detail = f"since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            note_act(connection, Act(at=now, actor=by, action="read a feed again", subject=name, detail=detail))
            return feed_state(connection, name)

    def _read_stretches(self, feed: Feed, folder: Path, ask: Ask, done: Reading) -> None:
        for _ in range(_MOST_STRETCHES):
            with self.work.reading() as connection:
                state, now = feed_state(connection, feed.name), self.work.database.now(connection)
            stretch = feed.stretch(state.read_until, now)
            if stretch is None:
                return
            stem = f"{feed.name}-{stretch.until.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            rejected = 0
            for file in ask(feed, stretch, folder / stem):
                rejected += self._import(feed, file, done, now=now)
                file.unlink()
            values: dict[str, object] = {"read_until": stretch.until}
            if rejected and state.hole_since is None:
                values["hole_since"] = stretch.since
            with self.work.writing() as connection:
                move_on(connection, state, **values)
        done.more = True

    def _read_files(self, feed: Feed, folder: Path, find: Find, done: Reading) -> None:
        with self.work.reading() as connection:
            known, now = files_read(connection, feed.name), self.work.database.now(connection)
        settled = now - timedelta(seconds=feed.behind)
        for found in sorted(find(feed), key=lambda one: one.path):
            if known.get(found.path) == found.version or found.changed_at > settled:
                continue
            file = folder / (Path(found.path).name or feed.name)
            found.copy(file)
            before = done.rows, done.rejected
            self._import(feed, file, done, now=now)
            file.unlink()
            with self.work.writing() as connection:
                counted = {"rows": done.rows - before[0], "rejected": done.rejected - before[1]}
                keep_file(connection, feed.name, found.path, version=found.version, read_at=now, **counted)

    def _import(self, feed: Feed, file: Path, done: Reading, *, now: datetime) -> int:
        if not file.stat().st_size:
            return 0
        report = Imports(self.work).records(
            file,
            kind=feed.kind,
            mapping=read_mapping(feed.mapping),
            as_of=now.date(),
            progress=lambda _rows: None,
        )
        done.add(report, file.name)
        return len(report.rejected)

    def _failed(self, name: str, reason: str) -> None:
        with self.work.writing() as connection:
            state, now = feed_state(connection, name), self.work.database.now(connection)
            pause = min(_FIRST_PAUSE * 2 ** min(state.failures, 10), _LONGEST_PAUSE)
            said = "".join(letter if letter.isprintable() else " " for letter in reason[:1000])
            change_feed(connection, name, failures=state.failures + 1, last_error=said, next_at=now + pause)


def ask_system(feed: Feed, stretch: Stretch, into: Path, *, system: HttpSystem) -> Sequence[Path]:
    """Ask over HTTP; raise `UnableToAskFeed` where that brings no answer."""
    http = feed.http
    assert http is not None  # noqa: S101 - the caller has looked which way it is
    asked = {"path": stretch.fill(http.path), "query": stretch.fill(http.query), "body": stretch.fill(http.body)}
    return ask_http(system, **asked, next_page=http.next, into=into)


def ask_tables(feed: Feed, stretch: Stretch, into: Path, *, url: str) -> Sequence[Path]:
    """Ask a database by its SQLAlchemy URL; raise `UnableToAskFeed` where that brings no answer."""
    assert feed.sql is not None  # noqa: S101 - the caller has looked which way it is
    return ask_database(url, feed.sql, since=stretch.since, until=stretch.until, into=into)


def _troubles(state: FeedState) -> Iterator[str]:
    if state.failures:
        last = "it was never read" if state.last_read_at is None else f"last read {_minute(state.last_read_at)}"
        yield f"the feed {state.name} is not read, {last}: {state.last_error}"
    if state.hole_since is not None:
        again = f"`sla feed again {state.name} --since {state.hole_since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} --by NAME`"
        when = _minute(state.hole_since)
        yield f"rows of the feed {state.name} were rejected after {when}: correct them, then {again}"


def _unknown_services(connection: Connection, states: Sequence[FeedState]) -> Iterator[str]:
    named = {service for state in states for service in state.services or ()}
    known = set(connection.scalars(select(services.c.id).where(services.c.id.in_(named))))
    for state in states:
        if unknown := [service for service in state.services or () if service not in known]:
            yield f"the feed {state.name} names services that are not on record: {', '.join(unknown[:10])}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
