"""The agreements of customers, with the time that each holds and the terms that changed while they lasted."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms

_a, _terms = t.agreements.c, agreement_terms.c


def in_force(day: date) -> ColumnElement[bool]:
    """Return the condition that an agreement is in force on that day of its contract's zone."""
    return and_(_a.starts <= day, or_(_a.ends.is_(None), _a.ends >= day))


def perhaps_in_force(at: datetime) -> ColumnElement[bool]:
    """Return the condition that an agreement may be in force then: every zone's day is within one of UTC's."""
    day, one = at.astimezone(UTC).date(), timedelta(days=1)
    return and_(_a.starts <= day + one, or_(_a.ends.is_(None), _a.ends >= day - one))


def perhaps_subscribers(connection: Connection, service: str, *, at: datetime, limit: int | None = None) -> list[str]:
    """Return customers who may have the service at that moment: the register knows who does."""
    named = select(_a.customer).where(_a.service == service, perhaps_in_force(at))
    changed = select(_terms.customer).join(t.agreements, _a.id == _terms.agreement)
    either = named.union(changed.where(_a.service == service, perhaps_in_force(at))).subquery()
    return list(connection.scalars(select(either.c.customer).order_by(either.c.customer).limit(limit)))
