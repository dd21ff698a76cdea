"""System T: tickets and their case files."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from include.sla_logic.persistence.schema.columns import Instant, Json, Number, metadata

_CHILD = text("parent IS NOT NULL")
_WAITS = text("outcome IS NULL AND sent_at IS NULL AND rejected_at IS NULL")


def _ticket(*, primary_key: bool = False) -> Column[int]:
    return Column("ticket", Number, ForeignKey("tickets.number"), nullable=False, primary_key=primary_key)


tickets = Table(
    "tickets",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("external_key", String(280), nullable=False, unique=True),
    Column("external_reference", String(64)),
    Column("run_id", String(250), nullable=False),
    Column("origin", String(64), nullable=False),
    Column("customer", String(64), nullable=False),
    Column("service", String(64), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("assigned_to", String(64), nullable=False),
    Column("escalated", Boolean, nullable=False),
    Column("parent", Number, ForeignKey("tickets.number")),
    Column("created_at", Instant, nullable=False),
    Column("proactive", Boolean, nullable=False, server_default=false()),  # opened by an alarm: nobody has reported it
    Column("impact", Integer),  # as the report states it; null: there is no report
    # An index rather than a constraint: it can be dropped on SQLite without rebuilding the table.
    Index("ix_tickets_run_id", "run_id", unique=True),
    # The open APIs read a list part by part in the order of numbers, or of when tickets were created.
    Index("ix_tickets_customer_number", "customer", "number"),
    Index("ix_tickets_status_number", "status", "number"),
    Index("ix_tickets_customer_status_number", "customer", "status", "number"),
    Index("ix_tickets_created_at_number", "created_at", "number"),
    # The board counts the tickets of a department, the escalated ones and the open child tickets.
    Index("ix_tickets_assigned_to_status_number", "assigned_to", "status", "number"),
    Index("ix_tickets_impact_number", "impact", "number"),
    Index(
        "ix_tickets_escalated",
        "status",
        "number",
        sqlite_where=text("escalated IS 1"),
        postgresql_where=text("escalated IS true"),
    ),
    # Without the many that have no parent: SQLite would take the index to read them all.
    Index("ix_tickets_parent", "parent", sqlite_where=_CHILD, postgresql_where=_CHILD),
    Index("ix_tickets_children", "status", "parent", sqlite_where=_CHILD, postgresql_where=_CHILD),
    sqlite_autoincrement=True,
)

ticket_status_history = Table(
    "ticket_status_history",
    metadata,
    _ticket(primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("owner", String(16)),  # who has to act while on hold; None: as the status says
)

timeline = Table(
    "timeline",
    metadata,
    _ticket(primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("lane", String(64), nullable=False),
    Column("event", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    _ticket(),
    Column("kind", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("task", String(64), nullable=False),
    Column("written_at", Instant, nullable=False),
    UniqueConstraint("ticket", "kind", "round"),
)

steps = Table(
    "steps",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    _ticket(),
    Column("task", String(64), nullable=False),
    Column("choice", String(64)),
    Column("done_at", Instant, nullable=False),
    UniqueConstraint("ticket", "task"),
)

restorations = Table(
    "restorations",
    metadata,
    _ticket(primary_key=True),
    Column("opened_at", Instant, nullable=False),
    Column("deadline", Instant, nullable=False),
    Column("held_because", Text),
    Column("sent_at", Instant),
    Column("sent_by", String(250)),
    Column("rejected_at", Instant),
    Column("rejected_by", String(250)),
    Column("reason", Text),
    Column("outcome", String(16)),
    Column("decided_at", Instant),
    CheckConstraint("sent_at IS NULL OR rejected_at IS NULL", name="sent_or_rejected"),
    CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided"),
    Index("ix_restorations_outcome_deadline", "outcome", "deadline"),
    Index("ix_restorations_decided_at", "decided_at"),
    # Those that a person can still answer, the nearest deadline first.
    Index("ix_restorations_waiting", "deadline", "ticket", sqlite_where=_WAITS, postgresql_where=_WAITS),
)

_IN_ORDER = text("stream IS NOT NULL")
_TO_MOVE = text("kind = 'mail' AND state = 'sent' AND archived_at IS NULL")

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("key", String(250), nullable=False, unique=True),
    Column("ticket", Number, ForeignKey("tickets.number"), index=True),
    Column("kind", String(32), nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("claimed_by", String(64)),
    Column("claimed_until", Instant),
    Column("sent_at", Instant),
    Column("answer", Json),
    Column("last_error", Text),
    Column("listener", Integer),  # of `event_listeners`, whom a partner may remove
    Column("stream", String(160)),  # messages of one stream leave one after the other; null: in any order
    Column("archived_at", Instant),  # from then on the payload is in `archived_letters`
    CheckConstraint("state IN ('waiting', 'claimed', 'sent', 'dead')", name="state"),
    Index("ix_outbox_stream", "stream", "id", sqlite_where=_IN_ORDER, postgresql_where=_IN_ORDER),
    Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
    Index("ix_outbox_to_archive", "sent_at", "id", sqlite_where=_TO_MOVE, postgresql_where=_TO_MOVE),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("origin", String(64), nullable=False),
    Column("run_id", String(250), nullable=False),
    Column("field", String(250), nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("received_at", Instant, nullable=False),
    Column("ticket", Number, ForeignKey("tickets.number")),
    CheckConstraint("state IN ('waiting', 'accepted')", name="state"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(250), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(280), nullable=False, index=True),
    Column("detail", Text, nullable=False),
)

APPEND_ONLY = ("ticket_status_history", "timeline", "documents", "steps", "audit")
