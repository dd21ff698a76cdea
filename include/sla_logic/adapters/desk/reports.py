"""Figures of one month: what was closed in it, how fast, and what it cost."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.adapters.schema.columns import from_minor_units
from include.sla_logic.adapters.schema.queue import queue
from include.sla_logic.adapters.schema.system_t import tickets
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period

_CREDITED = frozenset({"booked", "provisional"})

_COUNTED: list[Any] = [
    queue.c[name]
    for name in (
        *("outcome", "cause", "contract", "department"),
        *("ending", "breached", "credit", "credit_state", "currency", "closed_at", "reported_at", "corrected_at"),
    )
]


@dataclass(frozen=True)
class Group:
    """The incidents that share one outcome, cause, contract or department; credits by currency."""

    name: str
    incidents: int
    breaches: int
    escalated: int
    restored: int  # incidents of which a correction was measured to have helped
    restored_within: timedelta | None  # their median, from the customer's report to the correction
    credits: Sequence[Money] = field(default=())
    under_review: Sequence[Money] = field(default=())


@dataclass(frozen=True)
class MonthReport:
    """One month in UTC, cut in four ways."""

    period: Period
    total: Group
    by_outcome: Sequence[Group]
    by_cause: Sequence[Group]
    by_contract: Sequence[Group]
    by_department: Sequence[Group]


def report_month(connection: Connection, period: Period) -> MonthReport:
    """Count the incidents that were closed in the period; one query."""
    rows: list[Row[Any]] = list(
        connection.execute(
            select(*_COUNTED, tickets.c.escalated)
            .join(tickets, tickets.c.number == queue.c.ticket)
            .where(queue.c.closed_at >= period.start, queue.c.closed_at < period.end)
        )
    )
    return MonthReport(
        period=period,
        total=_group("all", rows),
        by_outcome=_grouped(rows, "outcome"),
        by_cause=_grouped(rows, "cause"),
        by_contract=_grouped(rows, "contract"),
        by_department=_grouped(rows, "department"),
    )


def _grouped(rows: Iterable[Row[Any]], column: str) -> Sequence[Group]:
    parts: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        parts[getattr(row, column) or "none"].append(row)
    return sorted((_group(name, part) for name, part in parts.items()), key=lambda g: (-g.incidents, g.name))


def _group(name: str, rows: Sequence[Row[Any]]) -> Group:
    times = [row.corrected_at - row.reported_at for row in rows if row.corrected_at and row.reported_at]
    return Group(
        name=name,
        incidents=len(rows),
        breaches=sum(bool(row.breached) for row in rows),
        escalated=sum(bool(row.escalated) for row in rows),
        restored=len(times),
        restored_within=median_low(times) if times else None,
        credits=_sums(rows, _CREDITED),
        under_review=_sums(rows, frozenset({"under_review"})),
    )


def _sums(rows: Iterable[Row[Any]], states: frozenset[str]) -> Sequence[Money]:
    amounts: Counter[str] = Counter()
    for row in rows:
        if row.credit and row.credit_state in states:
            amounts[row.currency] += row.credit
    return [from_minor_units(amount, currency) for currency, amount in sorted(amounts.items())]


def month_of(text: str) -> Period:
    """Return the month that `2026-11` names; raise `UnableToReadMonth`."""
    from datetime import UTC

    try:
        start = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
        end = (start + timedelta(days=32)).replace(day=1)
    except (ValueError, OverflowError) as error:
        raise UnableToReadMonth(f"{text[:20]!r} is not a month; write it as 2026-11.") from error
    return Period(start=start, end=end)


class UnableToReadMonth(Exception):
    """The text names no month."""
