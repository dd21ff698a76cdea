"""Sample series of a service, read with as much around a window as its judgement looks at."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, select

from include.sla_logic.domain.contract.measures import FromUnavailableState
from include.sla_logic.domain.period import Period, from_seconds, to_seconds
from include.sla_logic.domain.samples import NOT_MEASURED, SampleSeries
from include.sla_logic.domain.sla.sampled import is_settled
from include.sla_logic.persistence.schema import reference as t

Rows = Sequence[Row[Any, Any]]


def read_series(
    connection: Connection,
    metric: Row[Any],
    window: Period,
    as_of: datetime,
    *,
    states: Sequence[FromUnavailableState] = (),
) -> SampleSeries | None:
    """Return the samples of the window known at that moment; with `states` also those that decide its edges."""
    until = to_seconds(as_of) + 1
    rows = _rows(connection, metric, window.span[0], min(window.span[1], until))
    if states:
        rows = _with_edges(connection, metric, rows, states, (*window.span, until))
    if not rows:
        return None
    series = _on_a_grid(metric, rows)
    if series.is_silent and _answered(connection, metric, series, until):
        return series.model_copy(update={"answered_elsewhere": True})
    return series


def _rows(connection: Connection, metric: Row[Any], start: int, end: int) -> Rows:
    table = t.samples.c
    mine = (table.service == metric.service, table.metric == metric.metric)
    query = select(table.at, table.value).where(*mine, table.at >= start, table.at < end).order_by(table.at)
    return connection.execute(query).all()


def _with_edges(
    connection: Connection,
    metric: Row[Any],
    rows: Rows,
    states: Sequence[FromUnavailableState],
    edges: tuple[int, int, int],
) -> Rows:
    """Read further on both sides until a row of good samples ends whatever state there was, or the samples end."""
    start, end, until = edges
    first = _first(connection, metric)
    reach = 4 * metric.step_seconds * max(max(rule.opens_after, rule.closes_after) for rule in states)
    while True:
        before = _rows(connection, metric, start - reach, min(start, until))
        after = _rows(connection, metric, end, min(end + reach, until))
        known = start - reach <= first, end + reach >= until
        if all(done or _settled(metric, side, states) for done, side in zip(known, (before, after), strict=True)):
            return [*before, *rows, *after]
        reach *= 8


def _settled(metric: Row[Any], rows: Rows, states: Iterable[FromUnavailableState]) -> bool:
    if not rows:
        return False
    series = _on_a_grid(metric, rows)
    return all(is_settled(series, rule) for rule in states)


def _first(connection: Connection, metric: Row[Any]) -> int:
    table = t.samples.c
    query = select(func.min(table.at)).where(table.service == metric.service, table.metric == metric.metric)
    found: int | None = connection.scalar(query)
    return 0 if found is None else found


def _answered(connection: Connection, metric: Row[Any], series: SampleSeries, until: int) -> bool:
    """Tell whether the target ever answered, as far as known: then its silence is an outage."""
    table = t.samples.c
    silent = int(Decimal(metric.nothing_came_back) * 10**series.decimals)
    query = select(table.at).where(
        table.service == metric.service, table.metric == metric.metric, table.at < until, table.value != silent
    )
    return connection.execute(query.limit(1)).first() is not None


def _on_a_grid(metric: Row[Any], rows: Rows) -> SampleSeries:
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
