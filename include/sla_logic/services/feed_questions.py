"""The questions of feeds by time, asked through the gateways."""

from collections.abc import Sequence
from pathlib import Path

from include.sla_logic.gateways.feeds import ask_database, ask_http
from include.sla_logic.importers.feeds import Feed, Stretch
from include.sla_logic.settings import HttpSystem


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
