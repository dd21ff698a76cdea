"""Create the table of files attached to tickets, and keep which of them a message to the customer carries."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, UniqueConstraint

from include.sla_logic.persistence.migrations.append_only import forbid_changes
from include.sla_logic.persistence.schema.columns import Instant, Json

revision = "0039"
down_revision = "0038"

# SQLite gives row numbers by itself only to a column declared INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "attachments",
        Column("id", _Number, primary_key=True, autoincrement=True),
        Column("ticket", _Number, ForeignKey("tickets.number"), nullable=False),
        Column("name", String(150), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("size", Integer, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("author", String(250), nullable=False),
        Column("attached_at", Instant, nullable=False),
        Column("content", LargeBinary, nullable=False),
        UniqueConstraint("ticket", "digest"),
        sqlite_autoincrement=True,
    )
    forbid_changes("attachments")
    op.add_column("notes", Column("attachments", Json))
