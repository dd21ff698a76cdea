"""Keep what changes in an agreement from day to day, and the moment at which a waiting ticket needs an agreement."""

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, ForeignKeyConstraint, String

from include.sla_logic.persistence.schema.columns import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "agreement_terms",
        Column("agreement", String(64), ForeignKey("agreements.id"), primary_key=True),
        Column("valid_from", Date, primary_key=True),
        Column("customer", String(64), ForeignKey("customers.id"), nullable=False, index=True),
        Column("contract", String(64), nullable=False),
        Column("contract_version", String(32), nullable=False),
        Column("monthly_charge", BigInteger, nullable=False),
        Column("currency", String(3), nullable=False),
        Column("account", String(64), ForeignKey("billing_accounts.id"), nullable=False),
        ForeignKeyConstraint(["contract", "contract_version"], ["contracts.id", "contracts.version"]),
        CheckConstraint("monthly_charge >= 0", name="charge_not_negative"),
    )
    op.add_column("arrivals", Column("observed_at", Instant))
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    noon = "observed_on || ' 12:00:00.000000'" if on_sqlite else "(observed_on + time '12:00') AT TIME ZONE 'UTC'"
    op.execute(f"UPDATE arrivals SET observed_at = {noon}")  # noqa: S608 - no input
