"""What was booked on billing accounts, and the invoices that it is applied to (TMF678)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, select, true

from include.sla_logic.domain.booked_credit import Bill, BookedCredit
from include.sla_logic.domain.outgoing_keys import outgoing_key
from include.sla_logic.persistence.accounts import totals
from include.sla_logic.persistence.counted_credits import COUNTS, window_of
from include.sla_logic.persistence.credit_rows import BILLING
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.keyset import Cut, Part, cut_part
from include.sla_logic.persistence.schema.accounts import applied_billing_credits, invoices
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.reference import billing_accounts
from include.sla_logic.persistence.schema.settlement import settlement_rounds

SETTLED = "settled"
Names = Collection[str]
_c, _i, _a, _r = applied_billing_credits.c, invoices.c, billing_accounts.c, settlement_rounds.c


@dataclass(frozen=True)
class CreditFilter:
    """Which credits are asked for, each by alternatives; None where any will do."""

    customers: Names | None = None
    references: Names | None = None
    accounts: Names | None = None
    invoices: Names | None = None
    billed: bool | None = None
    is_credit: bool | None = None


@dataclass(frozen=True)
class BillFilter:
    """Which invoices are asked for, each by alternatives; None where any will do."""

    customers: Names | None = None
    bills: Names | None = None
    accounts: Names | None = None
    settled: bool | None = None


def find_credits(connection: Connection, wanted: CreditFilter, cut: Cut) -> tuple[Part[BookedCredit], int]:
    """Return a part of what was booked, in the order of references, and how much there is in all.

    What is held, unclaimed, declined, lapsed or replaced was not booked, nor was a credit of nothing. The invoice is
    left out where it is another customer's.
    """
    query = _credits(wanted)
    installation = installation_id(connection)

    def read(row: Row[Any]) -> BookedCredit:
        return _credit(row, outgoing_key(installation, f"{BILLING}:{row.id}"))

    return cut_part(connection, query, [_c.id], read, cut), _count(connection, query)


def find_bills(connection: Connection, wanted: BillFilter, cut: Cut) -> tuple[Part[Bill], int]:
    """Return a part of the invoices, in the order of their ids, and how many there are in all."""
    query = (
        select(invoices, _a.customer, _a.currency)
        .join(billing_accounts, _a.id == _i.account)
        .where(_among(_a.customer, wanted.customers), _among(_i.id, wanted.bills), _among(_i.account, wanted.accounts))
    )
    if wanted.settled is not None:
        query = query.where((_i.state == SETTLED) if wanted.settled else (_i.state != SETTLED))
    part = cut_part(connection, query, [_i.id], lambda row: row, cut)
    sums = totals(connection, [row.id for row in part.rows])
    bills = [_bill(row, sums[row.id]) for row in part.rows]
    return Part(bills, part.first, part.last, part.more_before, part.more_after), _count(connection, query)


def _credits(wanted: CreditFilter) -> Select[Any]:
    same = [_r[name] == _c[name] for name in ("customer", "service", "window_start", "window_end")]
    done = select(_r.number).where(*same, _r.state == "done").exists()
    seen = _among(_a.customer, wanted.customers)
    shown = case((seen, _c.invoice), else_=None)
    settled = and_(_c.invoice.is_not(None), func.coalesce(_i.state, "") == SETTLED)
    query = (
        select(applied_billing_credits, done.label("window_done"), shown.label("shown"), settled.label("billed"))
        .outerjoin(invoices, _i.id == _c.invoice)
        .outerjoin(billing_accounts, _a.id == _i.account)
        .where(_c.state.in_(COUNTS), _c.amount != 0)
        .where(_among(_c.customer, wanted.customers), _among(_c.id, wanted.references))
        .where(_among(_c.account, wanted.accounts))
    )
    if wanted.invoices is not None:
        query = query.where(_c.invoice.in_(wanted.invoices), seen)
    if wanted.billed is not None:
        query = query.where(settled if wanted.billed else ~settled)
    if wanted.is_credit is not None:
        query = query.where(_c.amount > 0 if wanted.is_credit else _c.amount < 0)
    return query


def _among(column: ColumnElement[Any], names: Names | None) -> ColumnElement[bool]:
    return true() if names is None else column.in_(list(names))


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.scalar(select(func.count()).select_from(query.subquery())) or 0)


def _credit(row: Row[Any], key: str) -> BookedCredit:
    return BookedCredit(
        reference=row.id,
        source=row.ticket,
        customer=row.customer,
        service=row.service,
        agreement=row.agreement,
        account=row.account,
        objective=row.objective,
        window=window_of(row),
        window_done=bool(row.window_done),
        amount=from_minor_units(row.amount, row.currency),
        booked_at=row.decided_at or row.recorded_at,
        invoice=row.shown,
        invoice_settled=bool(row.billed),
        key=key,
    )


def _bill(row: Row[Any], total: int) -> Bill:
    return Bill(
        id=row.id,
        account=row.account,
        customer=row.customer,
        starts=row.starts,
        ends=row.ends,
        settled=row.state == SETTLED,
        total=from_minor_units(total, row.currency),
    )
