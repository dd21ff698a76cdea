"""The figures of the moment for metrics, all read from the database, so that nothing is counted twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from include.sla_logic.persistence.active_incidents import INCIDENTS, active
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import outbox, quarantine, restorations


@dataclass(frozen=True)
class Figure:
    """One figure; its tags name outcomes, kinds and currencies, never a customer or an incident."""

    name: str
    value: float
    tags: dict[str, str] = field(default_factory=dict)


def read_figures(connection: Connection, *, now: datetime) -> Sequence[Figure]:
    """Return the figures of this moment; seconds to a deadline are negative once it has passed."""
    return [
        *_incidents(connection),
        *_waits(connection, now),
        *_outbox(connection, now),
        *_credits(connection),
        Figure("quarantine.waiting", _count(connection, quarantine, quarantine.c.state == "waiting")),
    ]


def _incidents(connection: Connection) -> list[Figure]:
    query = select(queue.c.outcome, queue.c.ending, func.count()).where(queue.c.closed_at.is_not(None))
    rows = connection.execute(query.group_by(queue.c.outcome, queue.c.ending))
    ended = [Figure("incidents.ended", row[2], {"outcome": str(row[0]), "ending": str(row[1])}) for row in rows]
    begun = select(func.count()).select_from(INCIDENTS).where(active())
    waiting = _count(connection, arrivals, arrivals.c.state == "waiting")
    return [
        *ended,
        Figure("incidents.active", connection.scalar(begun) or 0),
        Figure("backlog.waiting", waiting),
    ]


def _waits(connection: Connection, now: datetime) -> list[Figure]:
    wait = restorations.c
    undecided = wait.outcome.is_(None)
    unanswered = [undecided, wait.sent_at.is_(None), wait.rejected_at.is_(None)]
    nearest = connection.scalar(select(func.min(wait.deadline)).where(*unanswered))
    figures = [Figure("waits", _count(connection, restorations, undecided))]
    if nearest is not None:
        figures.append(Figure("waits.seconds_to_nearest_deadline", (nearest - now).total_seconds()))
    return figures


def _outbox(connection: Connection, now: datetime) -> list[Figure]:
    leaving = or_(outbox.c.state == "waiting", outbox.c.state == "claimed")
    oldest = connection.scalar(select(func.min(outbox.c.created_at)).where(leaving))
    return [
        Figure("outbox.waiting", _count(connection, outbox, leaving)),
        Figure("outbox.dead", _count(connection, outbox, outbox.c.state == "dead")),
        Figure("outbox.oldest_seconds", 0.0 if oldest is None else (now - oldest).total_seconds()),
    ]


def _credits(connection: Connection) -> list[Figure]:
    table = a.applied_billing_credits.c
    query = select(table.state, table.currency, func.count(), func.sum(table.amount))
    figures = []
    for state, currency, count, amount in connection.execute(query.group_by(table.state, table.currency)):
        tags = {"state": state, "currency": currency}
        figures.append(Figure("credits", count, tags))
        figures.append(Figure("credits.amount", float(from_minor_units(int(amount or 0), currency).amount), tags))
    return figures


def _count(connection: Connection, table: object, condition: object) -> int:
    query = select(func.count()).select_from(table).where(condition)  # type: ignore[arg-type]
    return int(connection.scalar(query) or 0)
