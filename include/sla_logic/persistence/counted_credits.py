"""What was booked and decided for a customer's service, whichever incident and agreement brought it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Connection, DateTime, Row, Select, String, bindparam, column, func, select

from include.sla_logic.domain.credit import Decision
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import from_minor_units

COUNTS = ("booked", "posted")
PART = 50  # subscriptions of one question
Subscription = tuple[str, str]  # customer and service
_CREDITS = a.applied_billing_credits
_ASKED, _INSTANT = ("customer", "service", "since", "until"), DateTime(timezone=True)
_KEPT = "%Y-%m-%d %H:%M:%S.%f"  # how SQLite keeps an instant


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
    for some in portions(subscriptions, PART):
        part = set(some)
        customers, services = zip(*part, strict=True)
        mine = _CREDITS.c.customer.in_(set(customers)), _CREDITS.c.service.in_(set(services))
        yield from (row for row in connection.execute(query.where(*mine)) if (row.customer, row.service) in part)


def credits_about(
    connection: Connection, wanted: Mapping[Subscription, Period]
) -> dict[Subscription, list[EarlierCredit]]:
    """Return what counts for each customer's service in windows that share time with its stretch, oldest first.

    Each is looked for along an index: what was credited for other windows is not read, however much it is.
    """
    found: dict[Subscription, list[EarlierCredit]] = {one: [] for one in wanted}
    if found:
        on_postgres = connection.dialect.name == "postgresql"
        asked = _as_sent(wanted, on_postgres=on_postgres)
        for row in connection.execute(_about(on_postgres=on_postgres), asked):
            found[row.customer, row.service].append(counted_credit(row))
    return found


@cache
def _about(*, on_postgres: bool) -> Select[Any]:
    """Return the query for the credits of many stretches, which are sent as arrays or as one value; made once."""
    if on_postgres:
        asked = _unnested(customer=String(), service=String(), since=_INSTANT, until=_INSTANT)
        customer, service, since, until = (asked.c[name] for name in _ASKED)
    else:
        asked = func.json_each(bindparam("asked", type_=String)).table_valued("value")
        customer, service, since, until = (func.json_extract(asked.c.value, f"$[{n}]") for n in range(4))
    c = _CREDITS.c
    mine = (c.customer == customer) & (c.service == service) & (c.window_start < until) & (c.window_end >= since)
    columns = (c.id, c.customer, c.service, c.objective, c.window_start, c.window_end, c.amount, c.currency)
    query = select(*columns).select_from(asked).join(_CREDITS, mine)
    return query.where(c.state.in_(COUNTS)).order_by(c.recorded_at, c.id)


def _unnested(**columns: Any) -> Any:
    """Return a table of these columns whose values come as an array for each."""
    arrays = (bindparam(name, type_=ARRAY(kind)) for name, kind in columns.items())
    named = (column(name, kind) for name, kind in columns.items())
    return func.unnest(*arrays).table_valued(*named, name="asked").render_derived()


def _as_sent(wanted: Mapping[Subscription, Period], *, on_postgres: bool) -> dict[str, Any]:
    rows = [(*whose, stretch.start, stretch.end) for whose, stretch in wanted.items()]
    if on_postgres:
        return {name: list(values) for name, values in zip(_ASKED, zip(*rows, strict=True), strict=True)}
    kept = [
        (*whose, f"{since.astimezone(UTC):{_KEPT}}", f"{until.astimezone(UTC):{_KEPT}}")
        for *whose, since, until in rows
    ]
    return {"asked": json.dumps(kept)}


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
        entered_by=row.entered_by,
    )


def touching(credited: Iterable[EarlierCredit], window: Period) -> list[EarlierCredit]:
    """Keep the credits of windows that share time with this one."""
    return [one for one in credited if one.window.start < window.end and one.window.end > window.start]


def window_of(row: Any) -> Period:
    """Return the window of a row of `applied_billing_credits`."""
    return Period(start=row.window_start, end=row.window_end)


def _money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else from_minor_units(amount, currency)
