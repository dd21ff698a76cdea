"""Keep until when money is at stake: the end of the window that was judged."""

from alembic import op
from sqlalchemy import Column

from include.sla_logic.persistence.schema.columns import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("queue", Column("window_end", Instant))
    op.create_index("ix_queue_window_end", "queue", ["open", "window_end"])
