"""Find the credits of an invoice by an index: every booking adds them up."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_applied_billing_credits_invoice", "applied_billing_credits", ["invoice"])
