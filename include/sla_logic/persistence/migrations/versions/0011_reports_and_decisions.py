"""Time a restoration from the report to the correction, and find what waits for a decision by an index."""

from alembic import op
from sqlalchemy import Column

from include.sla_logic.persistence.schema.columns import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("queue", Column("reported_at", Instant))
    op.add_column("queue", Column("corrected_at", Instant))
    op.create_index("ix_applied_billing_credits_state", "applied_billing_credits", ["state", "recorded_at"])
