"""Create the queue of the incident desk, with a place for every ticket that is there already.

What the documents of those tickets say is taken over with the next step of each.
"""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table

from include.sla_logic.persistence.schema.columns import Instant
from include.sla_logic.persistence.schema.columns import metadata as _today

revision = "0004"
down_revision = "0003"

metadata = MetaData(naming_convention=_today.naming_convention)
# What the table refers to; it exists already and is left alone.
Table("tickets", metadata, Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True))

queue = Table(
    "queue",
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("place", String(64), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("priority", String(2)),
    Column("original_priority", String(2)),
    Column("score", Integer),
    Column("contract", String(64)),
    Column("objective", String(64)),
    Column("breached", Boolean),
    Column("judged_at", Instant),
    Column("budget_seconds", BigInteger),
    Column("next_tier_at", Instant),
    Column("at_stake", BigInteger),
    Column("due", BigInteger),
    Column("currency", String(3)),
    Column("cause", String(64)),
    Column("department", String(64)),
    Column("outcome", String(32)),
    Column("ending", String(16)),
    Column("credit", BigInteger),
    Column("credit_state", String(16)),
    Column("closed_at", Instant),
    Index("ix_queue_place", "open", "place"),
    Index("ix_queue_closed_at", "closed_at"),
)

_TAKE_IN = """
INSERT INTO queue (ticket, open, place, protected)
SELECT number, status IN ('acknowledged', 'inProgress', 'pending', 'held'),
       '19999999999999999999' || substr('000000000000' || number, -12), FALSE FROM tickets
"""
_TAKE_IN_POSTGRESQL = _TAKE_IN.replace("substr('000000000000' || number, -12)", "lpad(number::text, 12, '0')")


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[queue])
    op.execute(_TAKE_IN_POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _TAKE_IN)
