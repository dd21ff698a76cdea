"""Billing accounts and their invoices."""

from collections.abc import Collection
from typing import NoReturn

from sqlalchemy import Connection, func, select, union_all

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t


class UnableToFindAccount(NotFoundError):
    """The agreement is charged to an account that does not exist."""


def lock_account(connection: Connection, account: str) -> None:
    """Hold the account until the transaction ends; SQLite's write transaction holds it anyway."""
    found = connection.scalar(
        select(t.billing_accounts.c.id).where(t.billing_accounts.c.id == account).with_for_update()
    )
    if found is None:
        _refuse(account)


def check_accounts(connection: Connection, accounts: Collection[str]) -> None:
    """Raise `UnableToFindAccount` where one of these does not exist."""
    known = connection.scalars(select(t.billing_accounts.c.id).where(t.billing_accounts.c.id.in_(accounts)))
    for missing in sorted(set(accounts) - set(known)):
        _refuse(missing)


def _refuse(account: str) -> NoReturn:
    msg = f"There is no billing account {account}."
    raise UnableToFindAccount(msg)


def open_invoices(connection: Connection, accounts: Collection[str]) -> dict[str, str | None]:
    """Return each account's open invoice; of several the one that began last; None where there is none."""
    found: dict[str, str | None] = dict.fromkeys(accounts)
    for row in connection.execute(
        select(a.invoices)
        .where(a.invoices.c.account.in_(accounts), a.invoices.c.state == "open")
        .order_by(a.invoices.c.starts, a.invoices.c.id.desc())
    ):
        found[row.account] = row.id
    return found


def totals(connection: Connection, invoices: Collection[str]) -> dict[str, int]:
    """Return what each invoice comes to, in minor units: its lines less the credits applied to it."""
    credit, line = a.applied_billing_credits.c, a.invoice_lines.c
    lines = select(line.invoice, line.amount).where(line.invoice.in_(invoices))
    applied = select(credit.invoice, -credit.amount).where(
        credit.invoice.in_(invoices), credit.state.in_(("booked", "posted"))
    )
    amounts = union_all(lines, applied).subquery()
    query = select(amounts.c.invoice, func.sum(amounts.c.amount)).group_by(amounts.c.invoice)
    found = dict.fromkeys(invoices, 0)
    return found | {row[0]: int(row[1]) for row in connection.execute(query)}
