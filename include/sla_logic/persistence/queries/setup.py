"""What a new installation has on record: contracts, customers, agreements in force, and what they lack."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Select, exists, func, not_, or_, select

from include.sla_logic.persistence.agreements import in_force
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t


@dataclass(frozen=True)
class OnRecord:
    """How much there is, and the first of those that lack something."""

    contracts: int
    customers: int
    agreements: int
    is_measured: bool
    without_mail: Sequence[str]
    without_invoice: Sequence[str]


def read_on_record(connection: Connection, *, on: date, limit: int) -> OnRecord:
    """Count what is there; agreements are those in force that day, and so are their customers and accounts."""
    held = t.agreements.c
    subscribed = exists().where(held.customer == t.customers.c.id, in_force(on))
    used = exists().where(held.account == t.billing_accounts.c.id, in_force(on))
    is_open = exists().where(a.invoices.c.account == t.billing_accounts.c.id, a.invoices.c.state == "open")
    counts = [
        connection.scalar(select(func.count()).select_from(table).where(*only))
        for table, only in ((t.contracts, ()), (t.customers, ()), (t.agreements, (in_force(on),)))
    ]
    without_mail = select(t.customers.c.id).where(subscribed, func.coalesce(t.customers.c.email, "") == "")
    without_invoice = select(t.billing_accounts.c.id).where(used, not_(is_open))
    measured = select(or_(exists(select(t.outages.c.service)), exists(select(t.samples.c.service))))
    return OnRecord(
        *(int(count or 0) for count in counts),
        is_measured=bool(connection.scalar(measured)),
        without_mail=_first(connection, without_mail, limit),
        without_invoice=_first(connection, without_invoice, limit),
    )


def _first(connection: Connection, query: Select[tuple[str]], limit: int) -> Sequence[str]:
    return connection.scalars(query.order_by(query.selected_columns[0]).limit(limit)).all()
