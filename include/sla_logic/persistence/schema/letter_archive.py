"""Letters about what has been over for long: moved out of the outbox, packed; only an erasure rewrites them."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table

from include.sla_logic.persistence.schema.columns import Number, metadata

archived_letters = Table(
    "archived_letters",
    metadata,
    Column("message", Number, ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    Column("packing", String(16), nullable=False),  # how the body was made of the payload
    Column("size", Integer, nullable=False),  # bytes of the payload as it stood in the outbox
    Column("digest", String(64), nullable=False),  # SHA-256 of that payload
    Column("body", LargeBinary, nullable=False),  # last: what is before it is read without it
)
