"""What is kept of a feed as the file of feeds describes it."""

from datetime import datetime
from hashlib import sha256
from math import lcm

from include.sla_logic.importers import read_mapping
from include.sla_logic.importers.feeds import Feed, UnableToReadFeeds
from include.sla_logic.persistence.feeds import FeedState


def step_of(feed: Feed) -> int:
    """Return the seconds after which the grids of all its series meet again; 1 without any."""
    return lcm(*(one.step_seconds for one in read_mapping(feed.mapping).sections[feed.kind].series))


def told_of(feed: Feed) -> dict[str, object]:
    """Return what is kept of a feed as the file of feeds describes it."""
    starts = feed.starts if feed.by_time else None
    told = {"kind": feed.kind, "services": list(feed.services) or None, "by_time": feed.by_time, "starts": starts}
    mapping = read_mapping(feed.mapping)
    parts = (
        feed.model_dump_json(include={"connection", "http", "sql", "files"}, exclude_unset=True),
        mapping.model_dump_json(exclude={"title", "sections"}, exclude_unset=True),
        mapping.sections[feed.kind].model_dump_json(exclude_unset=True),
    )
    return told | {"definition": sha256("\n".join(parts).encode()).hexdigest()}


def read_again(state: FeedState, since: datetime) -> dict[str, object]:
    """Return what changes where a feed by time is read again from an instant on."""
    if state.read_until is None or since > state.read_until:
        raise UnableToReadFeeds(f"The feed {state.name} was not read until {since:%Y-%m-%d %H:%M} UTC yet.")
    hole = None if state.hole_since is None or since <= state.hole_since else state.hole_since
    begin = max(since, state.starts or since)
    return {"read_until": since, "hole_since": hole, "known_since": min(begin, state.known_since or begin)}
