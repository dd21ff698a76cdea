"""What a new installation has on record: contracts, customers, agreements in force, and what they lack."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, exists, func, not_, or_, select

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
    without_mail = select(t.customers.c.id).where(subscribed, func.coalesce(t.customers.c.email, "") == "")
    without_invoice = select(t.billing_accounts.c.id).where(used, not_(is_open))
    measured = select(or_(exists(select(t.outages.c.service)), exists(select(t.samples.c.service))))
    return OnRecord(
        contracts=_count(connection, t.contracts),
        customers=_count(connection, t.customers),
        agreements=_count(connection, t.agreements, in_force(on)),
        is_measured=bool(connection.scalar(measured)),
        without_mail=_first(connection, without_mail, limit),
        without_invoice=_first(connection, without_invoice, limit),
    )


def _count(connection: Connection, table: Table, *only: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*only)) or 0


def _first(connection: Connection, query: Select[Any], limit: int) -> Sequence[str]:
    return list(connection.scalars(query.order_by(query.selected_columns[0]).limit(limit)))
