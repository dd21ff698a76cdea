"""Create the members of cohorts: incidents that one run carries together."""

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, MetaData, String, Table, Text

from include.sla_logic.persistence.schema.columns import metadata as _today

revision = "0005"
down_revision = "0004"

metadata = MetaData(naming_convention=_today.naming_convention)
# What the table refers to; it exists already and is left alone.
Table("tickets", metadata, Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True))

cohort_members = Table(
    "cohort_members",
    metadata,
    Column("run_id", String(250), primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), primary_key=True, index=True),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    CheckConstraint("state IN ('carried', 'left', 'set aside')", name="state"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[cohort_members])
