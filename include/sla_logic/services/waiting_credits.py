"""The credits that wait for a person: to be decided, claimed or paid out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, or_, select, true
from sqlalchemy.sql import ColumnCollection

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla.claim_days import day_before
from include.sla_logic.persistence.contract_texts import parse_contract
from include.sla_logic.persistence.counted_credits import COUNTS
from include.sla_logic.persistence.paging import Page, cut_first
from include.sla_logic.persistence.schema.accounts import WAITING, applied_billing_credits
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.reference import agreements, contracts, customers

TO_PAY_OUT = "to_be_paid_out"
Columns = ColumnCollection[str, Any]


@dataclass(frozen=True)
class WaitingCredit:
    """A credit that waits: `held` for a second person, `unclaimed` for the customer, `to_be_paid_out` for an invoice.

    `amount` is None where a person must name it; `entered_by` is who did. `claim_until` is the last day of the claim,
    in the contract's zone; `claim_deadline` is the midnight that ends it. `facts` names what the judgement found.
    """

    reference: str
    ticket: str
    customer: str
    customer_name: str
    service: str
    agreement: str
    objective: str
    window_start: datetime
    window_end: datetime
    amount: Money | None
    currency: str
    state: str
    reason: str | None
    recorded_at: datetime
    claim_deadline: datetime | None
    entered_by: str | None
    claim_until: date | None = None
    facts: str | None = None

    @property
    def window(self) -> Period:
        """The window of which it is."""
        return Period(start=self.window_start, end=self.window_end)


def waiting_credits(connection: Connection) -> list[WaitingCredit]:
    """Return the credits that wait, oldest first."""
    return [_waiting(row) for row in connection.execute(_described(_waiting_rows().subquery()))]


def page_of_credits(connection: Connection, *, number: int, size: int, most: int | None = None) -> Page[WaitingCredit]:
    """Return one page of the same credits, counted no further than `most`."""
    return cut_first(connection, _waiting_rows(), _described, _waiting, number=number, size=size, most=most)


def held_credits_of(connection: Connection, ticket: str) -> list[WaitingCredit]:
    """Return the credits of one incident that wait for a second person."""
    table = applied_billing_credits.c
    mine = _waiting_rows().where(table.ticket == ticket, table.state == "held")
    return [_waiting(row) for row in connection.execute(_described(mine.subquery()))]


def others_of_the_window(connection: Connection, reference: str) -> list[tuple[str, str]]:
    """Return reference and ticket of what other incidents hold or have unclaimed for the window of this credit."""
    return _others(connection, reference, lambda _this, _other: true())


def decided_with(connection: Connection, reference: str) -> list[tuple[str, str]]:
    """Return those of which the same was judged, and those of which this one leaves nothing to be claimed."""
    return _others(connection, reference, lambda this, other: or_(other.facts == this.facts, _covers(this, other)))


def claimed_with(connection: Connection, reference: str) -> list[tuple[str, str]]:
    """Return those of which this one leaves nothing to be claimed."""
    return _others(connection, reference, _covers)


def _covers(this: Columns, other: Columns) -> ColumnElement[bool]:
    return and_(this.state.in_(COUNTS), other.state == "unclaimed", other.gross <= this.gross)


def _others(
    connection: Connection, reference: str, which: Callable[[Columns, Columns], ColumnElement[bool]]
) -> list[tuple[str, str]]:
    this, other = applied_billing_credits.alias(), applied_billing_credits.alias()
    same = [other.c[name] == this.c[name] for name in ("customer", "service", "window_start", "window_end")]
    query = (
        select(other.c.id, other.c.ticket)
        .join(this, and_(*same, which(this.c, other.c)))
        .where(this.c.id == reference, other.c.id != reference, other.c.state.in_(("held", "unclaimed")))
        .order_by(other.c.id)
    )
    return [(row.id, row.ticket) for row in connection.execute(query)]


def _waiting_rows() -> Select[Any]:
    """Return the query for the credits that wait, in the words of the index that has nothing but them."""
    table = applied_billing_credits.c
    return select(applied_billing_credits).where(WAITING).order_by(table.recorded_at, table.id)


def _described(waiting: FromClause) -> Select[Any]:
    """Return the query for these credits with the customer's name and the contract's terms, oldest first."""
    table = waiting.c
    return (
        select(waiting, customers.c.name.label("customer_name"))
        .add_columns(contracts.c.text.label("terms"), contracts.c.id.label("contract"), contracts.c.version)
        .outerjoin(customers, customers.c.id == table.customer)
        .outerjoin(agreements, agreements.c.id == table.agreement)
        .outerjoin(
            contracts,
            (contracts.c.id == agreements.c.contract) & (contracts.c.version == agreements.c.contract_version),
        )
        .order_by(table.recorded_at, table.id)
    )


def _waiting(row: Row[Any]) -> WaitingCredit:
    paid_out = row.state in COUNTS
    return WaitingCredit(
        reference=row.id,
        ticket=row.ticket,
        customer=row.customer,
        customer_name=row.customer_name or row.customer,
        service=row.service,
        agreement=row.agreement,
        objective=row.objective,
        window_start=row.window_start,
        window_end=row.window_end,
        amount=None if row.amount is None else from_minor_units(row.amount, row.currency),
        currency=row.currency,
        state=TO_PAY_OUT if paid_out else row.state,
        reason=f"The account {row.account} has no open invoice." if paid_out else row.held_because,
        recorded_at=row.recorded_at,
        claim_deadline=row.claim_deadline,
        entered_by=row.entered_by,
        claim_until=_last_day(row),
        facts=row.facts,
    )


def _last_day(row: Row[Any]) -> date | None:
    """Return the last day of the claim as the contract's zone counts days."""
    if row.claim_deadline is None:
        return None
    zone = "UTC" if row.terms is None else parse_contract(row.terms, row.contract, row.version).zone
    return day_before(row.claim_deadline, zone)
