"""Create the service problems: one cause behind many tickets, one open for each resource."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from include.sla_logic.persistence.schema.columns import Instant
from include.sla_logic.persistence.schema.columns import metadata as _today

revision = "0010"
down_revision = "0009"

metadata = MetaData(naming_convention=_today.naming_convention)
_Number = BigInteger().with_variant(Integer, "sqlite")
_OPEN = text("closed_at IS NULL")
# What the tables refer to; it exists already and is left alone.
Table("tickets", metadata, Column("number", _Number, primary_key=True))

service_problems = Table(
    "service_problems",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("resource", String(64), nullable=False),
    Column("type_of_problem", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("analysed_as", _Number, ForeignKey("tickets.number"), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("closed_at", Instant),
    Column("ended", String(16)),
    CheckConstraint("(ended IS NULL) = (closed_at IS NULL)", name="ended"),
    Index("ix_service_problems_open", "resource", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_service_problems_resource", "resource", "number"),
    sqlite_autoincrement=True,
)

service_problem_tickets = Table(
    "service_problem_tickets",
    metadata,
    Column("ticket", _Number, ForeignKey("tickets.number"), primary_key=True),
    Column("problem", _Number, ForeignKey("service_problems.number"), primary_key=True, index=True),
    Column("priority", Integer, nullable=False),
    Column("tied_at", Instant, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[service_problems, service_problem_tickets])
