"""The picture of a judgement: the window with what counted and what did not, and each value against its tiers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla.comparison import ObjectiveJudgement, SlaComparison
from include.sla_logic.letters.charts.panels import BOUND, HEIGHT, WIDTH, Panel, Scale, TimeAxis, stack
from include.sla_logic.letters.charts.png import to_png
from include.sla_logic.letters.charts.svg import INK, READABLE, fit, text

COLOURS = {
    "counted": "#d64545",
    "left out": "#9aa7b5",
    "no data": "#f0c05a",
    "maintenance": "#5f7f9f",
    "refused maintenance": "#8a4fa3",
    "on record": "#e39b9b",
}
MEASURED, WORST = "#0b4a8f", "#9db8d6"
LANE, BAR = 26, 14
_KINDS = {"counted": "counted", "excluded": "left out", "no_data": "no data"}

Courses = Sequence[PerformanceSeries]
Bar = tuple[str, str, Period, str]  # lane, kind, when, why


class UnableToDraw(ForeseenError):
    """There is no such kind of picture."""


def as_png(comparison: SlaComparison, courses: Courses = ()) -> bytes:
    """Draw for a letter."""
    return to_png(as_svg(comparison, courses))


def as_svg(comparison: SlaComparison, courses: Courses = ()) -> str:
    """Draw the window with what counted, then each objective against its tiers.

    `courses` are the samples of the objectives, in their order, where there are any.
    """
    title = f"{comparison.service} under {comparison.contract}, {comparison.window}"
    return stack(title, list(_panels(comparison, courses)), below=_money(comparison))


def _money(comparison: SlaComparison) -> str:
    due = "to be decided by a person" if comparison.credit_due is None else str(comparison.credit_due)
    return f"Credit due: {due}{'' if comparison.cap is None else f', cap: {comparison.cap}'}"


def _panels(comparison: SlaComparison, courses: Courses) -> Iterator[Panel]:
    times = TimeAxis(comparison.window, comparison.zone)
    yield _timeline(comparison, courses, times)
    for place, objective in enumerate(comparison.objectives):
        if objective.counted_seconds is not None:
            if objective.tier_bounds:
                yield _downtime(objective, times)
        elif place < len(courses) and any(point.mean is not None for point in courses[place].points):
            yield _samples(objective, courses[place], times)
        else:
            yield _value(objective)


def _timeline(comparison: SlaComparison, courses: Courses, times: TimeAxis) -> Panel:
    """Draw a lane for each objective that counts time, else the outages on record, and one for planned work."""
    timed = [o.objective for o in comparison.objectives if o.counted_seconds is not None]
    lanes = [*(timed or ["outages"]), *(["maintenance"] if comparison.maintenance else [])]
    bars = list(_bars(comparison, courses))
    middles = {lane: LANE * (place + 0.5) for place, lane in enumerate(lanes)}
    drawn = "".join(
        f'<rect x="{times.at(when.start):.2f}" y="{middles[lane] - BAR / 2:g}" width="{_width(when, times):.2f}"'
        f' height="{BAR}" fill="{COLOURS[kind]}"><title>{fit(why)}</title></rect>'
        for lane, kind, when, why in bars
    )
    known = {kind for _, kind, _, _ in bars}
    legend = "\u2003".join(f'<tspan fill="{c}">\u25a0</tspan> {kind}' for kind, c in COLOURS.items() if kind in known)
    height = LANE * len(lanes)
    return Panel(
        title="",
        height=height,
        labels=[(middle, lane) for lane, middle in middles.items()],
        body=times.drawn(height) + drawn + f'<text x="0" y="-8" fill="{INK}">{legend}</text>',
        axis=times.title,
    )


def _bars(comparison: SlaComparison, courses: Courses) -> Iterator[Bar]:
    timed = [o for o in comparison.objectives if o.counted_seconds is not None]
    for objective in timed:
        for interval in objective.intervals:
            when = Period(start=interval.start, end=interval.end)
            yield objective.objective, _KINDS[interval.kind], when, interval.why
    for outage in courses[0].outages if courses and not timed else ():
        yield "outages", "on record", outage, "outage on record"
    for work in comparison.maintenance:
        refused = work in comparison.refused_maintenance
        why = "planned work that the contract does not leave out" if refused else "planned work"
        yield "maintenance", "refused maintenance" if refused else "maintenance", work, why


def _width(when: Period, times: TimeAxis) -> float:
    """Keep the shortest bar visible."""
    return max(1.0, times.at(when.end) - times.at(when.start))


def _downtime(objective: ObjectiveJudgement, times: TimeAxis) -> Panel:
    """Draw the cumulated downtime in hours, with a line for each tier it has reached and the next one."""
    course, seconds = [(0.0, 0.0)], 0
    for interval in objective.intervals:
        if interval.kind == "counted":
            course.append((times.at(interval.start), seconds / 3600))
            seconds += interval.seconds
            course.append((times.at(interval.end), seconds / 3600))
    course.append((WIDTH, seconds / 3600))
    reached = [bound for bound in objective.tier_bounds if bound.from_seconds <= seconds]
    shown = [bound for bound in objective.tier_bounds[: len(reached) + 1] if bound.from_seconds]
    tiers = [(b.from_seconds / 3600, f"{b.credit_percent.normalize():f} %") for b in shown]
    levels = Scale.around([0.0, *(hours for _, hours in course), *(hours for hours, _ in tiers)], HEIGHT)
    body = times.drawn(HEIGHT) + levels.lines() + _line(course, levels, COLOURS["counted"]) + _tiers(tiers, levels)
    return Panel(f"{objective.title}: downtime (h)", HEIGHT, levels.labels(), body, times.title)


def _samples(objective: ObjectiveJudgement, course: PerformanceSeries, times: TimeAxis) -> Panel:
    """Draw the samples over the window, their mean and their worst, with the target and the tiers."""
    mean = [(times.at(point.at), _number(point.mean)) for point in course.points]
    worst = [(times.at(point.at), _number(point.worst)) for point in course.points]
    same_unit = objective.unit == course.unit  # a share of samples is judged in percent, whatever they are
    bounds = _bounds(objective) if same_unit else []
    values = [value for _, value in (*mean, *worst) if value is not None]
    levels = Scale.around([0.0, *values, *(value for value, _ in bounds)], HEIGHT)
    body = times.drawn(HEIGHT) + levels.lines() + _line(worst, levels, WORST) + _line(mean, levels, MEASURED)
    title = f"{_said(objective)}: {course.metric} ({course.unit})"
    return Panel(title, HEIGHT, levels.labels(), body + _tiers(bounds, levels), times.title)


def _line(course: Sequence[tuple[float, float | None]], levels: Scale, colour: str) -> str:
    """Draw a line; what was not measured is a gap, a lone sample a dot."""
    path = ""
    for known, points in groupby(course, key=lambda point: point[1] is not None):
        placed = [f"{x:.1f},{levels.up(value):.1f}" for x, value in points if value is not None]
        if known:
            path += f"M{' '.join(placed)}" if len(placed) > 1 else f"M{placed[0]}h0.1"
    return f'<path d="{path}" stroke="{colour}" stroke-width="2" stroke-linecap="round"/>'


def _tiers(bounds: Sequence[tuple[float, str]], levels: Scale) -> str:
    """Draw a dashed line for each bound, with its words at the right end."""
    lines = "".join(f"M0,{levels.up(value):.1f}H{WIDTH}" for value, _ in bounds)
    words = "".join(text(WIDTH, levels.up(value) - 4, said, INK, anchor="end", more=READABLE) for value, said in bounds)
    return f'<path d="{lines}" stroke="{BOUND}" stroke-dasharray="4 3"/>{words}'


def _value(objective: ObjectiveJudgement) -> Panel:
    """Draw a value that has no course, against the target and the tiers: a bar, or a mark on a scale of percent."""
    height, percent, measured = 60, objective.unit == "percent", _number(objective.measured)
    bounds = _bounds(objective)
    shown = [*(value for value, _ in bounds), *([] if measured is None else [measured]), *([] if percent else [0.0])]
    values = Scale.around(shown, WIDTH)
    drawn = ""
    if measured is not None:
        x = values.at(measured)
        bar = f'<rect x="0" y="{height / 2 - BAR / 2:g}" width="{x:.2f}" height="{BAR}" fill="{MEASURED}"/>'
        drawn = f'<circle cx="{x:.2f}" cy="{height / 2:g}" r="6" fill="{MEASURED}"/>' if percent else bar
    lines = "".join(f"M{values.at(value):.1f},0V{height}" for value, _ in bounds)
    rules = f'<path d="{lines}" stroke="{BOUND}" stroke-dasharray="4 3"/>'
    words = "".join(text(values.at(value) + 3, 11, said, INK) for value, said in bounds)
    body = values.marks(height) + drawn + rules + words
    return Panel(_said(objective), height, [], body, f"{objective.metric} ({objective.unit})")


def _said(objective: ObjectiveJudgement) -> str:
    shown = "" if objective.measured is None else f": {objective.measured.normalize():f} {objective.unit}"
    return f"{objective.title}{shown}, {objective.verdict.replace('_', ' ')}"


def _bounds(objective: ObjectiveJudgement) -> list[tuple[float, str]]:
    """Return the target and the tiers with their words, those of one value together."""
    found: dict[float, list[str]] = {}
    if objective.target is not None:
        found[float(objective.target)] = ["target"]
    for bound in objective.value_bounds:
        found.setdefault(float(bound.value), []).append(f"{bound.credit_percent.normalize():f} %")
    return [(value, ", ".join(words)) for value, words in found.items()]


def _number(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else float(value)
