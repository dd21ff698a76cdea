"""The picture of a service's performance: measured, promised, outages, planned work, correction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.charts.png import squeeze
from include.sla_logic.domain.performance import Bound, PerformanceSeries
from include.sla_logic.domain.period import Period, from_seconds, to_seconds

INK, SOFT, RULE = "#16212e", "#586676", "#e3e8ee"
MEASURED, PROMISED, OUTAGE, WORK, CORRECTED = "#0b4a8f", "#b3530a", "#d64545", "#9aa7b5", "#11633f"
WIDTH, HEIGHT, SCALE = 400, 200, 2.6  # drawn small and sharp: the words stay readable on a phone
TYPE = 14
MINUTE, HOUR = 60, 3600
LEAST_MINUTES = 10  # without any downtime there must still be an axis


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


def can_draw(series: PerformanceSeries) -> bool:
    """Tell whether there is anything to see: points, or outages of an availability promise."""
    if series.points:
        return any(p.mean is not None for p in series.points)
    return series.shown.seconds > 0 and series.allowed_seconds is not None and bool(series.outages)


def as_png(series: PerformanceSeries, words: Words) -> bytes:
    """Draw for a mail; equal arguments give equal bytes."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(specification(series, words), scale=SCALE, **_locales(words))
    return squeeze(drawn)


def as_svg(series: PerformanceSeries, words: Words) -> str:
    """Draw for a page."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(specification(series, words), **_locales(words))
    return drawn


def _locales(words: Words) -> dict[str, Any]:
    both = {"format_locale": words.number_locale, "time_format_locale": words.time_locale}
    return {name: locale for name, locale in both.items() if locale}


def specification(series: PerformanceSeries, words: Words) -> str:
    """Return the picture as Vega-Lite; times are wall-clock times of the contract's zone."""
    import altair as alt

    drawing = _Drawing(series, words)
    chart = (
        alt.layer(*drawing.stretches(), *drawing.curve(), *drawing.promise(), *drawing.correction())
        .properties(width=WIDTH, height=HEIGHT, padding={"left": 4, "right": 10, "top": 8, "bottom": 4})
        .configure(font="Liberation Sans, Arial, Helvetica, sans-serif", background="#ffffff")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=SOFT, titleColor=INK, gridColor=RULE, domainColor=RULE, tickColor=RULE, labelFontSize=TYPE
        )
        .configure_legend(labelColor=INK, labelFontSize=TYPE, orient="bottom", title=None, symbolType="square")
    )
    return str(chart.to_json(indent=None))


def counts_hours(series: PerformanceSeries) -> bool:
    """Tell whether a curve of cumulated downtime is drawn in hours rather than minutes."""
    return _divisor(series) == HOUR


def _divisor(series: PerformanceSeries) -> int:
    return HOUR if _tallest(series) > 3 * HOUR else MINUTE


def _tallest(series: PerformanceSeries) -> Fraction | int:
    return max(sum(p.seconds for p in series.counted_downtime), series.allowed_seconds or 0)


