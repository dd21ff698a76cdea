"""Promises that a judgement has called broken, as the newest judgement has them."""

from sqlalchemy import Column, String, Table, Text, UniqueConstraint

from include.sla_logic.persistence.schema.columns import Instant, Json, Number, metadata

sla_violations = Table(
    "sla_violations",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("customer", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("contract", String(64), nullable=False),
    Column("objective", Text, nullable=False),
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # provisional, broken or withdrawn
    Column("told", Json, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("customer", "service", "window_start", "window_end", "contract", "objective"),
    sqlite_autoincrement=True,
)
