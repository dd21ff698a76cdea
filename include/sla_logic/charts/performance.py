"""The picture of a service's performance: measured, promised, outages, planned work, correction.

It is written as SVG here, without a charting library: each of those measured took three times as long or more for a
picture, and a second or more to start in each new process, which is what every task of a run is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from include.sla_logic.charts.axes import decimals_of, round_steps, round_times
from include.sla_logic.charts.png import few_colours
from include.sla_logic.domain.performance import Bound, PerformanceSeries
from include.sla_logic.domain.period import Period, from_seconds, to_seconds

INK, SOFT, RULE = "#16212e", "#586676", "#e3e8ee"
MEASURED, PROMISED, OUTAGE, WORK, CORRECTED = "#0b4a8f", "#b3530a", "#d64545", "#9aa7b5", "#11633f"
WIDTH, HEIGHT, SCALE = 400, 200, 2  # drawn small and sharp: the words stay readable on a phone
TOP, BELOW, RIGHT, TYPE, DIGIT = 50, 58, 12, 14, 7.8  # margins, size of the words, width of a digit
MINUTE, HOUR = 60, 3600
LEAST_MINUTES = 10  # without any downtime there must still be an axis
# Readable across the curve: white around bold letters.
_READABLE = ' font-weight="bold" stroke="#ffffff" stroke-width="5" stroke-linejoin="round" paint-order="stroke"'


@dataclass(frozen=True)
class Words:
    """What is written in the picture, and how its reader writes numbers and dates (d3 locales)."""

    measured: str
    promised: str
    outage: str
    maintenance: str
    corrected: str
    unit: str
    date: str = "%-d %b"
    number_locale: dict[str, Any] = field(default_factory=dict)
    time_locale: dict[str, Any] = field(default_factory=dict)

    def number(self, value: float, decimals: int) -> str:
        """Write a number with so many decimals."""
        signs = {",": self.number_locale.get("thousands", ","), ".": self.number_locale.get("decimal", ".")}
        return "".join(signs.get(sign, sign) for sign in f"{value:,.{decimals}f}").replace("-", "\u2212")

    def day(self, moment: datetime) -> str:
        """Write day and month; of the date pattern's fields, these two are known."""
        months = self.time_locale.get("shortMonths")
        month = months[moment.month - 1] if months else f"{moment:%b}"
        return self.date.replace("%-d", str(moment.day)).replace("%b", month)


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


def can_draw(series: PerformanceSeries) -> bool:
    """Tell whether there is anything to see: points, or outages of an availability promise."""
    if series.points:
        return any(p.mean is not None for p in series.points)
    return series.shown.seconds > 0 and series.allowed_seconds is not None and bool(series.outages)


def as_png(series: PerformanceSeries, words: Words) -> bytes:
    """Draw for a mail; equal arguments give equal bytes."""
    import vl_convert

    return few_colours(vl_convert.svg_to_png(as_svg(series, words), scale=SCALE))


def as_svg(series: PerformanceSeries, words: Words) -> str:
    """Draw for a page."""
    return _Drawing(curve_of(series), words).svg()


def counts_hours(series: PerformanceSeries) -> bool:
    """Tell whether a curve of cumulated downtime is drawn in hours rather than minutes."""
    return _divisor(series) == HOUR


def curve_of(series: PerformanceSeries) -> Curve:
    """Return the samples, or the cumulated downtime: flat in service, rising in an outage.

    Times are those of the contract's zone, as its clocks went at the beginning. Short stretches are wide enough to be
    seen, and a little of what follows is shown too: the newest event must not stick to the edge.
    """
    # The offset of the beginning holds throughout: where clocks are set back, the picture must not run backwards.
    zone = timezone(series.shown.start.astimezone(ZoneInfo(series.zone)).utcoffset() or timedelta())
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


