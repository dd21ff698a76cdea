"""The process as a picture: lanes, the way that one incident took, and where it is now."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from include.sla_logic.process.graph import EDGES, STEPS, Edge
from include.sla_logic.process.layout import (
    BANDS,
    HEAD,
    HEIGHT,
    HIGH,
    PLACES,
    STEP_X,
    WIDE,
    WIDTH,
    Band,
    height_of,
    label_of,
    left_of,
    points_of,
    top_of,
)
from include.sla_logic.process.way import Done, next_steps
from include.sla_logic.services.incident_views import Case, TakenStep
from include.sla_logic.services.process_view import ProcessFigures, StepFigure
from include.sla_logic.web.rendering import exactly
from include.sla_logic.web.wording import said

_FAILED = "_failed"
_FIGURES = 14  # space below the name of a step for its figures
_OVER, _BESIDE = 7, 18  # from a line to the foot and to the middle of its label: beyond the tip of an arrow
_ROWS = 1 + max(place.row for place in PLACES.values())


@dataclass(frozen=True)
class DrawnStep:
    """A box: where it is, what it says, and what it has to do with this incident."""

    task: str
    x: int
    y: int
    lines: tuple[str, ...]
    state: str  # done, now, failed or ahead
    decides: bool
    done_at: str
    figures: str = ""


@dataclass(frozen=True)
class DrawnEdge:
    """A line through points, as SVG wants them; the middle of `label` stands beside its beginning."""

    points: str
    taken: bool
    label: str
    label_x: int
    label_y: int


@dataclass(frozen=True)
class DrawnBand:
    """The background of a lane."""

    name: str
    y: int
    height: int
    busy: bool


@dataclass(frozen=True)
class Picture:
    """Everything the template draws; lengths in units of the picture."""

    width: int
    height: int
    bands: Sequence[DrawnBand]
    steps: Sequence[DrawnStep]
    edges: Sequence[DrawnEdge]
    now: Sequence[str]

    wide: int = WIDE
    high: int = HIGH


def draw_process(case: Case) -> Picture:
    """Draw one incident's way through the process."""
    taken = {step.task: step for step in case.path}
    done, now = _done(case), current_steps(case)
    return Picture(
        width=WIDTH,
        height=HEIGHT,
        bands=[_band(band, busy=band.lane is case.ticket.assigned_to and not case.closed) for band in BANDS],
        steps=[_step(task, taken.get(task), _state(task, taken, now)) for task in PLACES],
        edges=sorted((_edge(edge, taken=_was_taken(edge, done, now)) for edge in EDGES), key=lambda edge: edge.taken),
        now=now,
    )


def draw_figures(figures: ProcessFigures, length: Callable[[timedelta], str]) -> Picture:
    """Draw how many incidents took each step and line, and the median time of each step, written by `length`.

    The boxes are higher than those of one incident: their figures stand in them, where no line runs.
    """
    return Picture(
        width=WIDTH,
        height=_lowered(HEIGHT),
        bands=[_roomy(_band(band, busy=False)) for band in BANDS],
        steps=[_counted(task, figures.steps.get(task), length) for task in PLACES],
        edges=sorted((_counted_edge(edge, figures) for edge in EDGES), key=lambda edge: edge.taken),
        now=(),
        high=HIGH + _FIGURES,
    )


def _lowered(y: int) -> int:
    """Return where a height lies in the picture whose boxes are higher."""
    return y + _FIGURES * sum(top_of(row) + HIGH <= y for row in range(_ROWS))


def _roomy(band: DrawnBand) -> DrawnBand:
    top = _lowered(band.y)
    return replace(band, y=top, height=_lowered(band.y + band.height) - top)


def _counted(task: str, figure: StepFigure | None, length: Callable[[timedelta], str]) -> DrawnStep:
    box = _step(task, None, "done" if figure else "ahead")
    return replace(box, y=_lowered(box.y), figures=f"{figure.count} · {length(figure.median)}" if figure else "0")


def _counted_edge(edge: Edge, figures: ProcessFigures) -> DrawnEdge:
    count = figures.edges.get((edge.before, edge.after), 0)
    points = [(x, _lowered(y)) for x, y in points_of(edge)]
    line = _line(points, f"{count}" if STEPS[edge.before].chooses else "", taken=count > 0)
    if len(points) == 2:  # noqa: PLR2004 - straight
        return line
    x, y = points[1]  # several lines may leave one side: each figure stands where its line is alone
    return replace(line, label_x=x + _BESIDE, label_y=y - _OVER)


def current_steps(case: Case) -> tuple[str, ...]:
    """Return the steps that come next; none for a child ticket, on which the extra process works."""
    return () if case.ticket.parent else next_steps(_done(case))


def _done(case: Case) -> Done:
    return {step.task: step.choice for step in case.path}


def _was_taken(edge: Edge, done: Done, now: Collection[str]) -> bool:
    came = edge.before in done and done[edge.before] == edge.choice
    return came and (edge.after in done or edge.after in now)


def _band(band: Band, *, busy: bool) -> DrawnBand:
    return DrawnBand(said(band.lane.value), top_of(band.row) - HEAD, height_of(band), busy)


def _state(task: str, taken: Collection[str], now: Collection[str]) -> str:
    if task in taken:
        return "done"
    if f"{task}{_FAILED}" in taken:
        return "failed"
    return "now" if task in now else "ahead"


def _step(task: str, taken: TakenStep | None, state: str) -> DrawnStep:
    place = PLACES[task]
    when = f"{exactly(taken.done_at)} UTC" if taken else ""
    x, y = left_of(place.column), top_of(place.row)
    lines = tuple(said("\n".join(place.lines)).split("\n"))
    return DrawnStep(task, x, y, lines, state, STEPS[task].chooses, when)


def _edge(edge: Edge, *, taken: bool) -> DrawnEdge:
    return _line(points_of(edge), said(label_of(edge.before, edge.after)), taken=taken)


def _line(points: Sequence[tuple[int, int]], label: str, *, taken: bool) -> DrawnEdge:
    """Write the label over a line that leaves sideways, in the gap between two boxes, else on the right of the line."""
    (x, y), (next_x, next_y) = points[0], points[1]
    if next_x != x:
        label_x, label_y = x + (STEP_X - WIDE) // 2, y - _OVER
    else:
        label_x, label_y = x + _BESIDE, y + (11 if next_y > y else -5)
    return DrawnEdge(" ".join(f"{px},{py}" for px, py in points), taken, label, label_x, label_y)
