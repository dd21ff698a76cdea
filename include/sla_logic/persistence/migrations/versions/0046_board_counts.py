"""Count incidents of a department, escalated ones, open child tickets and requests that wait from an index of each."""

from alembic import op
from sqlalchemy import text

revision = "0046"
down_revision = "0045"

_CHILD = text("parent IS NOT NULL")
_CREDIT_WAITS = text(
    "CASE WHEN state IN ('held', 'unclaimed') THEN 1"
    " WHEN state IN ('booked', 'posted') AND invoice IS NULL AND paid_out_at IS NULL AND amount <> 0 THEN 1"
    " ELSE 0 END = 1"
)
_WAITS = text("outcome IS NULL AND sent_at IS NULL AND rejected_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_tickets_assigned_to_status_number", "tickets", ["assigned_to", "status", "number"])
    op.drop_index("ix_tickets_escalated", "tickets")
    op.create_index(
        "ix_tickets_escalated",
        "tickets",
        ["status", "number"],
        sqlite_where=text("escalated IS 1"),
        postgresql_where=text("escalated IS true"),
    )
    op.create_index(
        "ix_tickets_children", "tickets", ["status", "parent"], sqlite_where=_CHILD, postgresql_where=_CHILD
    )
    op.create_index(
        "ix_restorations_waiting", "restorations", ["deadline", "ticket"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    op.drop_index("ix_applied_billing_credits_waiting", "applied_billing_credits")
    op.create_index(
        "ix_applied_billing_credits_waiting",
        "applied_billing_credits",
        ["recorded_at", "id"],
        sqlite_where=_CREDIT_WAITS,
        postgresql_where=_CREDIT_WAITS,
    )
