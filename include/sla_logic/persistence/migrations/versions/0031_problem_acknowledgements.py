"""Create the tables of who has acknowledged which service problems."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Text

from include.sla_logic.persistence.schema.columns import Instant

revision = "0031"
down_revision = "0030"

# SQLite gives row numbers by itself only to a column declared INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "problem_acknowledgements",
        Column("number", _Number, primary_key=True, autoincrement=True),
        Column("acknowledged_by", String(250), nullable=False),
        Column("said", Text),
        Column("acknowledged_at", Instant, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "acknowledged_problems",
        Column("acknowledgement", _Number, ForeignKey("problem_acknowledgements.number"), primary_key=True),
        Column("problem", _Number, ForeignKey("service_problems.number"), primary_key=True, index=True),
    )
