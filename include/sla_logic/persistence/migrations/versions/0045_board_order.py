"""Answer the board's pages and counts, and the list of credits that wait, from an index in their order."""

from alembic import op
from sqlalchemy import text

revision = "0045"
down_revision = "0044"

_WAITING = text(
    "(state IN ('held', 'unclaimed')"
    " OR state IN ('booked', 'posted') AND invoice IS NULL AND paid_out_at IS NULL AND amount <> 0)"
)


def upgrade() -> None:
    op.drop_index("ix_queue_place", "queue")
    op.create_index("ix_queue_place", "queue", [text("open DESC"), "place", "ticket", "priority"])
    op.create_index(
        "ix_applied_billing_credits_waiting",
        "applied_billing_credits",
        ["recorded_at", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
