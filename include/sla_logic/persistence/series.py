"""Sample series of a service, with as much around a window as its judgement needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from include.sla_logic.domain.contract.measures import FromUnavailableState
from include.sla_logic.domain.period import Period, from_seconds, to_seconds
from include.sla_logic.domain.samples import NOT_MEASURED, SampleSeries
from include.sla_logic.domain.sla.sampled import is_settled
from include.sla_logic.persistence.schema import reference as t

AT_ONCE = 500_000  # samples in one query: about 50 MB
FETCHED = 5_000  # of them: one by one takes twice as long, all at once twice the memory
Row = tuple[int, int | None]  # when and what
Rows = Sequence[Row]
Span = tuple[int, int]
Key = tuple[str, str]  # service and metric


@dataclass(frozen=True)
class Wanted:
    """One series to read; with `states` also the samples that decide the edges of the window."""

    metric: Any
    window: Period
    as_of: datetime
    states: Sequence[FromUnavailableState] = ()

    @property
    def key(self) -> Key:
        """Return the service and the metric."""
        return self.metric.service, self.metric.metric

    @property
    def until(self) -> int:
        """Return the first second that was not known yet."""
        return to_seconds(self.as_of) + 1

    @property
    def reach(self) -> int:
        """Return how far beyond the window its edges are looked for at first."""
        longest = max((max(rule.opens_after, rule.closes_after) for rule in self.states), default=0)
        return 4 * int(self.metric.step_seconds) * longest

    @property
    def span(self) -> Span:
        """Return which samples are read at first."""
        start, end = self.window.span
        return start - self.reach, min(end + self.reach, self.until)


class SampleReader:
    """Reads series in as few queries as keep memory bounded; `fresh` holds samples that are not written yet."""

    def __init__(self, connection: Connection, fresh: Mapping[Key, Mapping[int, int | None]]) -> None:
        self._connection = connection
        self._fresh = fresh
        self._read: dict[tuple[Key, Span], list[Row]] = {}
        self._asked: set[tuple[str, str, Span]] = set()

    def read(self, wanted: Sequence[Wanted], *, services: Sequence[str]) -> Iterator[SampleSeries]:
        """Return the wanted series that have samples; what `services` have under the same names is read ahead."""
        for one in wanted:
            if (one.key, one.span) not in self._read:
                same = {other.metric.metric for other in wanted if other.span == one.span}
                self._read_ahead(one, sorted(same), services)
        for one in wanted:
            series = self._lay(one, self._read.pop((one.key, one.span)))
            if series is not None:
                yield series

    def _read_ahead(self, one: Wanted, names: Sequence[str], services: Sequence[str]) -> None:
        span = start, end = one.span
        expected = max((end - start) // one.metric.step_seconds, 1) * len(names)
        others = [service for service in services if (service, names[0], span) not in self._asked]
        chunk = list(dict.fromkeys((one.key[0], *others)))[: max(AT_ONCE // expected, 1)]
        self._asked |= {(service, names[0], span) for service in chunk}
        self._read |= {((service, name), span): [] for service in chunk for name in names}
        table = t.samples.c
        query = select(table.service, table.metric, table.at, table.value).where(
            table.service.in_(chunk), table.metric.in_(names), table.at >= start, table.at < end
        )
        found = self._connection.execute(query.order_by(table.service, table.metric, table.at))
        for rows in found.partitions(FETCHED):
            for service, metric, at, value in rows:
                self._read[(service, metric), span].append((at, value))

    def _lay(self, one: Wanted, rows: Rows) -> SampleSeries | None:
        if fresh := self._fresh.get(one.key):
            start, end = one.span
            rows = sorted((dict(rows) | {at: value for at, value in fresh.items() if start <= at < end}).items())
        if one.states:
            rows = self._with_edges(one, rows)
        if not rows:
            return None
        return _on_a_grid(one.metric, rows)

    def _with_edges(self, one: Wanted, rows: Rows) -> Rows:
        """Read further on both sides until a row of good samples ends any unavailable state, or the samples end."""
        (start, end), reach = one.window.span, one.reach
        inside = [row for row in rows if start <= row[0] < end]
        before, after = [row for row in rows if row[0] < start], [row for row in rows if row[0] >= end]
        while not (
            (_settled(one, before) or start - reach <= self._first(one))
            and (end + reach >= one.until or _settled(one, after))
        ):
            reach *= 8
            before = self._rows(one, start - reach, min(start, one.until))
            after = self._rows(one, end, min(end + reach, one.until))
        return [*before, *inside, *after]

    def _rows(self, one: Wanted, start: int, end: int) -> list[Row]:
        table = t.samples.c
        query = select(table.at, table.value).where(*_of(one), table.at >= start, table.at < end).order_by(table.at)
        return [(at, value) for at, value in self._connection.execute(query)]

    def _first(self, one: Wanted) -> int:
        found: int | None = self._connection.scalar(select(func.min(t.samples.c.at)).where(*_of(one)))
        return 0 if found is None else found


def _of(one: Wanted) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return t.samples.c.service == one.key[0], t.samples.c.metric == one.key[1]


def _settled(one: Wanted, rows: Rows) -> bool:
    if not rows:
        return False
    series = _on_a_grid(one.metric, rows)
    return all(is_settled(series, rule) for rule in one.states)


def _on_a_grid(metric: Any, rows: Rows) -> SampleSeries:
    """Lay sorted samples on the grid of their series; a step without a row was not measured."""
    import numpy as np

    at, values = zip(*rows, strict=True)
    column = np.full((at[-1] - at[0]) // metric.step_seconds + 1, NOT_MEASURED, dtype=np.int64)
    steps = (np.array(at, dtype=np.int64) - at[0]) // metric.step_seconds
    column[steps] = [NOT_MEASURED if value is None else value for value in values]
    return SampleSeries(
        metric=metric.metric,
        unit=metric.unit,
        start=from_seconds(at[0]),
        step_seconds=metric.step_seconds,
        decimals=metric.decimals,
        nothing_came_back=None if metric.nothing_came_back is None else Decimal(metric.nothing_came_back),
        values=column,
    )
