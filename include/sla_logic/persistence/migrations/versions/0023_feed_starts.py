"""Keep from when on each feed is read: a window that began before is not complete by that feed.

A feed of before has no start yet: it is read again from the start that the file of feeds gives.
"""

from alembic import op
from sqlalchemy import Column

from include.sla_logic.persistence.schema.columns import Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("feeds", Column("starts", Instant))
