"""Create the tables of files that are uploaded at the desk."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
)

from include.sla_logic.persistence.schema.columns import Instant

revision = "0034"
down_revision = "0033"

_Number = BigInteger().with_variant(Integer, "sqlite")
_STATES = "'to_check', 'checking', 'checked', 'to_import', 'importing', 'imported', 'refused', 'withdrawn'"


def upgrade() -> None:
    op.create_table(
        "uploads",
        Column("id", _Number, primary_key=True, autoincrement=True),
        Column("state", String(16), nullable=False),
        Column("name", String(120), nullable=False),
        Column("kind", String(32), nullable=False),
        Column("asked", Text, nullable=False),
        Column("bytes", BigInteger, nullable=False),
        Column("sent_by", String(250), nullable=False),
        Column("sent_at", Instant, nullable=False),
        Column("confirmed_by", String(250)),
        Column("confirmed_at", Instant),
        Column("touched_at", Instant, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("rows_done", BigInteger, nullable=False),
        Column("rows_of", BigInteger),
        Column("rehearsed", Text),
        Column("imported", Text),
        Column("failure", Text),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
    )
    op.create_index("ix_uploads_state", "uploads", ["state"])
    op.create_table(
        "upload_parts",
        Column("upload", _Number, ForeignKey("uploads.id"), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("content", LargeBinary, nullable=False),
    )
