"""Give each credit its customer, service and account: a credit belongs to them and a window, to no objective."""

from alembic import op
from sqlalchemy import BigInteger, Column, String, Text, inspect, text

from include.sla_logic.persistence.schema.columns import Instant

revision = "0017"
down_revision = "0016"

_CREDITS = "applied_billing_credits"
_TAKEN = ("customer", "service", "account")
_KNOWN = "amount IS NOT NULL OR state IN ('held', 'declined')"


def upgrade() -> None:
    [old] = inspect(op.get_bind()).get_unique_constraints(_CREDITS)  # its name is cut where names are shorter
    with op.batch_alter_table(_CREDITS) as table:
        for name in _TAKEN:
            table.add_column(Column(name, String(64)))
        for name, kind in (("held_because", Text), ("facts", String(64)), ("claimed_by", Text), ("entered_by", Text)):
            table.add_column(Column(name, kind))
        table.add_column(Column("paid_out_at", Instant))
        table.add_column(Column("paid_out_by", Text))
        for name in ("gross", "amount"):
            table.alter_column(name, existing_type=BigInteger(), nullable=True)
        table.alter_column("objective", existing_type=String(64), type_=Text(), existing_nullable=False)
        table.drop_constraint(str(old["name"]), type_="unique")
    for name in _TAKEN:
        op.execute(
            text(
                f"UPDATE {_CREDITS} SET {name} = (SELECT a.{name} FROM agreements a "  # noqa: S608 - names of ours
                f"WHERE a.id = {_CREDITS}.agreement)"
            )
        )
    with op.batch_alter_table(_CREDITS) as table:
        for name in _TAKEN:
            table.alter_column(name, existing_type=String(64), nullable=False)
        table.create_check_constraint("known", _KNOWN)
    op.create_index("ix_applied_billing_credits_ticket", _CREDITS, ["ticket"])
    op.create_index("ix_applied_billing_credits_subscription", _CREDITS, ["customer", "service", "window_start"])
