"""How many tickets each customer has in each status, and what has changed since that was last added up."""

from sqlalchemy import BigInteger, Column, String, Table

from include.sla_logic.persistence.schema.columns import Number, metadata

ticket_counts = Table(
    "ticket_counts",
    metadata,
    Column("customer", String(64), primary_key=True),  # empty: all customers together
    Column("status", String(16), primary_key=True),
    Column("tickets", BigInteger, nullable=False),
)

# Written by triggers of `tickets` in the same transaction: nobody waits to add a row, as one would to change a sum.
ticket_count_changes = Table(
    "ticket_count_changes",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("customer", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("change", BigInteger, nullable=False),
)
