"""Create the arrivals (imported and entered tickets, and their claims), and say whose hold a status is."""

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, MetaData, String, Table

from include.sla_logic.persistence.schema.columns import Instant
from include.sla_logic.persistence.schema.columns import metadata as _today

revision = "0006"
down_revision = "0005"

metadata = MetaData(naming_convention=_today.naming_convention)
_number = BigInteger().with_variant(Integer, "sqlite")
# What the table refers to; it exists already and is left alone.
Table("tickets", metadata, Column("number", _number, primary_key=True))

arrivals = Table(
    "arrivals",
    metadata,
    Column("ticket", _number, ForeignKey("tickets.number"), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("observed_on", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("claimed_by", String(250)),
    Column("claimed_until", Instant),
    Column("run_id", String(250)),
    Column("started_at", Instant),
    Column("attempts", Integer, nullable=False),
    CheckConstraint("state IN ('history', 'waiting', 'claimed', 'started', 'given up')", name="state"),
    Index("ix_arrivals_state", "state", "claimed_until"),
    Index("ix_arrivals_claimed_by", "claimed_by"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[arrivals])
    op.add_column("ticket_status_history", Column("owner", String(16)))
