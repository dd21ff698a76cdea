"""Keep an order to the operator's own network before it leaves, and which network has been in use."""

from alembic import op
from sqlalchemy import Column, MetaData, String, Table

from include.sla_logic.persistence.schema.columns import Instant
from include.sla_logic.persistence.schema.columns import metadata as _today

revision = "0016"
down_revision = "0015"

metadata = MetaData(naming_convention=_today.naming_convention)

network_orders_sent = Table(
    "network_orders_sent",
    metadata,
    Column("order_key", String(250), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("resource", String(64), nullable=False),
    Column("sent_at", Instant, nullable=False),
)

network_in_use = Table(
    "network_in_use",
    metadata,
    Column("address", String(512), primary_key=True),
    Column("since", Instant, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
