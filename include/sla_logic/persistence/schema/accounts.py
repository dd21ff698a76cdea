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
    text,
)

from include.sla_logic.persistence.schema.columns import Instant, metadata

# A credit that waits for a person: for a decision, for the customer's claim, or to be paid out without an invoice.
# In one condition, which only its own index answers: SQLite would take one of states for each half and sort.
WAITING = text(
    "CASE WHEN state IN ('held', 'unclaimed') THEN 1"
    " WHEN state IN ('booked', 'posted') AND invoice IS NULL AND paid_out_at IS NULL AND amount <> 0 THEN 1"
    " ELSE 0 END = 1"
)
_UNPAID = "'held', 'declined', 'superseded'"

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

# TMF678 AppliedCustomerBillingRate with appliedBillingRateType appliedBillingCredit: what an incident brought for
# one customer, service and window. Credits from before that identity have one row for each objective.
applied_billing_credits = Table(
    "applied_billing_credits",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("ticket", String(64), nullable=False, index=True),
    Column("agreement", ForeignKey("agreements.id"), nullable=False),
    # Customer, service and account as they were when it was booked: the agreement may move to others afterwards.
    Column("customer", String(64), nullable=False),
    Column("service", String(64), nullable=False),
    Column("account", String(64), nullable=False),
    Column("objective", Text, nullable=False),  # the objectives that explain it
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    Column("gross", BigInteger),  # what the window owed when it was judged, or a person said; null: nobody knows yet
    Column("amount", BigInteger),  # null: a person must name it
    Column("currency", String(3), nullable=False),
    Column("state", String(16), nullable=False),
    Column("held_because", Text),
    Column("facts", String(64)),  # names the judgement; a person's decision stands while it is the same
    Column("claim_deadline", Instant),
    Column("claimed_at", Instant),
    Column("claimed_by", Text),
    Column("entered_by", Text),  # who named the amount that is held
    Column("invoice", ForeignKey("invoices.id")),
    Column("text", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("decision_reason", Text),
    Column("posted_at", Instant),
    Column("paid_out_at", Instant),  # for a credit without an open invoice
    Column("paid_out_by", Text),
    # A difference in the provider's favour waits for a second person and is never booked by itself.
    CheckConstraint(f"amount >= 0 OR state IN ({_UNPAID}) OR decided_by IS NOT NULL", name="negative"),
    CheckConstraint(f"amount IS NOT NULL OR state IN ({_UNPAID})", name="known"),
    CheckConstraint(f"state IN ({_UNPAID}, 'booked', 'unclaimed', 'posted', 'lapsed')", name="state"),
    Index("ix_applied_billing_credits_subscription", "customer", "service", "window_start"),
    Index("ix_applied_billing_credits_window", "agreement", "window_start"),
    Index("ix_applied_billing_credits_invoice", "invoice"),
    Index("ix_applied_billing_credits_state", "state", "recorded_at"),
    Index("ix_applied_billing_credits_amounts", "state", "currency", "amount"),
    Index("ix_applied_billing_credits_waiting", "recorded_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
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
