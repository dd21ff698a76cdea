"""Answer by an index what is asked every minute and every quarter of an hour, however many tickets there are."""

from alembic import op
from sqlalchemy import text

revision = "0012"
down_revision = "0011"

INDEXES = {
    "ix_queue_next_tier": ("queue", ["open", "next_tier_at"]),
    "ix_queue_ended": ("queue", ["outcome", "ending", "closed_at"]),
    "ix_restorations_decided_at": ("restorations", ["decided_at"]),
    "ix_applied_billing_credits_amounts": ("applied_billing_credits", ["state", "currency", "amount"]),
    "ix_customers_protected": ("customers", ["protected"]),
}


_CHILD = text("parent IS NOT NULL")


def upgrade() -> None:
    # SQLite took it to read all tickets without a parent, which are nearly all of them.
    op.drop_index("ix_tickets_parent", "tickets")
    op.create_index("ix_tickets_parent", "tickets", ["parent"], sqlite_where=_CHILD, postgresql_where=_CHILD)
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)
