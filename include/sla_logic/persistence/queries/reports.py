"""Figures of one month: what was closed in it, how fast, and what it cost."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median_low
from typing import Any

from sqlalchemy import Connection, case, func, select

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.settlement import settlement_rounds
from include.sla_logic.persistence.schema.system_t import tickets

_CUTS = ("outcome", "cause", "contract", "department")


@dataclass(frozen=True)
class Group:
    """The incidents that share one outcome, cause, contract or department; credits by currency.

    `provisional` is credited for windows that settlement has not judged for good; `credits` is final.
    """

    name: str
    incidents: int
    breaches: int
    escalated: int
    restored: int  # incidents of which a correction was measured to have helped
    restored_within: timedelta | None  # their median, from the customer's report to the correction
    credits: Sequence[Money] = field(default=())
    provisional: Sequence[Money] = field(default=())
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
    """Count the incidents that were closed in the period; two queries, the counting done by the database."""
    closed = (queue.c.closed_at >= period.start, queue.c.closed_at < period.end)
    cuts = [queue.c[name] for name in _CUTS]
    read = select(*cuts, queue.c.currency, queue.c.breached, queue.c.credit, _credit_state(), tickets.c.escalated)
    mine = read.join_from(queue, tickets, tickets.c.number == queue.c.ticket).where(*closed).subquery().c
    kinds = [*(mine[name] for name in _CUTS), mine.currency, mine.credit_state]
    counted = select(
        *kinds,
        func.count().label("incidents"),
        func.sum(case((mine.breached.is_(True), 1), else_=0)).label("breaches"),
        func.sum(case((mine.escalated.is_(True), 1), else_=0)).label("escalated"),
        func.sum(mine.credit).label("credit"),
    ).group_by(*kinds)
    corrected = (queue.c.reported_at.is_not(None), queue.c.corrected_at.is_not(None))
    timed = select(*cuts, queue.c.reported_at, queue.c.corrected_at).where(*closed, *corrected)
    both = connection.execute(counted).all(), [_took(*row) for row in connection.execute(timed)]
    return MonthReport(
        period=period,
        total=_group("all", *both),
        **{f"by_{cut}": _grouped(*both, cut=place) for place, cut in enumerate(_CUTS)},
    )


def _credit_state() -> Any:
    """Return what became of the credit: what was provisional is booked for good once its window is done."""
    rounds, later = settlement_rounds.c, settlement_rounds.alias().c
    window = ("customer", "service", "window_start", "window_end")
    newer = select(later.number).where(*(later[name] == rounds[name] for name in window), later.round > rounds.round)
    done = (rounds.window_end == queue.c.window_end, rounds.state == RoundState.DONE.value, ~newer.exists())
    mine = (rounds.customer == tickets.c.customer, rounds.service == tickets.c.service)
    settled = select(rounds.number).where(*mine, *done).exists()
    state = queue.c.credit_state
    return case(((state == CreditState.PROVISIONAL.value) & settled, CreditState.BOOKED.value), else_=state).label(
        "credit_state"
    )


def _took(*row: Any) -> tuple[Any, ...]:
    """Return the cuts of one corrected incident, and the whole seconds from its report to its correction.

    A duration of RFC 3339, which the description of the API promises, has no fractions of a second.
    """
    *cuts, reported_at, corrected_at = row
    return *cuts, timedelta(seconds=(corrected_at - reported_at) // timedelta(seconds=1))


def _grouped(counted: Sequence[Any], timed: Sequence[tuple[Any, ...]], *, cut: int) -> Sequence[Group]:
    parts: dict[str, tuple[list[Any], list[tuple[Any, ...]]]] = defaultdict(lambda: ([], []))
    for row in counted:
        parts[row[cut] or "none"][0].append(row)
    for took in timed:
        parts[took[cut] or "none"][1].append(took)
    return sorted((_group(name, *part) for name, part in parts.items()), key=lambda g: (-g.incidents, g.name))


def _group(name: str, counted: Sequence[Any], timed: Sequence[tuple[Any, ...]]) -> Group:
    times = [took[-1] for took in timed]
    return Group(
        name=name,
        incidents=sum(row.incidents for row in counted),
        breaches=sum(row.breaches for row in counted),
        escalated=sum(row.escalated for row in counted),
        restored=len(times),
        restored_within=median_low(times) if times else None,
        credits=_sums(counted, CreditState.BOOKED),
        provisional=_sums(counted, CreditState.PROVISIONAL),
        under_review=_sums(counted, CreditState.UNDER_REVIEW),
    )


def _sums(rows: Iterable[Any], state: CreditState) -> Sequence[Money]:
    amounts: Counter[str] = Counter()
    for row in rows:
        if row.credit and row.credit_state == state:
            amounts[row.currency] += int(row.credit)
    return [from_minor_units(amount, currency) for currency, amount in sorted(amounts.items())]


def month_of(text: str) -> Period:
    """Return the month that `2026-11` names; raise `UnableToReadMonth`."""
    try:
        return calendar_window("month", "UTC", datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise UnableToReadMonth(f"{text[:20]!r} is not a month; write it as 2026-11.") from error


class UnableToReadMonth(InvalidInputError):
    """The text names no month."""
