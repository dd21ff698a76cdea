"""The accounts of Billing & Collections: invoices, applied credits and what the simulated ledger has posted."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from include.sla_logic.persistence.schema.columns import Instant, metadata

invoices = Table(
    "invoices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", ForeignKey("billing_accounts.id"), nullable=False),
    Column("starts", Date, nullable=False),
    Column("ends", Date, nullable=False),
    Column("state", String(16), nullable=False),  # open or settled
    Index("ix_invoices_account", "account", "state", "starts"),
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("invoice", ForeignKey("invoices.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("agreement", ForeignKey("agreements.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
)

# TMF678 AppliedCustomerBillingRate with appliedBillingRateType appliedBillingCredit.
applied_billing_credits = Table(
    "applied_billing_credits",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("ticket", String(64), nullable=False),
    Column("agreement", ForeignKey("agreements.id"), nullable=False),
    Column("objective", String(64), nullable=False),
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", String(16), nullable=False),
    Column("claim_deadline", Instant),
    Column("claimed_at", Instant),
    Column("invoice", ForeignKey("invoices.id")),
    Column("text", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("decision_reason", Text),
    Column("posted_at", Instant),
    UniqueConstraint("ticket", "agreement", "objective", "window_start", "window_end"),
    # A difference in the provider's favour waits for a second person and is never booked by itself.
    CheckConstraint("amount >= 0 OR state IN ('held', 'declined') OR decided_by IS NOT NULL", name="negative"),
    CheckConstraint("state IN ('booked', 'held', 'unclaimed', 'posted', 'declined')", name="state"),
    Index("ix_applied_billing_credits_window", "agreement", "window_start"),
    Index("ix_applied_billing_credits_invoice", "invoice"),
    Index("ix_applied_billing_credits_state", "state", "recorded_at"),
    Index("ix_applied_billing_credits_amounts", "state", "currency", "amount"),
)

# The postings of the simulated ledger: one per key, however often it is sent.
ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("account", ForeignKey("billing_accounts.id"), nullable=False, index=True),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("accepted_at", Instant, nullable=False),
)
