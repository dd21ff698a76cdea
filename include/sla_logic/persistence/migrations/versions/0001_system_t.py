"""Create System T: tickets, their case files, the outbox, the quarantine and the audit."""

import sqlalchemy as sa
from alembic import op

from include.sla_logic.persistence.migrations.append_only import forbid_changes, keep_final_status
from include.sla_logic.persistence.schema.columns import Instant, Json

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, length: int | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=null)


def _at(name: str, *, null: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, Instant(), nullable=null)


def _row() -> sa.Column[int]:
    return sa.Column("id", _NUMBER, primary_key=True, autoincrement=True)


def _ticket(*, null: bool = False) -> sa.Column[int]:
    return sa.Column("ticket", _NUMBER, sa.ForeignKey("tickets.number"), nullable=null)


def upgrade() -> None:
    _create_tickets()
    _create_histories()
    _create_documents()
    _create_restorations()
    _create_outbox()
    _create_quarantine_and_audit()
    for table in ("ticket_status_history", "timeline", "documents", "steps", "audit"):
        forbid_changes(table)
    keep_final_status()


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        _text("external_key", 280),
        _text("external_reference", 64, null=True),
        _text("run_id", 250),
        _text("origin", 64),
        _text("customer", 64),
        _text("service", 64),
        _text("status", 16),
        _text("assigned_to", 64),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("parent", _NUMBER, sa.ForeignKey("tickets.number")),
        _at("created_at"),
        sa.UniqueConstraint("external_key"),
        sqlite_autoincrement=True,
    )
    for column in ("customer", "service", "status", "parent"):
        op.create_index(f"ix_tickets_{column}", "tickets", [column])
    op.create_index("ix_tickets_run_id", "tickets", ["run_id"], unique=True)


def _create_histories() -> None:
    op.create_table(
        "ticket_status_history",
        _ticket(),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _text("status", 16),
        _text("reason"),
        _at("at"),
        sa.PrimaryKeyConstraint("ticket", "sequence"),
    )
    op.create_table(
        "timeline",
        _ticket(),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _text("lane", 64),
        _text("event"),
        _at("at"),
        sa.PrimaryKeyConstraint("ticket", "sequence"),
    )


def _create_documents() -> None:
    op.create_table(
        "documents",
        _row(),
        _ticket(),
        _text("kind", 64),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        _text("body"),
        _text("task", 64),
        _at("written_at"),
        sa.UniqueConstraint("ticket", "kind", "round"),
    )
    op.create_table(
        "steps",
        _row(),
        _ticket(),
        _text("task", 64),
        _text("choice", 64, null=True),
        _at("done_at"),
        sa.UniqueConstraint("ticket", "task"),
    )


def _create_restorations() -> None:
    op.create_table(
        "restorations",
        _ticket(),
        _at("opened_at"),
        _at("deadline"),
        _text("held_because", null=True),
        _at("sent_at", null=True),
        _text("sent_by", 250, null=True),
        _at("rejected_at", null=True),
        _text("rejected_by", 250, null=True),
        _text("reason", null=True),
        _text("outcome", 16, null=True),
        _at("decided_at", null=True),
        sa.PrimaryKeyConstraint("ticket"),
        sa.CheckConstraint("sent_at IS NULL OR rejected_at IS NULL", name="sent_or_rejected"),
        sa.CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided"),
    )
    op.create_index("ix_restorations_outcome_deadline", "restorations", ["outcome", "deadline"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        _row(),
        _text("key", 250),
        _ticket(null=True),
        _text("kind", 32),
        sa.Column("payload", Json(), nullable=False),
        _text("state", 16),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _at("created_at"),
        _at("next_attempt_at"),
        _text("claimed_by", 64, null=True),
        _at("claimed_until", null=True),
        _at("sent_at", null=True),
        sa.Column("answer", Json()),
        _text("last_error", null=True),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("state IN ('waiting', 'claimed', 'sent', 'dead')", name="state"),
    )
    op.create_index("ix_outbox_ticket", "outbox", ["ticket"])
    op.create_index("ix_outbox_state_next_attempt_at", "outbox", ["state", "next_attempt_at"])


def _create_quarantine_and_audit() -> None:
    op.create_table(
        "quarantine",
        _row(),
        _text("fingerprint", 64),
        _text("origin", 64),
        _text("run_id", 250),
        _text("field", 250),
        _text("reason"),
        _text("body"),
        sa.Column("complete", sa.Boolean(), nullable=False),
        _text("state", 16),
        _at("received_at"),
        _ticket(null=True),
        sa.UniqueConstraint("fingerprint"),
        sa.CheckConstraint("state IN ('waiting', 'accepted')", name="state"),
    )
    op.create_index("ix_quarantine_state", "quarantine", ["state"])
    op.create_table(
        "audit", _row(), _at("at"), _text("actor", 250), _text("action", 64), _text("subject", 280), _text("detail")
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
