"""Feeds: ask each for what is new, import it, and keep how far it was read without a hole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from include.sla_logic.domain.errors import ForeseenError
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
    forget_files,
    forget_gone,
    keep_feed,
    keep_file,
    move_on,
    take_feed,
)
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.feed_definitions import read_again, step_of, told_of
from include.sla_logic.services.feed_troubles import troubles_of, unknown_services
from include.sla_logic.services.imports import Imports

if TYPE_CHECKING:
    from include.sla_logic.importers import ImportReport

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_LONGEST_STRETCH = timedelta(minutes=15)  # who reads for longer may be gone: another reading may begin
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
    unread: list[str] = field(default_factory=list)  # files, each with the reason
    more: bool = False  # the next reading goes on at once
    busy: bool = False  # somebody else is reading it: nothing was done

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
            if feed.at_most < step_of(feed):
                raise UnableToReadFeeds(f"Feed {feed.name}: at_most is shorter than a step of its samples.")
        return found

    def states(self) -> list[FeedState]:
        """Return how far each feed was read."""
        with self.work.reading() as connection:
            return list(feed_states(connection).values())

    def troubles(self) -> list[str]:
        """Name the feeds that are not read, those of which rows were rejected, and unknown services."""
        with self.work.reading() as connection:
            states = list(feed_states(connection).values())
            lines = [line for state in states for line in troubles_of(connection, state)]
            return [*lines, *unknown_services(connection, states)]

    def due(self) -> list[str]:
        """Keep what the file of feeds says, and return the feeds whose time to be read has come."""
        found = self.configured()
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            forget_feeds(connection, known=found)
            for feed in found.values():
                keep_feed(connection, feed.name, now=now, **told_of(feed))
            states = feed_states(connection)
            return [name for name, state in states.items() if state.next_at <= now and not state.is_read(now)]

    def read(self, name: str, *, ask: Ask, find: Find) -> Reading:
        """Read one feed until now, or as far as one reading goes; what was imported before a failure stays.

        Raise what went wrong once it is kept with the time of the next try: a minute, doubled up to an hour.
        """
        feed = self.configured().get(name)
        if feed is None:
            raise UnableToFindFeed(f"There is no feed {name[:63]!r} in the file of feeds.")
        if not self._take(name):
            return Reading(busy=True)
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
            change_feed(connection, name, failures=0, last_error=None, next_at=now + pause, reading_until=None)
        return done

    def again(self, name: str, *, since: datetime, by: str) -> FeedState:
        """Read a feed again from an instant on, or the files read since then: what was rejected may pass now."""
        with self.work.writing() as connection:
            state, now = feed_state(connection, name), self.work.database.now(connection)
            if state.by_time:
                change_feed(connection, name, **read_again(state, since))
            else:
                forget_files(connection, name, read_since=since)
            change_feed(connection, name, next_at=now)
            detail = f"since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            note_act(connection, Act(at=now, actor=by, action="read a feed again", subject=name, detail=detail))
            return feed_state(connection, name)

    def _read_stretches(self, feed: Feed, folder: Path, ask: Ask, done: Reading) -> None:
        for _ in range(_MOST_STRETCHES):
            with self.work.reading() as connection:
                state, now = feed_state(connection, feed.name), self.work.database.now(connection)
            if state.definition != told_of(feed)["definition"]:
                break  # it was changed: `due` keeps that before it is read on
            self._keep_reading(feed.name)
            stretch = feed.stretch(state.read_until, now, step_of(feed))
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
        files = sorted(find(feed), key=lambda one: one.path)
        missed: OSError | None = None
        for found in files:
            if known.get(found.path) == found.version or found.changed_at > settled:
                continue
            self._keep_reading(feed.name)
            file, before, error = folder / (Path(found.path).name or feed.name), (done.rows, done.rejected), None
            try:
                found.copy(file)
                self._import(feed, file, done, now=now)
            except OSError as failure:
                missed = missed or failure
                continue
            except ForeseenError as failure:
                error = _in_one_line(str(failure))
                done.unread.append(f"{found.path}: {error}")
            finally:
                file.unlink(missing_ok=True)
            counted = {"rows": done.rows - before[0], "rejected": done.rejected - before[1], "error": error}
            with self.work.writing() as connection:
                keep_file(connection, feed.name, found.path, version=found.version, read_at=now, **counted)
        with self.work.writing() as connection:
            forget_gone(connection, feed.name, [one.path for one in files])
        if missed is not None:
            raise missed

    def _import(self, feed: Feed, file: Path, done: Reading, *, now: datetime) -> int:
        if not file.stat().st_size:
            return 0
        report = Imports(self.work).records(
            file,
            kind=feed.kind,
            mapping=read_mapping(feed.mapping),
            as_of=now.date(),
            progress=lambda _rows: None,
            feed=feed.name,
        )
        done.add(report, file.name)
        return len(report.rejected)

    def _failed(self, name: str, reason: str) -> None:
        with self.work.writing() as connection:
            state, now = feed_state(connection, name), self.work.database.now(connection)
            pause = min(_FIRST_PAUSE * 2 ** min(state.failures, 10), _LONGEST_PAUSE)
            values = {"failures": state.failures + 1, "last_error": _in_one_line(reason), "next_at": now + pause}
            change_feed(connection, name, **values, reading_until=None)

    def _take(self, name: str) -> bool:
        with self.work.writing() as connection:
            feed_state(connection, name)  # raises where there is none
            now = self.work.database.now(connection)
            return take_feed(connection, name, now=now, until=now + _LONGEST_STRETCH)

    def _keep_reading(self, name: str) -> None:
        with self.work.writing() as connection:
            change_feed(connection, name, reading_until=self.work.database.now(connection) + _LONGEST_STRETCH)


def _in_one_line(reason: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in reason[:1000])
