"""Billing accounts and their invoices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, func, select, union_all

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t


class UnableToFindAccount(NotFoundError):
    """The agreement is charged to an account that does not exist."""


def lock_credits(connection: Connection, service: str, account: str) -> None:
    """Hold the service, then the account, as booking does; SQLite's write transaction holds them anyway."""
    lock_service(connection, service)
    query = select(t.billing_accounts.c.id).where(t.billing_accounts.c.id == account)
    if connection.scalar(query.with_for_update()) is None:
        _refuse(account)


def lock_service(connection: Connection, service: str) -> None:
    """Hold the service until the transaction ends: what is booked and told of its windows."""
    held = t.services.c.id == service
    connection.execute(select(t.services.c.id).where(held).with_for_update(key_share=True))


@dataclass
class Accounts:
    """Billing accounts with their currencies and invoices; `totals` has what each open invoice comes to."""

    currencies: dict[str, str]
    invoices: dict[str, str | None]
    totals: dict[str, int]
    rows: Sequence[Row[Any]]

    def settled_with(self, account: str, window: Period) -> str | None:
        """Return the last settled invoice that holds more than a day of the window, where no open one does."""
        mine = [row for row in self.rows if row.account == account and _shared_days(row, window) > 1]
        states = {row.state for row in mine}
        return max(mine, key=lambda row: row.ends).id if states == {"settled"} else None


def read_accounts(connection: Connection, accounts: Collection[str]) -> Accounts:
    """Read these accounts; raise `UnableToFindAccount` where one does not exist."""
    table = t.billing_accounts.c
    known = connection.execute(select(table.id, table.currency).where(table.id.in_(accounts)))
    currencies = {row.id: row.currency for row in known}
    for missing in sorted(set(accounts) - set(currencies)):
        _refuse(missing)
    rows = connection.execute(select(a.invoices).where(a.invoices.c.account.in_(accounts))).all()
    invoices = _open(rows, accounts)
    return Accounts(currencies, invoices, totals(connection, [one for one in invoices.values() if one]), rows)


def account_names(connection: Connection) -> list[str]:
    """Return the ids of all billing accounts."""
    return list(connection.scalars(select(t.billing_accounts.c.id)))


def _shared_days(invoice: Row[Any], window: Period) -> int:
    """Count the days that both have; invoices are dated in days, windows begin at midnight of the contract's zone."""
    days: int = (min(invoice.ends, window.end.date()) - max(invoice.starts, window.start.date())).days
    return days


def _refuse(account: str) -> NoReturn:
    msg = f"There is no billing account {account}."
    raise UnableToFindAccount(msg)


def open_invoice(connection: Connection, account: str) -> str | None:
    """Return the account's open invoice; of several the one that began last; None where there is none."""
    rows = connection.execute(select(a.invoices).where(a.invoices.c.account == account)).all()
    return _open(rows, [account])[account]


def _open(rows: Sequence[Row[Any]], accounts: Collection[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = dict.fromkeys(accounts)
    opened = sorted((row for row in rows if row.state == "open"), key=lambda row: row.id, reverse=True)
    for row in sorted(opened, key=lambda row: row.starts):  # the last one stays: it began last, of equals the first
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
