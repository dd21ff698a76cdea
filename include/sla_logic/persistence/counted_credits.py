"""What was booked and decided for a customer's service, whichever incident and agreement brought it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, select

from include.sla_logic.domain.credit import Decision
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import from_minor_units

COUNTS = ("booked", "posted")
PART = 50  # subscriptions of one question
Subscription = tuple[str, str]  # customer and service
_CREDITS = a.applied_billing_credits


class History(NamedTuple):
    """What counts for one customer's service, oldest first, and what people decided about it."""

    credited: list[EarlierCredit]
    decided: list[Decision]


def credit_histories(connection: Connection, subscriptions: Collection[Subscription]) -> dict[Subscription, History]:
    """Return the history of each customer's service; what is held, unclaimed or declined does not count.

    A claim that was booked is no decision: a person decides about what was held.
    """
    found = {one: History([], []) for one in subscriptions}
    held = _CREDITS.c.decided_by.is_not(None) & _CREDITS.c.held_because.is_not(None)
    wanted = _CREDITS.c.state.in_((*COUNTS, "declined")) | held
    order = _CREDITS.c.recorded_at, _CREDITS.c.id
    for row in _rows_of(connection, sorted(found), select(_CREDITS).where(wanted).order_by(*order)):
        history = found[row.customer, row.service]
        if row.state in COUNTS:
            history.credited.append(counted_credit(row))
        if row.state == "declined" or (row.state in COUNTS and row.decided_by and row.held_because):
            history.decided.append(_decision(row))
    return found


def _rows_of(connection: Connection, subscriptions: Sequence[Subscription], query: Select[Any]) -> Iterator[Row[Any]]:
    """Yield the rows of these subscriptions, in parts: SQLite would read the whole table for pairs."""
    for start in range(0, len(subscriptions), PART):
        part = set(subscriptions[start : start + PART])
        customers, services = zip(*part, strict=True)
        mine = _CREDITS.c.customer.in_(set(customers)), _CREDITS.c.service.in_(set(services))
        yield from (row for row in connection.execute(query.where(*mine)) if (row.customer, row.service) in part)


def counted_credits(connection: Connection, customer: str, service: str) -> list[EarlierCredit]:
    """Return what counts for one customer's service."""
    return credit_histories(connection, [(customer, service)])[customer, service].credited


def credited_with(connection: Connection, references: Collection[str], currency: str) -> tuple[Money, str | None]:
    """Return what these credits have brought in all, and the invoice that one was applied to last."""
    counts = _CREDITS.c.state.in_(COUNTS)
    query = select(_CREDITS).where(_CREDITS.c.id.in_(references), counts).order_by(_CREDITS.c.decided_at)
    rows = connection.execute(query).all()
    booked = (from_minor_units(row.amount, row.currency) for row in rows)
    return sum(booked, start=Money.zero(currency)), rows[-1].invoice if rows else None


def counted_credit(row: Any) -> EarlierCredit:
    """Return a row as what was credited."""
    return EarlierCredit(
        window=window_of(row),
        amount=from_minor_units(row.amount, row.currency),
        reference=row.id,
        objective=row.objective,
    )


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        window=window_of(row),
        state=row.state,
        amount=_money(row.amount, row.currency),
        gross=_money(row.gross, row.currency),
        facts=row.facts,
        by=row.decided_by or "",
        at=row.decided_at or row.recorded_at,
        reference=row.id,
    )


def touching(credited: Iterable[EarlierCredit], window: Period) -> list[EarlierCredit]:
    """Keep the credits of windows that share time with this one."""
    return [one for one in credited if one.window.start < window.end and one.window.end > window.start]


def window_of(row: Any) -> Period:
    """Return the window of a row of `applied_billing_credits`."""
    return Period(start=row.window_start, end=row.window_end)


def _money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else from_minor_units(amount, currency)
