"""What changes in agreements while they last."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, ForeignKeyConstraint, String, Table

from include.sla_logic.persistence.schema.columns import metadata

# What changed in an agreement, from its first day on; without rows here an agreement never changed.
agreement_terms = Table(
    "agreement_terms",
    metadata,
    Column("agreement", ForeignKey("agreements.id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False, index=True),
    Column("contract", String(64), nullable=False),
    Column("contract_version", String(32), nullable=False),
    Column("monthly_charge", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("account", ForeignKey("billing_accounts.id"), nullable=False),
    ForeignKeyConstraint(["contract", "contract_version"], ["contracts.id", "contracts.version"]),
    CheckConstraint("monthly_charge >= 0", name="charge_not_negative"),
)
