"""Give the installation an id, which every key begins with that leaves from now on, and room for it in orders."""

from uuid import uuid4

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String

from include.sla_logic.persistence.schema.columns import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    table = op.create_table(
        "installation",
        Column("id", String(16), primary_key=True),
        Column("airflow", String(64)),
        Column("beat", String(64)),
        Column("address", String(512)),
        Column("place", String(250)),
        Column("bound_at", Instant),
        Column("compared_at", Instant),
        Column("problems_from", BigInteger().with_variant(Integer, "sqlite"), nullable=False, server_default="1"),
    )
    op.bulk_insert(table, [{"id": uuid4().hex[:8]}])
    with op.batch_alter_table("network_orders") as orders:
        orders.alter_column("order_key", existing_type=String(128), existing_nullable=False, type_=String(250))
