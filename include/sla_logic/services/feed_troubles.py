"""What is wrong with feeds, each in one sentence with what to do."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from include.sla_logic.persistence.feeds import FeedState, bad_files, files_read_before
from include.sla_logic.persistence.schema.reference import services

_SHOWN = 10  # files of a feed


def troubles_of(connection: Connection, state: FeedState) -> Iterator[str]:
    """Say why a feed is not read, and what it brought that is not on record."""
    if state.failures:
        last = "it was never read" if state.last_read_at is None else f"last read {_minute(state.last_read_at)}"
        yield f"the feed {state.name} is not read, {last}: {state.last_error}"
    if state.hole_since is not None:
        when, again = _minute(state.hole_since), _again(state.name, state.hole_since)
        yield f"rows of the feed {state.name} were rejected after {when}: correct them, then {again}"
    yield from _changed(connection, state)
    for file in bad_files(connection, state.name, limit=_SHOWN) if state.bad_files else ():
        what = "nothing was imported" if file.error else f"{file.rejected} of {file.rows} rows were rejected"
        correct = f"correct the file, or what it names, then {_again(state.name, file.read_at)}"
        yield f"the feed {state.name}, {file.path}: {what}{f': {file.error}' if file.error else ''}: {correct}"
    if state.bad_files > _SHOWN:
        yield f"the feed {state.name} has {state.bad_files - _SHOWN} more files of which rows were rejected"


def _changed(connection: Connection, state: FeedState) -> Iterator[str]:
    """Tell that what was read earlier was read by another definition."""
    if state.known_since is None:
        return
    before = state.starts if state.by_time else files_read_before(connection, state.name, state.known_since)
    if before is not None and before < state.known_since:
        since = f"what it read before {_minute(state.known_since)} was read by its earlier definition"
        yield f"the feed {state.name} or its mapping was changed: {since}: {_again(state.name, before)}"


def unknown_services(connection: Connection, states: Sequence[FeedState]) -> Iterator[str]:
    """Name the services of feeds that are not on record."""
    named = {service for state in states for service in state.services or ()}
    known = set(connection.scalars(select(services.c.id).where(services.c.id.in_(named))))
    for state in states:
        if unknown := [service for service in state.services or () if service not in known]:
            yield f"the feed {state.name} names services that are not on record: {', '.join(unknown[:10])}"


def _again(name: str, since: datetime) -> str:
    return f"`sla feed again {name} --since {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} --by NAME`"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
