"""Outages that are on record for so long that their ends may be missing, or those of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, extract, func, or_, select

from include.sla_logic.persistence.schema.reference import outages

_o = outages.c


@dataclass(frozen=True)
class LongOutage:
    """One of them; `ended_at` is None where it has no end."""

    service: str
    reference: str
    started_at: datetime
    ended_at: datetime | None

    def __str__(self) -> str:
        """Say it on one line."""
        until = "has no end" if self.ended_at is None else f"ended only on {self.ended_at:%Y-%m-%d}"
        return (
            f"{self.service}: the outage {self.reference} began on {self.started_at:%Y-%m-%d} and {until}: correct it"
        )


def long_outages(connection: Connection, *, days: int, now: datetime, limit: int) -> Sequence[LongOutage]:
    """Return outages that are longer than `days`, the oldest first; those without an end come before the others."""
    if connection.dialect.name == "postgresql":
        lasted = (extract("epoch", _o.ended_at) - extract("epoch", _o.started_at)) / 86_400
    else:
        lasted = func.julianday(_o.ended_at) - func.julianday(_o.started_at)
    is_open = and_(_o.ended_at.is_(None), _o.started_at < now - timedelta(days=days))
    query = select(_o.service, _o.reference, _o.started_at, _o.ended_at).where(or_(is_open, lasted > days))
    rows = connection.execute(query.order_by(_o.ended_at.is_not(None), _o.started_at, _o.service).limit(limit))
    return [LongOutage(*row) for row in rows]
