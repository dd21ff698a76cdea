"""Subscribed services of which so little is on record that nothing can be examined, or judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, not_, or_, select

from include.sla_logic.persistence.agreements import in_force
from include.sla_logic.persistence.schema import reference as t

RESOURCES = "no resource is known on which it runs: an incident cannot be examined"
MEASUREMENTS = "neither samples nor outages are on record: nothing shows whether it works"


@dataclass(frozen=True)
class UnwatchedService:
    """One service, and what is missing on record."""

    service: str
    lacks: tuple[str, ...]

    def __str__(self) -> str:
        """Say it on one line."""
        return f"{self.service}: {'; '.join(self.lacks)}"


def unwatched_services(connection: Connection, *, on: date, limit: int) -> Sequence[UnwatchedService]:
    """Return the services subscribed that day without resources, or without samples and outages, in their order."""
    unknown, unmeasured = _unknown(), _unmeasured()
    columns = t.services.c.id, unknown.label("unknown"), unmeasured.label("unmeasured")
    query = _subscribed(select(*columns), on).where(or_(unknown, unmeasured)).order_by(t.services.c.id).limit(limit)
    rows = connection.execute(query)
    return [
        UnwatchedService(row.id, (*([RESOURCES] if row.unknown else []), *([MEASUREMENTS] if row.unmeasured else [])))
        for row in rows
    ]


def count_unwatched(connection: Connection, *, on: date) -> int:
    """Count the same services."""
    query = _subscribed(select(func.count(t.services.c.id)), on).where(or_(_unknown(), _unmeasured()))
    return int(connection.scalar(query) or 0)


def _subscribed(query: Select[Any], on: date) -> Select[Any]:
    held = exists().where(t.agreements.c.service == t.services.c.id, in_force(on))
    return query.where(held)


def _unknown() -> ColumnElement[bool]:
    return not_(exists().where(t.topology.c.service == t.services.c.id))


def _unmeasured() -> ColumnElement[bool]:
    sampled = exists().where(t.samples.c.service == t.services.c.id)
    recorded = exists().where(t.outages.c.service == t.services.c.id)
    return and_(not_(sampled), not_(recorded))