class _Drawing:
    """The picture, from the back to the front; lengths in pixels from the corner of the field."""

    def __init__(self, curve: Curve, words: Words) -> None:
        self._curve, self._words = curve, words
        decimals = decimals_of(curve.levels)
        self._levels = [(level, words.number(level, decimals)) for level in curve.levels]

    def svg(self) -> str:
        left = 13 + DIGIT * max(len(text) for _, text in self._levels)
        width, height = left + WIDTH + RIGHT, TOP + HEIGHT + (BELOW if self._legend() else BELOW - 28)
        parts = (self._frame, self._stretches, self._line, self._promise, self._correction, self._legend)
        title = _text(4 - left, -31, f"{self._words.measured} ({self._words.unit})", INK)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}"'
            f' viewBox="0 0 {width:.0f} {height}"><rect width="100%" height="100%" fill="#ffffff"/>'
            f'<g transform="translate({left:.0f},{TOP})" fill="none" font-size="{TYPE}"'
            f' font-family="Liberation Sans, Arial, Helvetica, sans-serif">{title}'
            f"{''.join(part() for part in parts)}</g></svg>"
        )

    def _x(self, moment: datetime) -> float:
        start, end = self._curve.shown
        return WIDTH * ((moment - start) / max(end - start, timedelta(seconds=1)))

    def _y(self, value: float) -> float:
        low, high = self._curve.levels[0], self._curve.levels[-1]
        return HEIGHT * (1 - (value - low) / (high - low))

    def _frame(self) -> str:
        lines = "".join(f"M-5,{self._y(level):.1f}H{WIDTH}" for level, _ in self._levels) + f"M0,0V{HEIGHT}"
        texts = "".join(_text(-8, self._y(level) + 5, text, SOFT, anchor="end") for level, text in self._levels)
        times, hourly = round_times(*self._curve.shown)
        for moment in times:
            x, said = self._x(moment), f"{moment:%H:%M}" if hourly else self._words.day(moment)
            lines += f"M{x:.1f},{HEIGHT}v5"
            anchor = "start" if x < 3 * DIGIT else "end" if x > WIDTH - 2 * DIGIT else "middle"
            texts += _text(x, HEIGHT + 19, said, SOFT, anchor=anchor)
        return f'<path d="{lines}" stroke="{RULE}"/>{texts}'

    def _stretches(self) -> str:
        return "".join(
            f'<path d="{self._bands(stretches)}" fill="{colour}" fill-opacity="0.32"/>'
            for colour, stretches in ((OUTAGE, self._curve.outages), (WORK, self._curve.maintenance))
            if stretches
        )

    def _bands(self, stretches: list[tuple[datetime, datetime]]) -> str:
        return "".join(f"M{self._x(a):.1f},0H{self._x(b):.1f}V{HEIGHT}H{self._x(a):.1f}z" for a, b in stretches)

    def _line(self) -> str:
        """Draw the mean as a line, up to the worst as a pale area; what was not measured is a gap."""
        line = area = ""
        for known, points in groupby(self._curve.points, key=lambda point: point[1] is not None):
            course = [(self._x(at), value, worst) for at, value, worst in points if value is not None]
            if not known:
                continue
            upper = " ".join(f"{x:.1f},{self._y(value):.1f}" for x, value, _ in course)
            floor = self._curve.levels[0]
            lower = " ".join(f"{x:.1f},{self._y(floor if w is None else w):.1f}" for x, _, w in reversed(course))
            line += f"M{upper}" if len(course) > 1 else f"M{upper}h0.1"
            area += f"M{upper} {lower}z"
        return (
            f'<path d="{area}" fill="{MEASURED}" fill-opacity="0.16"/>'
            f'<path d="{line}" stroke="{MEASURED}" stroke-width="2" stroke-linecap="square"/>'
        )

    def _promise(self) -> str:
        """Draw the promise as a dashed line with its words."""
        if self._curve.promise is None:
            return ""
        y = self._y(self._curve.promise)
        line = f'<path d="M0,{y:.1f}H{WIDTH}" stroke="{PROMISED}" stroke-width="1.8" stroke-dasharray="6 4"/>'
        return line + _text(4, y - 7, self._words.promised, PROMISED, more=_READABLE)

    def _correction(self) -> str:
        """Draw the moment of correction as a dotted line, named above the picture."""
        if self._curve.corrected is None:
            return ""
        x = self._x(self._curve.corrected)
        late = x > WIDTH / 2
        line = f'<path d="M{x:.1f},0V{HEIGHT}" stroke="{CORRECTED}" stroke-width="2" stroke-dasharray="2 2"/>'
        return line + _text(x + (4 if late else -4), -8, self._words.corrected, CORRECTED, anchor="end" * late)

    def _legend(self) -> str:
        kinds = (
            (OUTAGE, self._words.outage, self._curve.outages),
            (WORK, self._words.maintenance, self._curve.maintenance),
        )
        known = "\u2003".join(
            f'<tspan fill="{colour}" fill-opacity="0.32">\u25a0</tspan> {_fit(name)}'
            for colour, name, any_ in kinds
            if any_
        )
        return f'<text x="0" y="{HEIGHT + 48}" fill="{INK}">{known}</text>' if known else ""


def _text(x: float, y: float, said: str, colour: str, *, anchor: str = "", more: str = "") -> str:
    placed = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{placed}{more}>{_fit(said)}</text>'


def _fit(text: str) -> str:
    """Leave out what XML does not know."""
    return escape("".join(sign for sign in text if sign.isprintable() or sign == "\u00a0"))
