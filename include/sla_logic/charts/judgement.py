"""The picture of a judgement: the window with what counted and what did not, and the downtime against the tiers."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.sla.comparison import ObjectiveJudgement, SlaComparison

WIDTH, SCALE = 640, 2
COLOURS = {
    "counted": "#d64545",
    "left out": "#9aa7b5",
    "no data": "#f0c05a",
    "maintenance": "#5f7f9f",
}
_KINDS = {"counted": "counted", "excluded": "left out", "no_data": "no data"}


class UnableToDraw(Exception):
    """There is nothing to draw, or no such kind of picture."""


def as_svg(comparison: SlaComparison) -> str:
    """Draw for a page."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(specification(comparison))
    return drawn


def as_png(comparison: SlaComparison) -> bytes:
    """Draw for a letter."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(specification(comparison), scale=SCALE)
    return drawn


def specification(comparison: SlaComparison) -> str:
    """Return the picture as Vega-Lite; times are wall-clock times of the contract's zone."""
    import altair as alt

    timed = [o for o in comparison.objectives if o.counted_seconds is not None]
    if not timed:
        raise UnableToDraw("No objective of this contract counts time: there is no timeline to draw.")
    charts = [_timeline(comparison, timed), *(_downtime(comparison, o) for o in timed if o.tier_bounds)]
    title = f"{comparison.service} under {comparison.contract}, {comparison.window}"
    chart = alt.vconcat(*charts).properties(title=title).configure_view(stroke=None)
    return str(chart.to_json(indent=None))


def _wall(comparison: SlaComparison, period: Period) -> tuple[str, str]:
    zone = ZoneInfo(comparison.zone)
    start, end = (f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}Z" for moment in (period.start, period.end))
    return start, end


def _axis(comparison: SlaComparison, name: str = "start") -> Any:
    import altair as alt

    scale = alt.Scale(type="utc", domain=list(_wall(comparison, comparison.window)))
    return alt.X(f"{name}:T", scale=scale, title=f"time in {comparison.zone}")


def _timeline(comparison: SlaComparison, timed: list[ObjectiveJudgement]) -> Any:
    import altair as alt

    rows = [
        _row(comparison, o.objective, _KINDS[i.kind], Period(start=i.start, end=i.end), i.why)
        for o in timed
        for i in o.intervals
    ]
    rows += [
        _row(comparison, "maintenance", "maintenance", period, "planned work") for period in comparison.maintenance
    ]
    colour = alt.Color("kind:N", title=None, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())))
    lanes = [o.objective for o in timed] + (["maintenance"] if comparison.maintenance else [])
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=14, stroke=None, minBandSize=1)
        .encode(
            x=_axis(comparison), x2="end:T", y=alt.Y("lane:N", title=None, sort=lanes), color=colour, tooltip="why:N"
        )
        .properties(width=WIDTH, height=26 * len(lanes) + 10)
    )


def _row(comparison: SlaComparison, lane: str, kind: str, period: Period, why: str) -> dict[str, str]:
    (low, high), window = period.span, comparison.window.span
    start, end = _wall(comparison, of_span((max(low, window[0]), max(window[0], min(high, window[1])))))
    return {"lane": lane, "kind": kind, "start": start, "end": end, "why": why}


def _downtime(comparison: SlaComparison, objective: ObjectiveJudgement) -> Any:
    """Draw the cumulated downtime in hours, with a line for each tier it has reached and the next one."""
    import altair as alt

    course, seconds = [(comparison.window.start, 0)], 0
    for interval in objective.intervals:
        if interval.kind == "counted":
            course.append((interval.start, seconds))
            seconds += interval.seconds
            course.append((interval.end, seconds))
    course.append((comparison.window.end, seconds))
    zone = ZoneInfo(comparison.zone)
    points = [{"start": f"{at.astimezone(zone):%Y-%m-%dT%H:%M:%S}Z", "hours": s / 3600} for at, s in course]
    reached = [bound for bound in objective.tier_bounds if bound.from_seconds <= seconds]
    shown = [bound for bound in objective.tier_bounds[: len(reached) + 1] if bound.from_seconds]
    tiers = [{"hours": b.from_seconds / 3600, "credit": f"{b.credit_percent.normalize():f} %"} for b in shown]
    y = alt.Y("hours:Q", title="downtime (h)")
    line = alt.Chart(alt.InlineData(values=points)).mark_line(color=COLOURS["counted"]).encode(x=_axis(comparison), y=y)
    rules = alt.Chart(alt.InlineData(values=tiers)).mark_rule(strokeDash=[4, 3], color="#586676").encode(y=y)
    words = (
        alt.Chart(alt.InlineData(values=tiers))
        .mark_text(align="right", dy=-6)
        .encode(y=y, x=alt.value(WIDTH), text="credit:N")
    )
    return alt.layer(line, rules, words).properties(width=WIDTH, height=150, title=objective.title)
