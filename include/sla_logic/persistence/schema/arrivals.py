"""Tickets that came to System T without a run of their own, and their claims."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table

from include.sla_logic.persistence.schema.columns import Instant, Number, metadata

arrivals = Table(
    "arrivals",
    metadata,
    Column("ticket", Number, ForeignKey("tickets.number"), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("observed_on", Date, nullable=False),
    Column("observed_at", Instant),  # when an agreement must be in force; noon of the day where only that is known
    # history: settled elsewhere; waiting; claimed until an instant; started in a run; given up: left to a person
    Column("state", String(16), nullable=False),
    Column("claimed_by", String(250)),
    Column("claimed_until", Instant),
    Column("run_id", String(250)),
    Column("started_at", Instant),
    Column("attempts", Integer, nullable=False),
    CheckConstraint("state IN ('history', 'waiting', 'claimed', 'started', 'given up')", name="state"),
    Index("ix_arrivals_state", "state", "claimed_until"),
    Index("ix_arrivals_claimed_by", "claimed_by"),
)
