"""What customers contest, and how it was decided."""

from sqlalchemy import CheckConstraint, Column, Index, String, Table, Text

from include.sla_logic.persistence.schema.columns import Instant, Number, metadata

disputes = Table(
    "disputes",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("customer", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    Column("ticket", String(64), index=True),  # where it was recorded at an incident
    Column("contested", String(32), nullable=False),
    Column("words", Text, nullable=False),
    Column("recorded_by", String(250), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("basis", Text),  # what was on record about the window then, kind by kind
    Column("state", String(16), nullable=False),
    Column("decided_by", String(250)),
    Column("decided_at", Instant),
    Column("reason", Text),
    Column("changed", Text),  # the kinds of record that were corrected until it was decided
    CheckConstraint("state IN ('open', 'accepted', 'declined')", name="state"),
    CheckConstraint("(state = 'open') = (decided_by IS NULL)", name="decided"),
    Index("ix_disputes_subscription", "customer", "service", "window_start"),
    Index("ix_disputes_state", "state", "recorded_at"),
    sqlite_autoincrement=True,
)
