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
    """A line through points, as SVG wants them; `label` is near its beginning."""

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
    """Draw how many incidents took each step and line, and the median time of each step, written by `length`."""
    return Picture(
        width=WIDTH,
        height=HEIGHT,
        bands=[_band(band, busy=False) for band in BANDS],
        steps=[_counted(task, figures.steps.get(task), length) for task in PLACES],
        edges=sorted((_counted_edge(edge, figures) for edge in EDGES), key=lambda edge: edge.taken),
        now=(),
    )


def _counted(task: str, figure: StepFigure | None, length: Callable[[timedelta], str]) -> DrawnStep:
    box = _step(task, None, "done" if figure else "ahead")
    return replace(box, figures=f"{figure.count} · {length(figure.median)}" if figure else "0")


def _counted_edge(edge: Edge, figures: ProcessFigures) -> DrawnEdge:
    count = figures.edges.get((edge.before, edge.after), 0)
    line = _edge(edge, taken=count > 0)
    if not STEPS[edge.before].chooses:
        return replace(line, label="")
    corner = points_of(edge)[1:-1]  # several lines may leave one side: each figure stands where its line is alone
    x, y = (corner[0][0] + 4, corner[0][1] - 4) if corner else (line.label_x, line.label_y)
    return replace(line, label=f"{count}", label_x=x, label_y=y)


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
    points = points_of(edge)
    (x, y), (next_x, next_y) = points[0], points[1]
    sideways = next_x != x
    return DrawnEdge(
        points=" ".join(f"{px},{py}" for px, py in points),
        taken=taken,
        label=said(label_of(edge.before, edge.after)),
        label_x=x + 3 if sideways else x + 4,
        label_y=y - 4 if sideways else y + (11 if next_y > y else -4),
    )
