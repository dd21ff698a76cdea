"""The picture of a judgement: the window with what counted and what did not, and each value against its tiers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.sla.comparison import ObjectiveJudgement, SlaComparison

WIDTH, SCALE = 640, 2
COLOURS = {
    "counted": "#d64545",
    "left out": "#9aa7b5",
    "no data": "#f0c05a",
    "maintenance": "#5f7f9f",
    "on record": "#e39b9b",
}
MEASURED, WORST, TIER = "#0b4a8f", "#9db8d6", "#586676"
_KINDS = {"counted": "counted", "excluded": "left out", "no_data": "no data"}

Courses = Sequence[PerformanceSeries]


class UnableToDraw(ForeseenError):
    """There is no such kind of picture."""


def as_svg(comparison: SlaComparison, courses: Courses = ()) -> str:
    """Draw for a page."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(specification(comparison, courses))
    return drawn


def as_png(comparison: SlaComparison, courses: Courses = ()) -> bytes:
    """Draw for a letter."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(specification(comparison, courses), scale=SCALE)
    return drawn


def specification(comparison: SlaComparison, courses: Courses = ()) -> str:
    """Return the picture as Vega-Lite: the window with what counted, then each objective against its tiers.

    `courses` are the samples of the objectives, in their order, where there are any. Times are wall-clock times of
    the contract's zone as it is at the start of the window: a change of the clocks inside turns no bar round.
    """
    import altair as alt

    charts = [_timeline(comparison, courses)]
    for place, objective in enumerate(comparison.objectives):
        if objective.counted_seconds is not None:
            charts += [_downtime(comparison, objective)] if objective.tier_bounds else []
        elif place < len(courses) and any(point.mean is not None for point in courses[place].points):
            charts.append(_samples(comparison, objective, courses[place]))
        else:
            charts.append(_value(objective))
    title = f"{comparison.service} under {comparison.contract}, {comparison.window}"
    chart = alt.vconcat(*charts).properties(title=title).configure_view(stroke=None)
    return str(chart.to_json(indent=None))


def _offset(comparison: SlaComparison) -> timezone:
    offset = comparison.window.start.astimezone(ZoneInfo(comparison.zone)).utcoffset()
    return timezone(offset or timedelta(0))


def _wall(comparison: SlaComparison, moment: datetime) -> str:
    return f"{moment.astimezone(_offset(comparison)):%Y-%m-%dT%H:%M:%S}Z"


def _axis(comparison: SlaComparison, name: str = "start") -> Any:
    import altair as alt

    window = comparison.window
    scale = alt.Scale(type="utc", domain=[_wall(comparison, window.start), _wall(comparison, window.end)])
    changes = window.end.astimezone(ZoneInfo(comparison.zone)).utcoffset() != _offset(comparison).utcoffset(None)
    always = f", {_offset(comparison)} throughout" if changes else ""
    return alt.X(f"{name}:T", scale=scale, title=f"time in {comparison.zone}{always}")


def _timeline(comparison: SlaComparison, courses: Courses) -> Any:
    """Draw a lane for each objective that counts time, else the outages on record, and one for planned work."""
    import altair as alt

    timed = [o for o in comparison.objectives if o.counted_seconds is not None]
    rows = [
        _row(comparison, o.objective, _KINDS[i.kind], Period(start=i.start, end=i.end), i.why)
        for o in timed
        for i in o.intervals
    ]
    recorded = courses[0].outages if courses and not timed else ()
    rows += [_row(comparison, "outages", "on record", period, "outage on record") for period in recorded]
    rows += [
        _row(comparison, "maintenance", "maintenance", period, "planned work") for period in comparison.maintenance
    ]
    colour = alt.Color("kind:N", title=None, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())))
    lanes = [o.objective for o in timed] or ["outages"]
    lanes += ["maintenance"] if comparison.maintenance else []
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=14, stroke=None, minBandSize=1)
        .encode(
            x=_axis(comparison),
            x2="end:T",
            y=alt.Y("lane:N", title=None, sort=lanes, scale=alt.Scale(domain=lanes)),
            color=colour,
            tooltip="why:N",
        )
        .properties(width=WIDTH, height=26 * len(lanes) + 10)
    )


def _row(comparison: SlaComparison, lane: str, kind: str, period: Period, why: str) -> dict[str, str]:
    (low, high), window = period.span, comparison.window.span
    shown = of_span((max(low, window[0]), max(window[0], min(high, window[1]))))
    return {
        "lane": lane,
        "kind": kind,
        "start": _wall(comparison, shown.start),
        "end": _wall(comparison, shown.end),
        "why": why,
    }


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
    points = [{"start": _wall(comparison, at), "hours": s / 3600} for at, s in course]
    reached = [bound for bound in objective.tier_bounds if bound.from_seconds <= seconds]
    shown = [bound for bound in objective.tier_bounds[: len(reached) + 1] if bound.from_seconds]
    tiers = [{"hours": b.from_seconds / 3600, "credit": f"{b.credit_percent.normalize():f} %"} for b in shown]
    y = alt.Y("hours:Q", title="downtime (h)")
    line = alt.Chart(alt.InlineData(values=points)).mark_line(color=COLOURS["counted"]).encode(x=_axis(comparison), y=y)
    rules = alt.Chart(alt.InlineData(values=tiers)).mark_rule(strokeDash=[4, 3], color=TIER).encode(y=y)
    words = (
        alt.Chart(alt.InlineData(values=tiers))
        .mark_text(align="right", dy=-6)
        .encode(y=y, x=alt.value(WIDTH), text="credit:N")
    )
    return alt.layer(line, rules, words).properties(width=WIDTH, height=150, title=objective.title)


def _samples(comparison: SlaComparison, objective: ObjectiveJudgement, course: PerformanceSeries) -> Any:
    """Draw the samples over the window, their mean and their worst, with the target and the tiers."""
    import altair as alt

    title = f"{course.metric} ({course.unit})"
    points = [
        {"start": _wall(comparison, p.at), "mean": _number(p.mean), "worst": _number(p.worst)} for p in course.points
    ]
    chart = alt.Chart(alt.InlineData(values=points)).encode(x=_axis(comparison))
    worst = chart.mark_line(color=WORST).encode(y=alt.Y("worst:Q", title=title))
    mean = chart.mark_line(color=MEASURED, point=alt.OverlayMarkDef(size=8, color=MEASURED)).encode(y="mean:Q")
    same_unit = objective.unit == course.unit  # a share of samples is judged in percent, whatever they are
    bounds = _bounds(objective) if same_unit else []
    rules = alt.Chart(alt.InlineData(values=bounds)).encode(y="value:Q")
    lines = rules.mark_rule(strokeDash=[4, 3], color=TIER)
    words = rules.mark_text(align="right", dy=-6).encode(x=alt.value(WIDTH), text="text:N")
    layers = alt.layer(worst, mean, lines, words)
    return layers.properties(width=WIDTH, height=150, title=_said(objective))


def _value(objective: ObjectiveJudgement) -> Any:
    """Draw a value that has no course, against the target and the tiers: a bar, or a mark on a scale of percent."""
    import altair as alt

    percent = objective.unit == "percent"
    x = alt.X("value:Q", title=f"{objective.metric} ({objective.unit})", scale=alt.Scale(zero=not percent))
    measured = [] if objective.measured is None else [{"value": _number(objective.measured)}]
    values = alt.Chart(alt.InlineData(values=measured)).encode(x=x)
    point = values.mark_point(color=MEASURED, opacity=1, size=120, filled=True)
    drawn = point if percent else values.mark_bar(color=MEASURED, height=14)
    rules = alt.Chart(alt.InlineData(values=_bounds(objective))).encode(x="value:Q")
    lines = rules.mark_rule(strokeDash=[4, 3], color=TIER)
    words = rules.mark_text(align="left", dx=3, dy=-20).encode(text="text:N")
    return alt.layer(drawn, lines, words).properties(width=WIDTH, height=60, title=_said(objective))


def _said(objective: ObjectiveJudgement) -> str:
    shown = "" if objective.measured is None else f": {objective.measured.normalize():f} {objective.unit}"
    return f"{objective.title}{shown}, {objective.verdict.replace('_', ' ')}"


def _bounds(objective: ObjectiveJudgement) -> list[dict[str, Any]]:
    found: dict[Decimal, list[str]] = {}
    if objective.target is not None:
        found[objective.target.normalize()] = ["target"]
    for bound in objective.value_bounds:
        found.setdefault(bound.value.normalize(), []).append(f"{bound.credit_percent.normalize():f} %")
    return [{"value": float(value), "text": ", ".join(texts)} for value, texts in found.items()]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
