"""Settlement: its runs, their shards, the rounds of each window, and up to when records are complete."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from include.sla_logic.persistence.schema.columns import Instant, Json, Number, metadata

settlement_runs = Table(
    "settlement_runs",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),  # the moment for which windows are judged
    Column("shards", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", String(250), nullable=False),
    Column("checked_at", Instant),  # when what it would book was compared with the limits
    Column("held_because", Text),  # it books nothing until it is released
    Column("released_at", Instant),
    Column("released_by", String(250)),
    Column("release_reason", Text),
    Column("ended_at", Instant),
    sqlite_autoincrement=True,
)

settlement_shards = Table(
    "settlement_shards",
    metadata,
    Column("run", ForeignKey("settlement_runs.number"), primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("preview", Json, nullable=False),
    Column("settled_at", Instant),
)

# One row for each round in which a window came out differently than in the round before.
settlement_rounds = Table(
    "settlement_rounds",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("run", ForeignKey("settlement_runs.number"), nullable=False, index=True),
    Column("customer", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    Column("round", Integer, nullable=False),
    Column("agreement", String(64), nullable=False),
    Column("contract", String(64), nullable=False),
    Column("contract_version", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("owed", BigInteger),  # after stacking and cap, before netting; null: nobody knows yet
    Column("currency", String(3), nullable=False),
    Column("facts", String(64)),  # names the judgement
    Column("rebate", Text),  # the document, where it brought a credit
    Column("recorded_at", Instant, nullable=False),
    Column("basis", Text),  # what the judgement rested on, kind by kind
    Column("changed", Text),  # the kinds of fact that were others in the round before
    UniqueConstraint("customer", "service", "window_start", "window_end", "round"),
    Index("ix_settlement_rounds_state", "state", "window_end"),
    sqlite_autoincrement=True,
)

# What a later judgement rested on that came out as the round before had it.
confirmed_rounds = Table(
    "confirmed_rounds",
    metadata,
    Column("round", ForeignKey("settlement_rounds.number"), primary_key=True, autoincrement=False),
    Column("basis", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

# One row for each letter about a settled window; its mail is in the outbox under the same key.
settlement_statements = Table(
    "settlement_statements",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("round", ForeignKey("settlement_rounds.number"), nullable=False, index=True),
    Column("customer", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("document", Text, nullable=False),
    Column("key", String(255), nullable=False, unique=True),
    Column("recorded_at", Instant, nullable=False),
    Index("ix_settlement_statements_subscription", "customer", "service", "window_start"),
    sqlite_autoincrement=True,
)

# Up to when somebody says that the records of one kind are complete: of one service, or of all.
completeness = Table(
    "completeness",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("service", String(64)),
    Column("until", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(250), nullable=False),
    Index("ix_completeness_kind", "kind", "service", "until"),
    sqlite_autoincrement=True,
)
