"""Feeds: how far each was read, what came of it, and which files were read."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from include.sla_logic.persistence.schema.columns import Instant, Json, metadata

feeds = Table(
    "feeds",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("services", Json),  # null: all
    Column("by_time", Boolean, nullable=False),
    Column("read_until", Instant),  # the next reading begins here
    Column("hole_since", Instant),  # the first stretch of which rows were rejected begins here
    Column("last_read_at", Instant),
    Column("rows", Integer, nullable=False),  # of the last reading
    Column("rejected", Integer, nullable=False),  # of the last reading
    Column("failures", Integer, nullable=False),  # one after the other
    Column("last_error", Text),
    Column("next_at", Instant, nullable=False),
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
)
