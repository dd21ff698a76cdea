"""The picture of a service's performance: measured, promised, outages, planned work, correction."""

from __future__ import annotations

import json
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

Json = dict[str, Any]
_LOOKS: Json = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.4.1.json",
    "width": WIDTH,
    "height": HEIGHT,
    "padding": {"left": 4, "right": 10, "top": 8, "bottom": 4},
    "config": {
        "font": "Liberation Sans, Arial, Helvetica, sans-serif",
        "background": "#ffffff",
        "view": {"continuousWidth": 300, "continuousHeight": 300, "stroke": None},
        "axis": {
            "labelColor": SOFT,
            "titleColor": INK,
            "labelFontSize": TYPE,
            "gridColor": RULE,
            "domainColor": RULE,
            "tickColor": RULE,
        },
        "legend": {
            "labelColor": INK,
            "labelFontSize": TYPE,
            "orient": "bottom",
            "title": None,
            "symbolType": "square",
        },
    },
}
_Y_TITLE: Json = {
    "titleAngle": 0,
    "titleAlign": "left",
    "titleAnchor": "start",
    "titleY": -28,
    "titleX": -32,
    "titleFontSize": TYPE,
    "titleFontWeight": "normal",
}
_TEXT: Json = {"field": "text", "type": "nominal"}


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
    """Return the picture as Vega-Lite; times are wall-clock times of the contract's zone.

    Written as plain JSON: a library that checks each part against its schema takes longer than all else of a letter.
    """
    drawing = _Drawing(series, words)
    layers = [*drawing.stretches(), *drawing.curve(), *drawing.promise(), *drawing.correction()]
    return json.dumps({**_LOOKS, "datasets": drawing.datasets, "layer": layers})


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
        self.datasets: dict[str, list[Json]] = {}

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

    def _x(self, name: str = "at") -> Json:
        axis = {"format": self._words.date, "grid": False, "labelOverlap": True, "labelSeparation": 10}
        scale = {"type": "utc", "nice": False, "zero": False, "domain": self._ends}
        return {"field": name, "type": "temporal", "scale": scale, "axis": axis | {"tickCount": 5, "title": None}}

    def _y(self) -> Json:
        from_zero = not self._series.points or self._series.bound is Bound.AT_MOST
        scale: Json = {"zero": from_zero, "nice": True}
        if not self._series.points and _tallest(self._series) < MINUTE:
            scale["domainMax"] = LEAST_MINUTES
        axis = {**_Y_TITLE, "title": f"{self._words.measured} ({self._words.unit})", "tickCount": 5}
        return {"field": "value", "type": "quantitative", "scale": scale, "axis": axis}

    def _layer(self, data: str, mark: Json, encoding: Json) -> Json:
        return {"data": {"name": data}, "mark": mark, "encoding": encoding}

    def stretches(self) -> list[Json]:
        """Draw outages and planned work as bands, wide enough that a short one is seen."""
        words, least = self._words, self._series.shown.seconds // 150
        kinds = {words.outage: (OUTAGE, self._series.outages), words.maintenance: (WORK, self._series.maintenance)}
        rows = [
            {"from": self._wall(p.start), "to": self._wall(_at_least(p, least).end), "what": what}
            for what, (_, stretches) in kinds.items()
            for p in stretches
        ]
        if not rows:
            return []
        self.datasets["stretches"] = rows
        present = [what for what, (_, stretches) in kinds.items() if stretches]
        colours = {"domain": present, "range": [kinds[what][0] for what in present]}
        colour = {"field": "what", "type": "nominal", "scale": colours}
        encoding = {"x": self._x("from"), "x2": {"field": "to"}, "color": colour}
        return [self._layer("stretches", {"type": "rect", "opacity": 0.32}, encoding)]

    def curve(self) -> list[Json]:
        """Draw what was measured: the mean as a line, up to the worst as a pale area."""
        self.datasets["curve"] = self._rows()
        encoding = {"x": self._x(), "y": self._y()}
        worst = {"y2": {"field": "worst"}} if self._series.points else {}
        return [
            self._layer("curve", {"type": "area", "color": MEASURED, "opacity": 0.16}, encoding | worst),
            self._layer("curve", {"type": "line", "color": MEASURED, "strokeWidth": 2}, encoding),
        ]

    def promise(self) -> list[Json]:
        """Draw the promise as a dashed line with its words."""
        allowed = self._series.allowed_seconds
        height = _number(self._series.target)
        if not self._series.points:
            height = None if allowed is None else float(allowed / _divisor(self._series))
        if height is None:
            return []
        self.datasets["promise"] = [{"at": self._ends[0], "value": height, "text": self._words.promised}]
        y = {"field": "value", "type": "quantitative"}
        line = {"type": "rule", "color": PROMISED, "strokeWidth": 1.8, "strokeDash": [6, 4]}
        words = {"type": "text", "align": "left", "baseline": "bottom", "dx": 4, "dy": -4, "color": PROMISED}
        words |= {"fontSize": TYPE, "fontWeight": "bold"}
        halo = {"stroke": "#ffffff", "strokeWidth": 5, "strokeJoin": "round"}  # readable across the curve
        where = {"x": self._x(), "y": y, "text": _TEXT}
        return [
            self._layer("promise", line, {"y": y}),
            self._layer("promise", words | halo, where),
            self._layer("promise", words, where),
        ]

    def correction(self) -> list[Json]:
        """Draw the moment of correction as a dotted line, named above the picture."""
        at, shown = self._series.corrected_at, self._series.shown
        if at is None or not shown.start <= at <= shown.end:
            return []
        self.datasets["correction"] = [{"at": self._wall(at), "text": self._words.corrected}]
        late = at - shown.start > (shown.end - shown.start) / 2
        line = {"type": "rule", "color": CORRECTED, "strokeWidth": 2, "strokeDash": [2, 2]}
        words = {"type": "text", "baseline": "bottom", "y": -5, "color": CORRECTED, "fontSize": TYPE}
        words |= {"align": "right", "dx": 4} if late else {"align": "left", "dx": -4}
        return [
            self._layer("correction", line, {"x": self._x()}),
            self._layer("correction", words, {"x": self._x(), "text": _TEXT}),
        ]


def _at_least(period: Period, seconds: int) -> Period:
    start, end = period.span
    return Period(start=period.start, end=from_seconds(max(end, start + seconds)))
