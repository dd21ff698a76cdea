"""The picture of a service's performance: measured, promised, outages, planned work, correction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.charts.png import squeeze
from include.sla_logic.domain.performance import Bound, PerformanceSeries
from include.sla_logic.domain.period import Period, from_seconds

INK, SOFT, RULE = "#16212e", "#586676", "#e3e8ee"
MEASURED, PROMISED, OUTAGE, WORK, CORRECTED = "#0b4a8f", "#b3530a", "#d64545", "#9aa7b5", "#11633f"
WIDTH, HEIGHT, SCALE = 430, 210, 2.4  # drawn small and sharp: the words stay readable on a phone
MINUTE, HOUR = 60, 3600


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
    return series.shown.seconds > 0 and (
        any(p.mean is not None for p in series.points) or series.allowed_seconds is not None
    )


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

    wall = _WallClock(series.zone)
    rows, target = _course(series, wall)
    layers = [*_stretches(series, words, wall), *_curve(rows, series, words)]
    if target is not None:
        layers += _promise(target, words, wall(series.shown.start))
    if series.corrected_at is not None and series.shown.start <= series.corrected_at <= series.shown.end:
        layers += _correction(words, wall(series.corrected_at))
    chart = (
        alt.layer(*layers)
        .properties(width=WIDTH, height=HEIGHT, padding={"left": 4, "right": 14, "top": 8, "bottom": 4})
        .configure(font="Liberation Sans, Arial, Helvetica, sans-serif", background="#ffffff")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=SOFT, titleColor=INK, gridColor=RULE, domainColor=RULE, tickColor=RULE, labelFontSize=13
        )
        .configure_legend(labelColor=INK, labelFontSize=13, orient="bottom", title=None, symbolType="square")
    )
    return str(chart.to_json(indent=None))


class _WallClock:
    """Instants as the clock on the wall of the contract's zone shows them."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def __call__(self, instant: datetime) -> str:
        return f"{instant.astimezone(self._zone):%Y-%m-%dT%H:%M:%S}Z"


def _course(series: PerformanceSeries, wall: _WallClock) -> tuple[list[dict[str, Any]], float | None]:
    """Return the curve and the height of the promise."""
    if series.points:
        rows = [
            {
                "at": wall(p.at),
                "value": None if p.mean is None else float(p.mean),
                "worst": None if p.worst is None else float(p.worst),
            }
            for p in series.points
        ]
        return rows, None if series.target is None else float(series.target)
    divisor = _divisor(series)
    allowed = series.allowed_seconds
    return _downtime(series, wall, divisor), None if allowed is None else float(allowed / divisor)


def counts_hours(series: PerformanceSeries) -> bool:
    """Tell whether a curve of cumulated downtime is drawn in hours rather than minutes."""
    return _divisor(series) == HOUR


def _divisor(series: PerformanceSeries) -> int:
    down = sum(p.seconds for p in series.counted_downtime)
    return HOUR if max(down, series.allowed_seconds or 0) > 3 * HOUR else MINUTE


def _downtime(series: PerformanceSeries, wall: _WallClock, divisor: int) -> list[dict[str, Any]]:
    """Return the cumulated counted downtime: flat in service, rising in an outage."""
    seconds, rows = 0, [(series.shown.start, 0)]
    for outage in series.counted_downtime:
        rows.append((outage.start, seconds))
        seconds += outage.seconds
        rows.append((outage.end, seconds))
    rows.append((series.shown.end, seconds))
    return [{"at": wall(at), "value": value / divisor, "worst": None} for at, value in rows]


def _x(date: str, field_name: str = "at") -> Any:
    import altair as alt

    axis = alt.Axis(grid=False, labelOverlap=True, tickCount=6, labelFlush=True, format=date, title=None)
    return alt.X(f"{field_name}:T", scale=alt.Scale(type="utc", nice=False, zero=False), axis=axis)


def _stretches(series: PerformanceSeries, words: Words, wall: _WallClock) -> list[Any]:
    import altair as alt

    least = series.shown.seconds // 150  # a short outage must still be seen
    rows = [
        {"from": wall(p.start), "to": wall(_at_least(p, least).end), "what": what}
        for what, stretches in ((words.maintenance, series.maintenance), (words.outage, series.outages))
        for p in stretches
    ]
    if not rows:
        return []
    present = [what for what in (words.outage, words.maintenance) if any(r["what"] == what for r in rows)]
    colours = {words.outage: OUTAGE, words.maintenance: WORK}
    return [
        alt.Chart(_data(rows))
        .mark_rect(opacity=0.32)
        .encode(
            x=_x(words.date, "from"),
            x2="to:T",
            color=alt.Color("what:N", scale=alt.Scale(domain=present, range=[colours[p] for p in present])),
        )
    ]


def _data(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    return alt.InlineData(values=rows)


def _at_least(period: Period, seconds: int) -> Period:
    start, end = period.span
    return Period(start=period.start, end=from_seconds(max(end, start + seconds)))


def _curve(rows: list[dict[str, Any]], series: PerformanceSeries, words: Words) -> list[Any]:
    import altair as alt

    zero = not series.points or series.bound is Bound.AT_MOST
    height = alt.Y(
        "value:Q",
        scale=alt.Scale(zero=zero, nice=True),
        axis=alt.Axis(
            title=f"{words.measured} ({words.unit})",
            titleAngle=0,
            titleAlign="left",
            titleAnchor="start",
            titleY=-26,
            titleX=-30,
            titleFontSize=13,
            titleFontWeight="normal",
            tickCount=5,
        ),
    )
    base = alt.Chart(_data(rows))
    if not series.points:
        area = base.mark_area(color=MEASURED, opacity=0.12).encode(x=_x(words.date), y=height)
        return [area, base.mark_line(color=MEASURED, strokeWidth=2.2).encode(x=_x(words.date), y=height)]
    spread = base.mark_area(color=MEASURED, opacity=0.18).encode(x=_x(words.date), y=height, y2="worst:Q")
    return [spread, base.mark_line(color=MEASURED, strokeWidth=1.8).encode(x=_x(words.date), y=height)]


def _promise(target: float, words: Words, start: str) -> list[Any]:
    import altair as alt

    row = alt.Chart(_data([{"at": start, "value": target, "text": words.promised}]))
    label = row.mark_text(
        align="left", baseline="bottom", dx=4, dy=-3, color=PROMISED, fontSize=13, fontWeight="bold"
    ).encode(x=_x(words.date), y="value:Q", text="text:N")
    return [row.mark_rule(color=PROMISED, strokeWidth=1.8, strokeDash=[6, 4]).encode(y="value:Q"), label]


def _correction(words: Words, at: str) -> list[Any]:
    import altair as alt

    row = alt.Chart(_data([{"at": at, "text": words.corrected}]))
    label = row.mark_text(align="right", baseline="bottom", dx=4, y=-4, color=CORRECTED, fontSize=13).encode(
        x=_x(words.date), text="text:N"
    )
    return [row.mark_rule(color=CORRECTED, strokeWidth=2, strokeDash=[2, 2]).encode(x=_x(words.date)), label]
