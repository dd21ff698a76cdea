"""Create the table of listeners to events; let messages of the outbox leave in order, each listener's by itself."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text, text

from include.sla_logic.persistence.schema.columns import Instant, Json

revision = "0037"
down_revision = "0036"

_IN_ORDER = text("stream IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "event_listeners",
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("api", String(64), nullable=False),
        Column("partner", String(250), nullable=False),
        Column("callback", Text, nullable=False),
        Column("query", Text, nullable=False),
        Column("types", Json),
        Column("root", Text, nullable=False),
        Column("digest", String(64), nullable=False, unique=True),
        Column("registered_at", Instant, nullable=False),
        Column("failures", Integer, nullable=False),
        Column("failing_since", Instant),
        Column("resting_until", Instant),
        Column("last_error", Text),
        Column("suspended_at", Instant),
        sqlite_autoincrement=True,
    )
    op.add_column("outbox", Column("listener", Integer))
    op.add_column("outbox", Column("stream", String(160)))
    op.create_index("ix_outbox_stream", "outbox", ["stream", "id"], sqlite_where=_IN_ORDER, postgresql_where=_IN_ORDER)
