"""Keep which notes a partner wrote, and read lists of tickets part by part along an index."""

from alembic import op
from sqlalchemy import Boolean, Column, false

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("notes", Column("received", Boolean, nullable=False, server_default=false()))
    op.create_index("ix_tickets_customer_number", "tickets", ["customer", "number"])
    op.create_index("ix_tickets_status_number", "tickets", ["status", "number"])
    op.create_index("ix_tickets_created_at_number", "tickets", ["created_at", "number"])
    op.drop_index("ix_tickets_customer", "tickets")
    op.drop_index("ix_tickets_status", "tickets")
