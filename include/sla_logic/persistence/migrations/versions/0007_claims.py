"""Keep beside a credit when the customer claimed it: a later judgement of the window must know."""

from alembic import op
from sqlalchemy import Column

from include.sla_logic.persistence.schema.columns import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("applied_billing_credits", Column("claimed_at", Instant))
