"""What the picture of a service's performance shows: its curve, and what happened on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.calendars import find_zone
from include.sla_logic.domain.performance import Bound, PerformanceSeries
from include.sla_logic.domain.period import Period, from_seconds, to_seconds
from include.sla_logic.letters.charts.axes import round_steps

MINUTE, HOUR = 60, 3600
LEAST_MINUTES = 10  # without any downtime there must still be an axis


@dataclass(frozen=True)
class Curve:
    """What is drawn: the curve as (wall-clock time, value, worst value), `None` where nothing was measured."""

    points: list[tuple[datetime, float | None, float | None]]
    promise: float | None
    shown: tuple[datetime, datetime]
    outages: list[tuple[datetime, datetime]]
    maintenance: list[tuple[datetime, datetime]]
    corrected: datetime | None
    levels: list[float]  # of the vertical axis, the lowest first


def counts_hours(series: PerformanceSeries) -> bool:
    """Tell whether a curve of cumulated downtime is drawn in hours rather than minutes."""
    return _divisor(series) == HOUR


def curve_of(series: PerformanceSeries) -> Curve:
    """Return the samples, or the cumulated downtime: flat in service, rising in an outage.

    Times are those of the contract's zone, as its clocks went at the beginning. Short stretches are wide enough to be
    seen, and a little of what follows is shown too: the newest event must not stick to the edge.
    """
    # The offset of the beginning holds throughout: where clocks are set back, the picture must not run backwards.
    zone = timezone(series.shown.start.astimezone(find_zone(series.zone)).utcoffset() or timedelta())
    divisor = _divisor(series)
    start, end = series.shown.span
    last = max(end, min(end + (end - start) // 25, to_seconds(series.window.end)))

    def wall(moment: datetime) -> datetime:
        return moment.astimezone(zone).replace(tzinfo=UTC)

    def wide(stretches: tuple[Period, ...]) -> list[tuple[datetime, datetime]]:
        least = series.shown.seconds // 150
        ends = [(p.start, from_seconds(min(last, max(p.span[1], p.span[0] + least)))) for p in stretches]
        return [(wall(one), wall(other)) for one, other in ends]

    points = [(wall(p.at), _number(p.mean), _number(p.worst)) for p in series.points]
    promise = _number(series.target)
    if not series.points:
        points = [(wall(at), float(Fraction(value, divisor)), None) for at, value in _downtime(series)]
        promise = None if series.allowed_seconds is None else float(Fraction(series.allowed_seconds) / divisor)
    at = series.corrected_at
    values = [value for _, *both in points for value in (*both, promise) if value is not None]
    if not series.points or series.bound is Bound.AT_MOST:
        values.append(0.0)
    if not series.points and _tallest(series) < MINUTE:
        values.append(float(LEAST_MINUTES))
    return Curve(
        points=points,
        promise=promise,
        shown=(wall(series.shown.start), wall(from_seconds(last))),
        outages=wide(series.outages),
        maintenance=wide(series.maintenance),
        corrected=None if at is None or not series.shown.start <= at <= series.shown.end else wall(at),
        levels=round_steps(min(values, default=0.0), max(values, default=1.0)),
    )


def _downtime(series: PerformanceSeries) -> Iterator[tuple[datetime, int]]:
    seconds = 0
    yield series.shown.start, 0
    for outage in series.counted_downtime:
        yield outage.start, seconds
        seconds += outage.seconds
        yield outage.end, seconds
    yield series.shown.end, seconds


def _divisor(series: PerformanceSeries) -> int:
    return HOUR if _tallest(series) > 3 * HOUR else MINUTE


def _tallest(series: PerformanceSeries) -> Fraction | int:
    return max(sum(p.seconds for p in series.counted_downtime), series.allowed_seconds or 0)


def _number(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else float(value)
