"""Give customers a postal address, for letters that leave in a window envelope."""

from alembic import op
from sqlalchemy import Column, Text

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("customers", Column("address", Text))
