"""Files attached to tickets: append-only, with their content."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint

from include.sla_logic.persistence.schema.columns import Instant, Number, metadata

attachments = Table(
    "attachments",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("ticket", Number, ForeignKey("tickets.number"), nullable=False),
    Column("name", String(150), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the content: what is sent twice is one file
    Column("author", String(250), nullable=False),
    Column("attached_at", Instant, nullable=False),
    Column("content", LargeBinary, nullable=False),  # last: what is before it is read without it
    UniqueConstraint("ticket", "digest"),
    sqlite_autoincrement=True,
)
