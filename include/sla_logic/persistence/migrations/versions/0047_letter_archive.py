"""Create the archive of letters; housekeeping fills it later, nothing is moved here."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, text

from include.sla_logic.persistence.migrations.append_only import allow_erasure, forbid_changes
from include.sla_logic.persistence.schema.columns import Instant

revision = "0047"
down_revision = "0046"

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_TO_MOVE = text("kind = 'mail' AND state = 'sent' AND archived_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "archived_letters",
        Column("message", _NUMBER, ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
        Column("packing", String(16), nullable=False),
        Column("size", Integer, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("body", LargeBinary, nullable=False),
    )
    forbid_changes("archived_letters")
    allow_erasure("archived_letters")
    op.add_column("outbox", Column("archived_at", Instant))
    op.create_index(
        "ix_outbox_to_archive", "outbox", ["sent_at", "id"], sqlite_where=_TO_MOVE, postgresql_where=_TO_MOVE
    )
