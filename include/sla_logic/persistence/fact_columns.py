"""What was recorded about many services up to one moment, in columns for the judgement of whole registers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, cast, func, literal, or_, select

from include.sla_logic.domain.contract.sources import Source
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.columns import NEVER, Column, Mask, Stretches
from include.sla_logic.domain.sla.quiet_windows import ATTRIBUTIONS, FactColumns
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.active_incidents import INCIDENTS, active
from include.sla_logic.persistence.columns import UNKNOWN, Columns, placed, read_columns, to_microseconds
from include.sla_logic.persistence.completeness import collected
from include.sla_logic.persistence.feeds import feed_states
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.settlement import completeness
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets

_SECOND = 1_000_000
_ON_HOLD = (TicketStatus.PENDING.value, TicketStatus.HELD.value)


@dataclass(frozen=True)
class CompleteColumns:
    """For each service: until when somebody says its records are complete, and from when to when its feeds were read.

    All in seconds.
    """

    said: Column
    since: Column
    until: Column

    def in_windows(self, place: Column, start: Column, end: Column) -> Mask:
        """Tell of which windows of these services the records are complete, as `Completeness.missing` does."""
        said = self.said[place]
        read = (self.since[place] <= np.maximum(start, said)) & (self.until[place] >= end)
        found: Mask = (said >= end) | read
        return found


@dataclass
class FactReader:
    """Reads what is known of these services at that moment; each has its place in the order given here."""

    connection: Connection
    services: Sequence[str]
    at: datetime

    def read(self) -> FactColumns:
        """Return the records in columns; doubtful is what they do not say as plainly as the judgement wants it."""
        outages, outage_doubts = self._outages()
        work, work_doubts = self._work()
        holds, hold_doubts, owners = self._holds()
        doubts = [*outage_doubts, *work_doubts, *hold_doubts, *self._elsewhere()]
        return FactColumns(
            outages=_stretches(outages),
            attribution=outages["attribution"],
            maintenance=_stretches(work),
            ahead=_ahead(work),
            holds=_stretches(holds),
            owner=holds["owner"],
            owners=owners,
            doubtful=doubts[0].and_also(*doubts[1:]),
        )

    def complete(self, source: Source) -> CompleteColumns:
        """Return for each service when these records are complete: somebody says so, or its feeds do."""
        c = completeness.c
        said = self.connection.scalar(select(func.max(c.until)).where(c.kind == source.kind, c.service.is_(None)))
        until = np.full(len(self.services), -NEVER if said is None else to_seconds(said), dtype=np.int64)
        own = self._ask(completeness, c.service, {"until": c.until}, c.kind == source.kind)
        np.maximum.at(until, own["place"], own["until"] // _SECOND)
        feeds = list(feed_states(self.connection).values())
        read = (collected(feeds, source.kind, service) for service in self.services)
        spans = [(NEVER, -NEVER) if one is None else (to_seconds(one[0]), to_seconds(one[1])) for one in read]
        return CompleteColumns(until, *np.array(spans, dtype=np.int64).reshape(-1, 2).T)

    def _outages(self) -> tuple[Columns, list[Stretches]]:
        o = t.outages.c
        attribution = case(*((o.attribution == one.value, place) for place, one in enumerate(ATTRIBUTIONS)), else_=-1)
        values = {"start": o.started_at, "end": o.ended_at, "after": o.started_after, "ended_after": o.ended_after}
        rows = self._ask(t.outages, o.service, {**values, "attribution": attribution}, o.started_at <= self.at)
        bounded = (rows["after"] != UNKNOWN) | (rows["ended_after"] != UNKNOWN) | (rows["attribution"] < 0)
        first = np.minimum(rows["start"], rows["after"])
        return self._known(rows, bounded, first)

    def _work(self) -> tuple[Columns, list[Stretches]]:
        m = t.maintenance_windows.c
        told = or_(m.announced_at <= self.at, and_(m.announced_at.is_(None), m.starts_at <= self.at))
        values = {"start": m.starts_at, "end": m.ends_at, "announced": m.announced_at}
        rows = self._ask(t.maintenance_windows, m.service, values, told)
        return rows, [_of_places(rows, rows["end"] < rows["start"])]

    def _holds(self) -> tuple[Columns, list[Stretches], tuple[str, ...]]:
        h = t.holds.c
        owners = tuple(self.connection.scalars(select(h.owner).distinct().order_by(h.owner)))
        places = (
            case(*((h.owner == one, place) for place, one in enumerate(owners)), else_=-1) if owners else literal(-1)
        )
        values = {"start": h.starts_at, "end": h.ends_at, "owner": places}
        rows = self._ask(t.holds, h.service, values, h.starts_at <= self.at)
        known, doubts = self._known(rows, rows["owner"] < 0, rows["start"])
        return known, doubts, owners

    def _known(self, rows: Columns, odd: Mask, first: Column) -> tuple[Columns, list[Stretches]]:
        """Return what has ended; doubtful is what is odd or goes on, and a service with an end before its start."""
        goes_on = rows["end"] > to_microseconds(self.at)
        last = np.where(goes_on, UNKNOWN, rows["end"])
        doubtful = odd | goes_on
        doubts = Stretches.at(rows["place"], first // _SECOND, last // _SECOND).where(doubtful)
        return {name: values[~doubtful] for name, values in rows.items()}, [
            doubts,
            _of_places(rows, rows["end"] < rows["start"]),
        ]

    def _elsewhere(self) -> Iterable[Stretches]:
        """Yield the time of what is not in columns: nobody watched, something was credited, a ticket was on hold."""
        u, c, h = t.unobserved.c, a.applied_billing_credits.c, ticket_status_history.c
        h_after = ticket_status_history.alias()
        watched = self._ask(t.unobserved, u.service, {"start": u.started_at, "end": u.ended_at})
        credited = self._ask(a.applied_billing_credits, c.service, {"start": c.window_start, "end": c.window_end})
        following = (
            select(func.min(h_after.c.at))
            .where(h_after.c.ticket == h.ticket, h_after.c.sequence > h.sequence)
            .scalar_subquery()
        )
        held = ticket_status_history.join(tickets, tickets.c.number == h.ticket)
        waited = self._ask(held, tickets.c.service, {"start": h.at, "end": following}, h.status.in_(_ON_HOLD))
        yield from map(_stretches, (watched, credited, waited))
        runs = self._ask(INCIDENTS, tickets.c.service, {"number": tickets.c.number}, active())
        yield _of_places(runs, np.ones(runs["place"].size, dtype=bool))

    def _ask(self, table: Any, service: Any, values: dict[str, Any], *where: ColumnElement[bool]) -> Columns:
        names = placed(self.connection, self.services)
        asked: Select[Any] = select(
            cast(names.c.place, BigInteger).label("place"), *(value.label(name) for name, value in values.items())
        )
        joined = names.join(table, service == names.c.name)
        return read_columns(self.connection, asked.select_from(joined).where(*where))


def _stretches(rows: Columns) -> Stretches:
    return Stretches.at(rows["place"], rows["start"] // _SECOND, rows["end"] // _SECOND)


def _of_places(rows: Columns, mask: Mask) -> Stretches:
    """Return all the time of the services of these rows."""
    place = rows["place"][mask]
    return Stretches.at(place, np.full(place.size, -NEVER), np.full(place.size, NEVER))


def _ahead(work: Columns) -> Column:
    ahead = work["start"] // _SECOND - work["announced"] // _SECOND
    return np.where(work["announced"] == UNKNOWN, -NEVER, ahead)
