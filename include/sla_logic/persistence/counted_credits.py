"""The credits that count: booked or posted, whichever incident brought them."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import EarlierCredit
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units

COUNTS = ("booked", "posted")


def counted_credits(connection: Connection, agreements: Collection[str]) -> dict[str, list[EarlierCredit]]:
    """Return what counts under each of these agreements, oldest first; held and declined credits do not."""
    table = a.applied_billing_credits.c
    rows = connection.execute(
        select(a.applied_billing_credits, t.agreements.c.contract)
        .join(t.agreements, t.agreements.c.id == table.agreement)
        .where(table.agreement.in_(agreements), table.state.in_(COUNTS))
        .order_by(table.recorded_at, table.id)
    )
    found: dict[str, list[EarlierCredit]] = {agreement: [] for agreement in agreements}
    for row in rows:
        found[row.agreement].append(
            EarlierCredit(
                contract=row.contract,
                window=window_of(row),
                objective=row.objective,
                amount=from_minor_units(row.amount, row.currency),
                reference=row.id,
            )
        )
    return found


def touching(credited: Iterable[EarlierCredit], window: Period) -> list[EarlierCredit]:
    """Keep the credits of windows that share time with this one."""
    return [one for one in credited if one.window.start < window.end and one.window.end > window.start]


def window_of(row: Row[Any]) -> Period:
    """Return the window of a row of `applied_billing_credits`."""
    return Period(start=row.window_start, end=row.window_end)
