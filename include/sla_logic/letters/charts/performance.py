"""The picture of a service's performance: measured, promised, outages, planned work, correction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.letters.charts.axes import decimals_of, most_times, round_times
from include.sla_logic.letters.charts.bar import UP, bar_svg
from include.sla_logic.letters.charts.curve import Curve, curve_of
from include.sla_logic.letters.charts.palette import mixed, palette, to_png
from include.sla_logic.letters.charts.raster import draw, load_fonts
from include.sla_logic.letters.charts.svg import INK, READABLE, RULE, SOFT, document, fit, text

MEASURED, PROMISED, OUTAGE, WORK, CORRECTED = "#0b4a8f", "#b3530a", "#d64545", "#9aa7b5", "#11633f"
BAND, SPREAD = 0.32, 0.16  # opacity of a stretch of time, and of the area between the mean and the worst
INKS = (INK, SOFT, RULE, MEASURED, PROMISED, OUTAGE, WORK, CORRECTED)
_BANDS = mixed(OUTAGE, BAND), mixed(WORK, BAND)
TINTS = (UP, *_BANDS, *(mixed(MEASURED, SPREAD, ground) for ground in ("#ffffff", *_BANDS)))
WIDTH, HEIGHT = 400, 200  # drawn small and sharp: the words stay readable on a phone
TOP, BELOW, RIGHT, TYPE, DIGIT = 50, 58, 12, 14, 7.8  # margins, size of the words, width of a digit


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
        """Write a number with that many decimals."""
        signs = {",": self.number_locale.get("thousands", ","), ".": self.number_locale.get("decimal", ".")}
        return "".join(signs.get(sign, sign) for sign in f"{value:,.{decimals}f}").replace("-", "\u2212")

    def day(self, moment: datetime) -> str:
        """Write day and month; of the date pattern's fields, these two are known."""
        months = self.time_locale.get("shortMonths")
        month = months[moment.month - 1] if months else f"{moment:%b}"
        return self.date.replace("%-d", str(moment.day)).replace("%b", month)


def can_draw(series: PerformanceSeries) -> bool:
    """Tell whether there is anything to see: points, or outages of an availability promise."""
    if series.points:
        return any(p.mean is not None for p in series.points)
    return series.shown.seconds > 0 and series.allowed_seconds is not None and bool(series.outages)


def as_png(series: PerformanceSeries, words: Words) -> bytes:
    """Draw for a mail; equal arguments give equal bytes."""
    return to_png(draw(as_svg(series, words)), INKS, TINTS)


def load_fonts_and_colours() -> None:
    """Read the fonts and compute the palette now rather than with the first picture."""
    load_fonts(TYPE)
    palette(INKS, TINTS)


def as_svg(series: PerformanceSeries, words: Words, *, width: int | None = None) -> str:
    """Draw for a page; `width` is that of the whole picture in pixels, without it that of a picture in a mail."""
    if not series.points:
        title = f"{words.measured} \u2013 {words.promised}"
        names = words.outage, words.maintenance, words.corrected
        return bar_svg(curve_of(series), title, names, words.day, width=width)
    return _Drawing(curve_of(series), words, width).svg()


class _Drawing:
    """The picture, from the back to the front; lengths in pixels from the corner of the field."""

    def __init__(self, curve: Curve, words: Words, width: int | None) -> None:
        self._curve, self._words = curve, words
        decimals = decimals_of(curve.levels)
        self._levels = [(level, words.number(level, decimals)) for level in curve.levels]
        self._left = 13 + DIGIT * max(len(said) for _, said in self._levels)
        self._width = WIDTH if width is None else width - self._left - RIGHT

    def svg(self) -> str:
        left = self._left
        width, height = left + self._width + RIGHT, TOP + HEIGHT + (BELOW if self._legend() else BELOW - 28)
        parts = (self._frame, self._stretches, self._line, self._promise, self._correction, self._legend)
        title = text(4 - left, -31, f"{self._words.measured} ({self._words.unit})", INK)
        return document(width, height, left, TOP, TYPE, title + "".join(part() for part in parts))

    def _x(self, moment: datetime) -> float:
        start, end = self._curve.shown
        return self._width * ((moment - start) / max(end - start, timedelta(seconds=1)))

    def _y(self, value: float) -> float:
        low, high = self._curve.levels[0], self._curve.levels[-1]
        return HEIGHT * (1 - (value - low) / (high - low))

    def _frame(self) -> str:
        lines = "".join(f"M-5,{self._y(level):.1f}H{self._width:g}" for level, _ in self._levels) + f"M0,0V{HEIGHT}"
        texts = "".join(text(-8, self._y(level) + 5, said, SOFT, anchor="end") for level, said in self._levels)
        times, hourly = round_times(*self._curve.shown, most=most_times(self._width))
        for moment in times:
            x, said = self._x(moment), f"{moment:%H:%M}" if hourly else self._words.day(moment)
            lines += f"M{x:.1f},{HEIGHT}v5"
            half = DIGIT * len(said) / 2 + 3  # in the middle below its mark, as far as the picture reaches
            middle = min(max(x, half - self._left), self._width + RIGHT - half)
            texts += text(middle, HEIGHT + 19, said, SOFT, anchor="middle")
        return f'<path d="{lines}" stroke="{RULE}"/>{texts}'

    def _stretches(self) -> str:
        return "".join(
            f'<path d="{self._bands(stretches)}" fill="{colour}" fill-opacity="{BAND}"/>'
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
            f'<path d="{area}" fill="{MEASURED}" fill-opacity="{SPREAD}"/>'
            f'<path d="{line}" stroke="{MEASURED}" stroke-width="2" stroke-linecap="square"/>'
        )

    def _promise(self) -> str:
        """Draw the promise as a dashed line with its words."""
        if self._curve.promise is None:
            return ""
        y = self._y(self._curve.promise)
        line = f'<path d="M0,{y:.1f}H{self._width:g}" stroke="{PROMISED}" stroke-width="1.8" stroke-dasharray="6 4"/>'
        return line + text(4, y - 7, self._words.promised, PROMISED, more=f' font-weight="bold"{READABLE}')

    def _correction(self) -> str:
        """Draw the moment of correction as a dotted line, named above the picture."""
        if self._curve.corrected is None:
            return ""
        x = self._x(self._curve.corrected)
        late = x > self._width / 2
        line = f'<path d="M{x:.1f},0V{HEIGHT}" stroke="{CORRECTED}" stroke-width="2" stroke-dasharray="2 2"/>'
        return line + text(x + (4 if late else -4), -8, self._words.corrected, CORRECTED, anchor="end" * late)

    def _legend(self) -> str:
        kinds = (
            (OUTAGE, self._words.outage, self._curve.outages),
            (WORK, self._words.maintenance, self._curve.maintenance),
        )
        known = "\u2003".join(
            f'<tspan fill="{colour}" fill-opacity="{BAND}">\u25a0</tspan> {fit(name)}'
            for colour, name, any_ in kinds
            if any_
        )
        return f'<text x="0" y="{HEIGHT + 48}" fill="{INK}">{known}</text>' if known else ""
