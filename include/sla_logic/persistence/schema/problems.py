"""Service problems: one cause behind many tickets, and the tickets that are tied to it."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from include.sla_logic.persistence.schema.columns import Instant, Number, metadata

OPEN = text("closed_at IS NULL")

service_problems = Table(
    "service_problems",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("resource", String(64), nullable=False),
    Column("type_of_problem", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("findings", Text, nullable=False),  # JSON, as in the documents
    Column("analysed_as", Number, ForeignKey("tickets.number"), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("closed_at", Instant),
    Column("ended", String(16)),
    Column("told_status", String(16)),  # what listeners were told last; null: nothing yet
    CheckConstraint("(ended IS NULL) = (closed_at IS NULL)", name="ended"),
    Index("ix_service_problems_open", "resource", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    Index("ix_service_problems_resource", "resource", "number"),
    sqlite_autoincrement=True,
)

service_problem_tickets = Table(
    "service_problem_tickets",
    metadata,
    Column("ticket", Number, ForeignKey("tickets.number"), primary_key=True),
    Column("problem", Number, ForeignKey("service_problems.number"), primary_key=True, index=True),
    Column("priority", Integer, nullable=False),  # 1 to 10, as in TMF656
    Column("tied_at", Instant, nullable=False),
)

# A person says that the provider has seen these problems (TMF656 ProblemAcknowledgement); nothing else changes.
problem_acknowledgements = Table(
    "problem_acknowledgements",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("acknowledged_by", String(250), nullable=False),
    Column("said", Text),
    Column("acknowledged_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

acknowledged_problems = Table(
    "acknowledged_problems",
    metadata,
    Column("acknowledgement", Number, ForeignKey("problem_acknowledgements.number"), primary_key=True),
    Column("problem", Number, ForeignKey("service_problems.number"), primary_key=True, index=True),
)
