"""The rows about services in a window, asked in one statement, as they were known at one moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, or_, select

from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.reported_incidents import report_questions
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.alarms import alarm_hit_services, received_alarms
from include.sla_logic.persistence.schema.columns import Instant
from include.sla_logic.persistence.together import Questions

Rows = Sequence[Any]


@cache
def facts_questions(*, with_reports: bool) -> Questions:
    """Return what is asked about services, once with what their customers reported and were credited."""
    return Questions(_questions() | (report_questions() if with_reports else {}))


def ends(name: str, period: Period) -> dict[str, datetime]:
    """Return both ends of a period as values of the questions."""
    return {f"{name}_start": period.start, f"{name}_end": period.end}


def _questions() -> dict[str, Select[Any]]:
    """Ask what happened to services in the window, or as far back as rights reach, and was known at `as_of`."""
    o, m, h, u = t.outages.c, t.maintenance_windows.c, t.holds.c, t.unobserved.c
    services: BindParameter[str] = bindparam("services", expanding=True)
    as_of = bindparam("as_of", type_=Instant)
    start, end = bindparam("seen_start", type_=Instant), bindparam("seen_end", type_=Instant)
    window_start, window_end = bindparam("window_start", type_=Instant), bindparam("window_end", type_=Instant)
    return {
        "outages": select(t.outages).where(
            o.service.in_(services),
            o.started_at < end,
            o.started_at <= as_of,
            # An end before the start is a record to refuse, not one to lose.
            or_(o.ended_at.is_(None), o.ended_at > start, o.ended_at < o.started_at),
        ),
        "maintenance": select(t.maintenance_windows).where(
            m.service.in_(services),
            m.starts_at < end,
            or_(m.ends_at > start, m.ends_at < m.starts_at),
            or_(m.announced_at <= as_of, and_(m.announced_at.is_(None), m.starts_at <= as_of)),
        ),
        "holds": select(t.holds).where(
            h.service.in_(services),
            h.starts_at < end,
            h.starts_at <= as_of,
            or_(h.ends_at.is_(None), h.ends_at > start),
        ),
        "unobserved": select(t.unobserved).where(
            u.service.in_(services), u.started_at < window_end, u.started_at <= as_of, u.ended_at > window_start
        ),
        "alarms": _alarms(services, (start, end), as_of),
        "metrics": select(t.measured_metrics).where(t.measured_metrics.c.service.in_(services)),
    }


def _alarms(services: Any, seen: tuple[Any, Any], as_of: Any) -> Select[Any]:
    """Ask which alarms hit these services: they show when an outage was detected."""
    a, hit, (start, end) = received_alarms.c, alarm_hit_services.c, seen
    there = or_(a.ended_at.is_(None), a.ended_at > start)
    query = select(hit.service, a.raised_at, a.ended_at).join(received_alarms, a.hit == hit.hit)
    return query.where(hit.service.in_(services), a.raised_at < end, a.raised_at <= as_of, there)


def by_service(services: Sequence[str], answers: Mapping[str, Rows]) -> dict[str, dict[str, Rows]]:
    """Sort the answers by the service that they are about."""
    found: dict[str, dict[str, Any]] = {service: {name: [] for name in answers} for service in services}
    for name, rows in answers.items():
        for row in rows:
            found[row.service][name].append(row)
    return found


def known_at(as_of: datetime, rows: Mapping[str, Rows]) -> dict[str, Rows]:
    """Keep what was known by then, of rows that were asked for a later moment."""
    since = {"outages": "started_at", "holds": "starts_at", "unobserved": "started_at", "alarms": "raised_at"}
    known = {name: [row for row in rows[name] if getattr(row, at) <= as_of] for name, at in since.items()}
    planned = [row for row in rows["maintenance"] if (row.announced_at or row.starts_at) <= as_of]
    return {**rows, **known, "maintenance": planned}


def within(period: Period, rows: Mapping[str, Rows]) -> dict[str, Rows]:
    """Keep what shares time with a period, of rows that were asked for a longer one."""
    ends = {
        "outages": ("started_at", "ended_at"),
        "maintenance": ("starts_at", "ends_at"),
        "holds": ("starts_at", "ends_at"),
        "alarms": ("raised_at", "ended_at"),
    }
    kept = {
        name: [row for row in rows[name] if _meets(period, getattr(row, start), getattr(row, end))]
        for name, (start, end) in ends.items()
    }
    return {**rows, **kept}


def _meets(period: Period, start: datetime, end: datetime | None) -> bool:
    """Tell whether a row is about a part of the period; an end before the start is a record to refuse."""
    return start < period.end and (end is None or end > period.start or end < start)
