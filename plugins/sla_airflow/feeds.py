"""The tasks of collection: feeds are asked through Airflow's connections, files are found by its object storage."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import Connection, ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.settings import HttpSystem, read_timeout
from sla_airflow import runtime
from sla_airflow.connections import address_and_login, sqlalchemy_url

if TYPE_CHECKING:
    from include.sla_logic.importers.feeds import Feed, Stretch
    from include.sla_logic.services.feeds import FoundFile

log = logging.getLogger(__name__)


class ConnectionUnknown(ForeseenError):
    """Airflow has no connection of the name that a feed gives."""


class UnableToDateFile(ForeseenError):
    """It would not be seen that a file has changed."""


def due() -> list[str]:
    """Return the names of the feeds whose time to be read has come."""
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    with runtime.no_retry_for_foreseen_errors():
        found = use_cases.feeds.due()
    log.info("To be read: %s", ", ".join(found) or "no feed")
    return found


def read(name: str) -> dict[str, int]:
    """Read one feed; what went wrong is kept, and the feed asked again later: no other try of this task."""
    use_cases = runtime.open_use_cases(sends=False)
    try:
        done = use_cases.feeds.read(name, ask=_ask, find=_find)
    except Exception as error:
        raise AirflowFailException(f"The feed {name} was not read to its end: {error}") from error
    if done.busy:
        log.warning("The feed %s is being read by another task", name)
    for file in done.unread:
        log.warning("The feed %s: %s", name, file)
    log.info("The feed %s: %d rows, %d rejected, from %s", name, done.rows, done.rejected, done.files)
    return {"rows": done.rows, "rejected": done.rejected}


def _ask(feed: "Feed", stretch: "Stretch", into: Path) -> Sequence[Path]:
    from include.sla_logic.services.feed_questions import ask_system, ask_tables

    connection = _connection(feed)
    if feed.way == "sql":
        return ask_tables(feed, stretch, into, url=sqlalchemy_url(connection))
    timeout = read_timeout(f"The connection {feed.connection}", str(connection.extra_dejson.get("timeout", 60)))
    system = HttpSystem(*address_and_login(connection), token=connection.extra_dejson.get("token"), timeout=timeout)
    return ask_system(feed, stretch, into, system=system)


def _connection(feed: "Feed") -> Connection:
    try:
        found: Connection = Connection.get(str(feed.connection))
    except AirflowNotFoundException as error:
        raise ConnectionUnknown(f"Airflow does not know the connection {feed.connection}.") from error
    return found


def _find(feed: "Feed") -> "Sequence[FoundFile]":
    """List the files of a pattern; only its last part may have `*`, `?` and `[…]`."""
    folder, _, pattern = str(feed.files).rpartition("/")
    return list(_versions(ObjectStoragePath(folder, conn_id=feed.connection), pattern))


def _versions(place: ObjectStoragePath, pattern: str) -> Iterator["FoundFile"]:
    from include.sla_logic.services.feeds import FoundFile

    place.fs.invalidate_cache()  # a store remembers what it listed before
    for file in place.iterdir():
        if fnmatchcase(file.name, pattern) and file.is_file():
            stat = file.stat()
            if not stat.st_mtime:
                raise UnableToDateFile(f"The storage does not say when {file} has changed.")
            version = f"{stat.st_size} bytes, {stat.get('ETag') or stat.st_mtime}"
            yield FoundFile(str(file), version, datetime.fromtimestamp(stat.st_mtime, UTC), partial(_copy, file))


def _copy(file: ObjectStoragePath, into: Path) -> None:
    with file.open("rb") as reading, into.open("wb") as writing:  # type: ignore[no-untyped-call]
        shutil.copyfileobj(reading, writing)
