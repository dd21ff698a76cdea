"""Let each service problem know the status that listeners were told last; null: none yet."""

from alembic import op
from sqlalchemy import Column, String

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("service_problems", Column("told_status", String(16)))
