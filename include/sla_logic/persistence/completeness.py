"""For which time the records of a service are complete: by what somebody has said, by its feeds, by its samples."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select

from include.sla_logic.domain.contract.sources import KINDS, Source
from include.sla_logic.domain.period import Period, from_seconds
from include.sla_logic.persistence.feeds import FeedState, feed_states
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.settlement import completeness


@dataclass
class Completeness:
    """What feeds one service, read once."""

    connection: Connection
    service: str
    _said: dict[str, datetime]
    _feeds: Sequence[FeedState]

    def missing(self, sources: Iterable[Source], window: Period) -> list[str]:
        """Name the sources of which it is not known that they were read from the window's begin to its end."""
        return [
            not_complete(source, f"{window.end:%Y-%m-%d %H:%M}")
            for source in sources
            if not self._is_read(source, window)
        ]

    def _is_read(self, source: Source, window: Period) -> bool:
        """Tell whether somebody has said so, or the feeds go on from what was said to the end.

        Of a series the newest sample tells: that a feed of samples was read says nothing of each series.
        """
        said = self._said.get(source.kind)
        if said is not None and said >= window.end:
            return True
        if source.series is not None:
            sampled = self._sampled.get(source.series)
            return sampled is not None and sampled >= window.end
        read = collected(self._feeds, source.kind, self.service)
        return read is not None and read[0] <= max(window.start, said or window.start) and read[1] >= window.end

    @cached_property
    def _sampled(self) -> dict[str, datetime]:
        metric, sample = t.measured_metrics.c, t.samples.c
        joined = t.measured_metrics.join(
            t.samples, (sample.service == metric.service) & (sample.metric == metric.metric)
        )
        newest = func.max(sample.at + metric.step_seconds)
        query = select(metric.metric, newest).select_from(joined).where(metric.service == self.service)
        return {row[0]: from_seconds(int(row[1])) for row in self.connection.execute(query.group_by(metric.metric))}


def completeness_of(connection: Connection, services: Collection[str]) -> dict[str, Completeness]:
    """Read what is said of several services at once, and their feeds."""
    c = completeness.c
    query = select(c.service, c.kind, c.until).where(or_(c.service.is_(None), c.service.in_(services)))
    said: dict[str | None, dict[str, datetime]] = defaultdict(dict)
    for row in connection.execute(query.order_by(c.until)):
        said[row.service][row.kind] = row.until
    feeds = list(feed_states(connection).values())
    found = {}
    for service in services:
        both = (*said[None].items(), *said[service].items())
        latest = {kind: max(until for name, until in both if name == kind) for kind, _until in both}
        found[service] = Completeness(connection, service, latest, feeds)
    return found


def collected(feeds: Iterable[FeedState], kind: str, service: str) -> tuple[datetime, datetime] | None:
    """Return from when until when every feed of this kind was read without a hole; None where one cannot say."""
    mine = [one for one in feeds if one.kind == kind and one.feeds(service)]
    since = [one.known_since for one in mine if one.known_since is not None]
    until = [one.complete_until for one in mine if one.complete_until is not None]
    return (max(since), min(until)) if mine and len(since) == len(until) == len(mine) else None


def not_complete(source: Source, until: str) -> str:
    """Say what is missing, until a minute of UTC."""
    return f"{source} are not known to be complete until {until} UTC"


def is_recorded(connection: Connection, service: str, window: Period, *, as_of: datetime) -> bool:
    """Tell whether anything tells of the service in that window: then that no outage is on record says something.

    One of these is enough: somebody has said that records are complete beyond its start; a feed of such records was
    read in it; or the service has records from before its end and, if the window is over, some that reach its start.
    """
    said = [connection.scalar(select(func.max(completeness.c.until)).where(_about(service)))]
    feeds = [one for one in feed_states(connection).values() if one.kind in KINDS and one.feeds(service)]
    said += [one.complete_until for one in feeds if one.known_since is not None and one.known_since < window.end]
    if any(until is not None and until > window.start for until in said):
        return True
    known, goes_on = [*_reach(connection, service, as_of)], as_of < window.end
    return any(first < window.end for first, _ in known) and (goes_on or any(last >= window.start for _, last in known))


def _about(service: str) -> ColumnElement[bool]:
    return or_(completeness.c.service.is_(None), completeness.c.service == service)


def _reach(connection: Connection, service: str, as_of: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Return the first and the last moment of each kind of record."""
    outage, gap, work = t.outages.c, t.unobserved.c, t.maintenance_windows.c
    for begins, ends, of in (
        (outage.started_at, func.coalesce(outage.ended_at, as_of), outage.service),
        (gap.started_at, gap.ended_at, gap.service),
        (work.starts_at, work.ends_at, work.service),
    ):
        first, last = connection.execute(select(func.min(begins), func.max(ends)).where(of == service)).one()
        if first is not None:
            yield first, last
    sample = t.samples.c
    counted = select(func.min(sample.at), func.max(sample.at)).where(sample.service == service)
    first, last = connection.execute(counted).one()
    if first is not None:
        yield from_seconds(first), from_seconds(last)


def note_complete(
    connection: Connection,
    *,
    kind: str,
    services: Sequence[str],
    until: datetime,
    source: str,
    by: str,
    now: datetime,
) -> None:
    """Keep that the records of a kind are complete until then: of these services, or without any of all."""
    row = {"kind": kind, "until": until, "source": source, "recorded_at": now, "recorded_by": by}
    scope: Sequence[str | None] = services or [None]
    connection.execute(insert(completeness), [{**row, "service": service} for service in scope])
