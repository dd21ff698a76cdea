"""Keep what each judgement of a window rested on, and which kinds of fact had changed."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text

from include.sla_logic.persistence.schema.columns import Instant

revision = "0028"
down_revision = "0027"

_Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    for name in ("basis", "changed"):
        op.add_column("settlement_rounds", Column(name, Text))
    op.create_table(
        "confirmed_rounds",
        Column("round", _Number, ForeignKey("settlement_rounds.number"), primary_key=True, autoincrement=False),
        Column("basis", Text, nullable=False),
        Column("recorded_at", Instant, nullable=False),
    )
