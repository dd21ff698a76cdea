"""Files that were uploaded at the desk, until they are imported or given up, and what became of them."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from include.sla_logic.persistence.schema.columns import Instant, Json, Number, metadata

STATES = ("to_check", "checking", "checked", "to_import", "importing", "imported", "refused", "withdrawn")
_STATES = ", ".join(f"'{state}'" for state in STATES)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False, index=True),
    Column("name", String(120), nullable=False),  # made of the file's own, in letters that are harmless everywhere
    Column("kind", String(32), nullable=False),
    Column("asked", Json, nullable=False),  # mapping and options
    Column("bytes", BigInteger, nullable=False),
    Column("sent_by", String(250), nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("confirmed_by", String(250)),
    Column("confirmed_at", Instant),
    Column("touched_at", Instant, nullable=False),  # when its state or its progress was last written
    Column("attempts", Integer, nullable=False),  # at the dry run, then at the import
    Column("rows_done", BigInteger, nullable=False),
    Column("rows_of", BigInteger),  # about how many there are, where that can be told
    Column("rehearsed", Json),  # report of the dry run
    Column("imported", Json),  # report of the import
    Column("failure", Text),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload", Number, ForeignKey("uploads.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
