"""The bar of a service that is judged on its outages: the period from left to right, with every outage in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from include.sla_logic.letters.charts.axes import most_times, round_times
from include.sla_logic.letters.charts.curve import Curve
from include.sla_logic.letters.charts.svg import INK, RULE, SOFT, document, fit, text

UP, OUTAGE, WORK, CORRECTED = "#cfe6d8", "#d64545", "#9aa7b5", "#11633f"
WIDTH, HEIGHT, LEFT, TOP, TYPE, DIGIT = 448, 44, 8, 34, 14, 7.8


def bar_svg(
    curve: Curve,
    title: str,
    names: tuple[str, str, str],
    day: Callable[[datetime], str],
    *,
    width: int | None = None,
) -> str:
    """Draw the period as a bar; `names` are those of an outage, planned work and the correction.

    `width` is that of the whole picture in pixels; without it the picture is as wide as in a mail.
    """
    field = WIDTH if width is None else width - 2 * LEFT
    parts = f'<path d="M0,0H{field}V{HEIGHT}H0z" fill="{UP}"/>'
    legend = []
    for colour, name, stretches in ((WORK, names[1], curve.maintenance), (OUTAGE, names[0], curve.outages)):
        if stretches:
            ends = [(_x(start, curve, field), _x(end, curve, field)) for start, end in stretches]
            path = "".join(f"M{one:.1f},0H{other:.1f}V{HEIGHT}H{one:.1f}z" for one, other in ends)
            parts += f'<path d="{path}" fill="{colour}"/>'
            legend.append(f'<tspan fill="{colour}">\u25a0</tspan> {fit(name)}')
    if curve.corrected is not None:
        x = _x(curve.corrected, curve, field)
        parts += f'<path d="M{x:.1f},-6V{HEIGHT + 6}" stroke="{CORRECTED}" stroke-width="2" stroke-dasharray="2 2"/>'
        legend.append(f'<tspan fill="{CORRECTED}">|</tspan> {fit(names[2])}')
    parts += _axis(curve, day, field) + text(0, -14, title, INK)
    if legend:
        said = "\u2003".join(reversed(legend))
        parts += f'<text x="0" y="{HEIGHT + 48}" fill="{INK}">{said}</text>'
    below = 60 if legend else 32
    return document(LEFT + field + LEFT, TOP + HEIGHT + below, LEFT, TOP, TYPE, parts)


def _x(moment: datetime, curve: Curve, field: float) -> float:
    start, end = curve.shown
    return field * ((moment - start) / max(end - start, timedelta(seconds=1)))


def _axis(curve: Curve, day: Callable[[datetime], str], field: float) -> str:
    marks = texts = ""
    times, hourly = round_times(*curve.shown, most=most_times(field))
    for moment in times:
        x, said = _x(moment, curve, field), f"{moment:%H:%M}" if hourly else day(moment)
        marks += f"M{x:.1f},{HEIGHT}v5"
        half = DIGIT * len(said) / 2 + 3
        texts += text(min(max(x, half - LEFT), field + LEFT - half), HEIGHT + 19, said, SOFT, anchor="middle")
    return f'<path d="{marks}" stroke="{RULE}"/>{texts}'
