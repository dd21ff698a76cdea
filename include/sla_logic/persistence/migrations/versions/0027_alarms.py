"""Keep received alarms, what they hit, and the incidents that they open; tell proactive tickets from reports."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)

from include.sla_logic.persistence.schema.columns import Instant

revision = "0027"
down_revision = "0026"

_Number = BigInteger().with_variant(Integer, "sqlite")
_RAISED = text("ended_at IS NULL")
_CURRENT = text("over_at IS NULL")


def upgrade() -> None:
    op.add_column("tickets", Column("proactive", Boolean, nullable=False, server_default=false()))
    op.create_table(
        "alarm_hits",
        Column("number", _Number, primary_key=True, autoincrement=True),
        Column("object", String(64), nullable=False),
        Column("digest", String(64), nullable=False),
        UniqueConstraint("object", "digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alarm_hit_services",
        Column("hit", _Number, ForeignKey("alarm_hits.number"), primary_key=True),
        Column("service", String(64), ForeignKey("services.id"), primary_key=True, index=True),
    )
    op.create_table(
        "received_alarms",
        Column("number", _Number, primary_key=True, autoincrement=True),
        Column("source", String(32), nullable=False),
        Column("id", String(128), nullable=False),
        Column("raised_at", Instant, nullable=False),
        Column("cleared_at", Instant),
        Column("ended_at", Instant),
        Column("code", String(128), nullable=False),
        Column("severity", String(16), nullable=False),
        Column("text", Text, nullable=False),
        Column("named_resource", String(128)),
        Column("named_service", String(128)),
        Column("object", String(64)),
        Column("hit", _Number, ForeignKey("alarm_hits.number"), index=True),
        Column("shown_as", String(64)),
        Column("last_said", String(8), nullable=False),
        Column("received_at", Instant, nullable=False),
        Column("last_received_at", Instant, nullable=False),
        UniqueConstraint("source", "id", "raised_at"),
        Index("ix_received_alarms_raised", "object", "code", sqlite_where=_RAISED, postgresql_where=_RAISED),
        Index("ix_received_alarms_object", "object", "ended_at"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "proactive_incidents",
        Column("number", _Number, primary_key=True, autoincrement=True),
        Column("object", String(64), nullable=False),
        Column("customer", String(64), ForeignKey("customers.id"), nullable=False),
        Column("service", String(64), ForeignKey("services.id"), nullable=False),
        Column("alarm", _Number, ForeignKey("received_alarms.number"), nullable=False),
        Column("problem", _Number, ForeignKey("service_problems.number"), index=True),
        Column("ticket", _Number, ForeignKey("tickets.number"), index=True),
        Column("noted_at", Instant, nullable=False),
        Column("opened_at", Instant, index=True),
        Column("over_at", Instant),
        Index(
            "ix_proactive_incidents_current",
            *("object", "customer", "service"),
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        sqlite_autoincrement=True,
    )
