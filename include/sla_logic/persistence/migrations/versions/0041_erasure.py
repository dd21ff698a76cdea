"""Let rows that are only ever added be rewritten by the transaction that erases a customer's personal data."""

from alembic import op
from sqlalchemy import Column, String

from include.sla_logic.persistence.migrations.append_only import allow_erasure

revision = "0041"
down_revision = "0040"

REWRITTEN = ("documents", "timeline", "ticket_status_history", "audit", "settlement_statements", "attachments")


def upgrade() -> None:
    op.create_table("erasing", Column("customer", String(64), primary_key=True))
    for table in REWRITTEN:
        allow_erasure(table)