def _number(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else float(value)


class _Drawing:
    """The layers of one picture, from the back to the front."""

    def __init__(self, series: PerformanceSeries, words: Words) -> None:
        self._series = series
        self._words = words
        self._zone = ZoneInfo(series.zone)

    def _wall(self, instant: datetime) -> str:
        """Show an instant as the clock on the wall of the contract's zone does."""
        return f"{instant.astimezone(self._zone):%Y-%m-%dT%H:%M:%S}Z"

    @property
    def _ends(self) -> list[str]:
        """The shown time and a little of what follows: the newest event must not stick to the edge."""
        start, end = self._series.shown.span
        last = min(end + (end - start) // 25, to_seconds(self._series.window.end))
        return [self._wall(self._series.shown.start), self._wall(from_seconds(max(end, last)))]

    def _rows(self) -> list[dict[str, Any]]:
        """Return the samples, or the cumulated downtime: flat in service, rising in an outage."""
        if self._series.points:
            points = self._series.points
            return [{"at": self._wall(p.at), "value": _number(p.mean), "worst": _number(p.worst)} for p in points]
        seconds, divisor, shown = 0, _divisor(self._series), self._series.shown
        course = [(shown.start, 0)]
        for outage in self._series.counted_downtime:
            course.append((outage.start, seconds))
            seconds += outage.seconds
            course.append((outage.end, seconds))
        course.append((shown.end, seconds))
        return [{"at": self._wall(at), "value": value / divisor} for at, value in course]

    def _x(self, name: str = "at") -> Any:
        import altair as alt

        date = self._words.date
        axis = alt.Axis(grid=False, labelOverlap=True, labelSeparation=10, tickCount=5, format=date, title=None)
        scale = alt.Scale(type="utc", nice=False, zero=False, domain=self._ends)
        return alt.X(f"{name}:T", scale=scale, axis=axis)

    def _y(self) -> Any:
        import altair as alt

        from_zero = not self._series.points or self._series.bound is Bound.AT_MOST
        axis = alt.Axis(
            title=f"{self._words.measured} ({self._words.unit})",
            titleAngle=0,
            titleAlign="left",
            titleAnchor="start",
            titleY=-28,
            titleX=-32,
            titleFontSize=TYPE,
            titleFontWeight="normal",
            tickCount=5,
        )
        flat = not self._series.points and _tallest(self._series) < MINUTE
        highest = LEAST_MINUTES if flat else alt.Undefined
        return alt.Y("value:Q", scale=alt.Scale(zero=from_zero, nice=True, domainMax=highest), axis=axis)

    def stretches(self) -> list[Any]:
        """Draw outages and planned work as bands, wide enough that a short one is seen."""
        import altair as alt

        words, least = self._words, self._series.shown.seconds // 150
        kinds = {words.outage: (OUTAGE, self._series.outages), words.maintenance: (WORK, self._series.maintenance)}
        rows = [
            {"from": self._wall(p.start), "to": self._wall(_at_least(p, least).end), "what": what}
            for what, (_, stretches) in kinds.items()
            for p in stretches
        ]
        if not rows:
            return []
        present = [what for what, (_, stretches) in kinds.items() if stretches]
        colours = alt.Scale(domain=present, range=[kinds[what][0] for what in present])
        bands = alt.Chart(alt.InlineData(values=rows)).mark_rect(opacity=0.32)
        return [bands.encode(x=self._x("from"), x2="to:T", color=alt.Color("what:N", scale=colours))]

    def curve(self) -> list[Any]:
        """Draw what was measured: the mean as a line, up to the worst as a pale area."""
        import altair as alt

        base = alt.Chart(alt.InlineData(values=self._rows()))
        line = base.mark_line(color=MEASURED, strokeWidth=2).encode(x=self._x(), y=self._y())
        area = base.mark_area(color=MEASURED, opacity=0.16)
        if self._series.points:
            return [area.encode(x=self._x(), y=self._y(), y2="worst:Q"), line]
        return [area.encode(x=self._x(), y=self._y()), line]

    def promise(self) -> list[Any]:
        """Draw the promise as a dashed line with its words."""
        import altair as alt

        allowed = self._series.allowed_seconds
        height = _number(self._series.target)
        if not self._series.points:
            height = None if allowed is None else float(allowed / _divisor(self._series))
        if height is None:
            return []
        row = {"at": self._ends[0], "value": height, "text": self._words.promised}
        base = alt.Chart(alt.InlineData(values=[row]))
        line = base.mark_rule(color=PROMISED, strokeWidth=1.8, strokeDash=[6, 4]).encode(y="value:Q")
        words = base.mark_text(
            align="left", baseline="bottom", dx=4, dy=-4, color=PROMISED, fontSize=TYPE, fontWeight="bold"
        )
        return [line, words.encode(x=self._x(), y="value:Q", text="text:N")]

    def correction(self) -> list[Any]:
        """Draw the moment of correction as a dotted line, named above the picture."""
        import altair as alt

        at, shown = self._series.corrected_at, self._series.shown
        if at is None or not shown.start <= at <= shown.end:
            return []
        base = alt.Chart(alt.InlineData(values=[{"at": self._wall(at), "text": self._words.corrected}]))
        line = base.mark_rule(color=CORRECTED, strokeWidth=2, strokeDash=[2, 2]).encode(x=self._x())
        late = at - shown.start > (shown.end - shown.start) / 2
        words = base.mark_text(
            align="right" if late else "left",
            baseline="bottom",
            dx=4 if late else -4,
            y=-5,
            color=CORRECTED,
            fontSize=TYPE,
        )
        return [line, words.encode(x=self._x(), text="text:N")]


def _at_least(period: Period, seconds: int) -> Period:
    start, end = period.span
    return Period(start=period.start, end=from_seconds(max(end, start + seconds)))
