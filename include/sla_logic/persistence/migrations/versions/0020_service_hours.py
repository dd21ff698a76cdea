"""Keep in which service hours the clocks of a ticket run: those of its contract, and those of its next credit tier."""

from alembic import op
from sqlalchemy import Column, Text

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    for name in ("contract_hours", "tier_hours"):
        op.add_column("queue", Column(name, Text))
