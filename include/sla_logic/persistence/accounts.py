"""Billing accounts and their invoices."""

from sqlalchemy import Connection, func, select

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units


class UnableToFindAccount(NotFoundError):
    """The agreement is charged to an account that does not exist."""


def lock_account(connection: Connection, account: str) -> None:
    """Hold the account until the transaction ends; SQLite's write transaction holds it anyway."""
    found = connection.scalar(
        select(t.billing_accounts.c.id).where(t.billing_accounts.c.id == account).with_for_update()
    )
    if found is None:
        msg = f"There is no billing account {account}."
        raise UnableToFindAccount(msg)


def open_invoice(connection: Connection, account: str) -> str | None:
    """Return the account's open invoice; of several the one that began last; None where there is none."""
    return connection.scalar(
        select(a.invoices.c.id)
        .where(a.invoices.c.account == account, a.invoices.c.state == "open")
        .order_by(a.invoices.c.starts.desc(), a.invoices.c.id)
        .limit(1)
    )


def total(connection: Connection, invoice: str, currency: str) -> Money:
    """Return what the invoice comes to: its lines less the credits applied to it."""
    lines = select(func.coalesce(func.sum(a.invoice_lines.c.amount), 0)).where(a.invoice_lines.c.invoice == invoice)
    applied = select(func.coalesce(func.sum(a.applied_billing_credits.c.amount), 0)).where(
        a.applied_billing_credits.c.invoice == invoice, a.applied_billing_credits.c.state.in_(("booked", "posted"))
    )
    return from_minor_units(int(connection.scalar(lines) or 0) - int(connection.scalar(applied) or 0), currency)
