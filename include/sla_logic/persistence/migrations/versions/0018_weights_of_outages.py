"""Keep which share of the service an outage hit, and whether it only degraded it."""

from alembic import op
from sqlalchemy import Boolean, Column, String

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("outages", Column("affected_percent", String(32)))
    op.add_column("outages", Column("degraded", Boolean))
