"""Create the table of the letters about settled windows."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Text

from include.sla_logic.persistence.migrations.append_only import forbid_changes
from include.sla_logic.persistence.schema.columns import Instant

revision = "0022"
down_revision = "0021"

# SQLite gives row numbers by itself only to a column declared INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "settlement_statements",
        Column("number", _Number, primary_key=True, autoincrement=True),
        Column("round", _Number, ForeignKey("settlement_rounds.number"), nullable=False, index=True),
        Column("customer", String(64), nullable=False),
        Column("service", String(64), nullable=False),
        Column("window_start", Instant, nullable=False),
        Column("window_end", Instant, nullable=False),
        Column("kind", String(16), nullable=False),
        Column("document", Text, nullable=False),
        Column("key", String(255), nullable=False, unique=True),
        Column("recorded_at", Instant, nullable=False),
        Index("ix_settlement_statements_subscription", "customer", "service", "window_start"),
        sqlite_autoincrement=True,
    )
    forbid_changes("settlement_statements")
