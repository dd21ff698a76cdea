"""Keep the rows of feeds that open and close, for those that they are paired with."""

from alembic import op
from sqlalchemy import Boolean, Column, ForeignKey, Index, MetaData, String, Table

from include.sla_logic.persistence.schema.columns import Instant, Json
from include.sla_logic.persistence.schema.columns import metadata as _today

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    metadata = MetaData(naming_convention=_today.naming_convention)
    metadata.reflect(op.get_bind(), only=["feeds"])
    Table(
        "feed_events",
        metadata,
        Column("feed", ForeignKey("feeds.name", ondelete="CASCADE"), primary_key=True),
        Column("key", String(64), primary_key=True),
        Column("digest", String(64), primary_key=True),
        Column("at", Instant, nullable=False),
        Column("opens", Boolean, nullable=False),
        Column("row", Json, nullable=False),
        Index("ix_feed_events_at", "feed", "key", "at"),
    ).create(op.get_bind())
