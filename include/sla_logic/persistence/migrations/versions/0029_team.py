"""Create the tables of owners, of people who have used the desk, and of notes."""

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, String, Text, UniqueConstraint

from include.sla_logic.persistence.schema.columns import Instant

revision = "0029"
down_revision = "0028"

# SQLite gives row numbers by itself only to a column declared INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "desk_people",
        Column("name", String(250), primary_key=True),
        Column("first_seen_at", Instant, nullable=False),
    )
    op.create_table(
        "ticket_owners",
        Column("ticket", _Number, ForeignKey("tickets.number"), primary_key=True),
        Column("owner", String(250), nullable=False, index=True),
        Column("since", Instant, nullable=False),
    )
    op.create_table(
        "notes",
        Column("id", _Number, primary_key=True, autoincrement=True),
        Column("ticket", _Number, ForeignKey("tickets.number"), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("author", String(250), nullable=False),
        Column("text", Text, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("written_at", Instant, nullable=False),
        CheckConstraint("kind IN ('internal', 'customer')", name="kind"),
        UniqueConstraint("ticket", "digest"),
    )
