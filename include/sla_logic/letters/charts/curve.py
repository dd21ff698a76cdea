"""What the picture of a service's performance shows: its curve, and what happened on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.calendars import find_zone
from include.sla_logic.domain.performance import Bound, PerformanceSeries
from include.sla_logic.domain.period import Period, from_seconds, to_seconds
from include.sla_logic.letters.charts.axes import round_steps


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


def curve_of(series: PerformanceSeries) -> Curve:
    """Return the samples, none for a service that is judged on its outages, and what happened on the way.

    Times are those of the contract's zone, as its clocks went at the beginning. Short stretches are wide enough to be
    seen, and a little of what follows is shown too: the newest event must not stick to the edge.
    """
    # The offset of the beginning holds throughout: where clocks are set back, the picture must not run backwards.
    zone = timezone(series.shown.start.astimezone(find_zone(series.zone)).utcoffset() or timedelta())
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
    at = series.corrected_at
    values = [value for _, *both in points for value in (*both, promise) if value is not None]
    if not series.points or series.bound is Bound.AT_MOST:
        values.append(0.0)
    return Curve(
        points=points,
        promise=promise,
        shown=(wall(series.shown.start), wall(from_seconds(last))),
        outages=wide(series.outages),
        maintenance=wide(series.maintenance),
        corrected=None if at is None or not series.shown.start <= at <= series.shown.end else wall(at),
        levels=round_steps(min(values, default=0.0), max(values, default=1.0)),
    )


def _number(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else float(value)
