"""Feeds: how far each was read, what came of it, and which files were read."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from include.sla_logic.persistence.schema.columns import Instant, Json, metadata

feeds = Table(
    "feeds",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("services", Json),  # null: all
    Column("by_time", Boolean, nullable=False),
    Column("starts", Instant),  # nothing before was asked for; null: files
    Column("definition", String(64)),  # the digest of what it asks for, and of its mapping
    Column("known_since", Instant),  # by `definition`; what was read before was read by an earlier one
    Column("read_until", Instant),  # the next reading begins here
    Column("hole_since", Instant),  # the first stretch of which rows were rejected begins here
    Column("last_read_at", Instant),
    Column("rows", Integer, nullable=False),  # of the last reading
    Column("rejected", Integer, nullable=False),  # of the last reading
    Column("failures", Integer, nullable=False),  # one after the other
    Column("last_error", Text),
    Column("next_at", Instant, nullable=False),
    Column("reading_until", Instant),  # nobody else begins to read it before
)

feed_files = Table(
    "feed_files",
    metadata,
    Column("feed", ForeignKey("feeds.name", ondelete="CASCADE"), primary_key=True),
    Column("path", String(1000), primary_key=True),
    Column("version", Text, nullable=False),  # length and time of the last change
    Column("read_at", Instant, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("error", Text),  # why nothing of it was imported
)

feed_events = Table(
    "feed_events",
    metadata,
    Column("feed", ForeignKey("feeds.name", ondelete="CASCADE"), primary_key=True),
    Column("key", String(64), primary_key=True),  # the digest of what the mapping pairs by
    Column("digest", String(64), primary_key=True),  # of the row
    Column("at", Instant, nullable=False),
    Column("opens", Boolean, nullable=False),
    Column("row", Json, nullable=False),
    Index("ix_feed_events_at", "feed", "key", "at"),
)
