"""Alarms that monitoring systems have sent, which services each hits, and the incidents that they are to open."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text

from include.sla_logic.persistence.schema.columns import Instant, Number, metadata

RAISED = text("ended_at IS NULL")
CURRENT = text("over_at IS NULL")

# What an alarm was about when it came, and the services that it hit then, by the topology of that time.
alarm_hits = Table(
    "alarm_hits",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("object", String(64), nullable=False),
    Column("digest", String(64), nullable=False),  # of the services
    UniqueConstraint("object", "digest"),
    sqlite_autoincrement=True,
)

alarm_hit_services = Table(
    "alarm_hit_services",
    metadata,
    Column("hit", Number, ForeignKey("alarm_hits.number"), primary_key=True),
    Column("service", ForeignKey("services.id"), primary_key=True, index=True),
)

received_alarms = Table(
    "received_alarms",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("source", String(32), nullable=False),
    Column("id", String(128), nullable=False),  # what the source calls it, whenever it is raised
    Column("raised_at", Instant, nullable=False),
    Column("cleared_at", Instant),  # as the source says
    Column("ended_at", Instant),  # or as follows from the other times at which it was raised
    Column("code", String(128), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("named_resource", String(128)),
    Column("named_service", String(128)),
    Column("object", String(64)),  # the resource, trunk or service that it is about; null: not on record
    Column("hit", Number, ForeignKey("alarm_hits.number"), index=True),
    Column("shown_as", String(64)),  # the alarm of the network (`alarms`) that it raised
    Column("last_said", String(8), nullable=False),  # raised or cleared
    Column("received_at", Instant, nullable=False),
    Column("last_received_at", Instant, nullable=False),
    UniqueConstraint("source", "id", "raised_at"),
    Index("ix_received_alarms_raised", "object", "code", sqlite_where=RAISED, postgresql_where=RAISED),
    Index("ix_received_alarms_object", "object", "ended_at"),
    sqlite_autoincrement=True,
)

# A customer whose service an alarm hits: with a ticket once an incident was opened, over when alarm and ticket are.
proactive_incidents = Table(
    "proactive_incidents",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("object", String(64), nullable=False),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("alarm", Number, ForeignKey("received_alarms.number"), nullable=False),
    Column("problem", Number, ForeignKey("service_problems.number"), index=True),
    Column("ticket", Number, ForeignKey("tickets.number"), index=True),
    Column("noted_at", Instant, nullable=False),
    Column("opened_at", Instant, index=True),  # null where the ticket was open before
    Column("over_at", Instant),
    Index(
        "ix_proactive_incidents_current",
        *("object", "customer", "service"),
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    ),
    sqlite_autoincrement=True,
)
