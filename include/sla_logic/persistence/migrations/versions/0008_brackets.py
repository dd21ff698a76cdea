"""Keep between which instants an outage began and ended, where it was only observed now and then."""

from alembic import op
from sqlalchemy import Column

from include.sla_logic.persistence.schema.columns import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("outages", Column("started_after", Instant))
    op.add_column("outages", Column("ended_after", Instant))
