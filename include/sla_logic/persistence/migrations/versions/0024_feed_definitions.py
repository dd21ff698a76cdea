"""Keep by which definition each feed was read, who reads it now, and why a file of it was not imported."""

from alembic import op
from sqlalchemy import Column, String, Text

from include.sla_logic.persistence.schema.columns import Instant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("feeds", Column("definition", String(64)))
    op.add_column("feeds", Column("known_since", Instant))
    op.add_column("feeds", Column("reading_until", Instant))
    op.add_column("feed_files", Column("error", Text))
