"""The process as a picture: lanes, the way that one incident took, and where it is now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from include.sla_logic.process.graph import EDGES, STEPS, Edge
from include.sla_logic.process.way import Done, next_steps
from include.sla_logic.services.incident_views import Case, TakenStep
from include.sla_logic.web.process_layout import AROUND, BANDS, COLUMNS, PLACES, Band, label_of

STEP_X, STEP_Y, WIDE, HIGH = 118, 56, 94, 38
LEFT, HEAD = 14, 22  # space before the first column, and for the name of each lane
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
    last = BANDS[-1]
    return Picture(
        width=LEFT + STEP_X * COLUMNS + LEFT,
        height=_top(last.row + last.rows - 1) + HIGH + 14,
        bands=[_band(band, busy=band.lane is case.ticket.assigned_to) for band in BANDS],
        steps=[_step(task, taken.get(task), _state(task, taken, now)) for task in PLACES],
        edges=sorted((_edge(edge, taken=_was_taken(edge, done, now)) for edge in EDGES), key=lambda edge: edge.taken),
        now=now,
    )


def current_steps(case: Case) -> tuple[str, ...]:
    """Return the steps that come next; none for a child ticket, on which the extra process works."""
    return () if case.ticket.parent else next_steps(_done(case))


def _done(case: Case) -> Done:
    return {step.task: step.choice for step in case.path}


def _was_taken(edge: Edge, done: Done, now: Collection[str]) -> bool:
    came = edge.before in done and done[edge.before] == edge.choice
    return came and (edge.after in done or edge.after in now)


def _left(column: int) -> int:
    return LEFT + column * STEP_X + (STEP_X - WIDE) // 2


def _top(row: int) -> int:
    heads = sum(band.row <= row for band in BANDS)
    return row * STEP_Y + heads * HEAD + 4


def _band(band: Band, *, busy: bool) -> DrawnBand:
    height = (band.rows - 1) * STEP_Y + HIGH + HEAD + 10
    return DrawnBand(band.lane.value, _top(band.row) - HEAD, height, busy)


def _state(task: str, taken: Collection[str], now: Collection[str]) -> str:
    if task in taken:
        return "done"
    if f"{task}{_FAILED}" in taken:
        return "failed"
    return "now" if task in now else "ahead"


def _step(task: str, taken: TakenStep | None, state: str) -> DrawnStep:
    place = PLACES[task]
    when = f"{taken.done_at:%-d %b %Y %H:%M:%S} UTC" if taken else ""
    x, y = _left(place.column), _top(place.row)
    return DrawnStep(task, x, y, place.lines, state, STEPS[task].chooses, when)


def _edge(edge: Edge, *, taken: bool) -> DrawnEdge:
    points = _points(edge)
    (x, y), (next_x, next_y) = points[0], points[1]
    sideways = next_x != x
    return DrawnEdge(
        points=" ".join(f"{px},{py}" for px, py in points),
        taken=taken,
        label=label_of(edge.before, edge.after),
        label_x=x + 3 if sideways else x + 4,
        label_y=y - 4 if sideways else y + (11 if next_y > y else -4),
    )


def _points(edge: Edge) -> list[tuple[int, int]]:
    """Return the corners of a line: straight where it can be, else with one corner, or around other steps.

    A line leaves sideways, or up or down where several lines leave the same step.
    """
    source, target = PLACES[edge.before], PLACES[edge.after]
    sx, sy = _left(source.column) + WIDE // 2, _top(source.row) + HIGH // 2
    tx, ty = _left(target.column) + WIDE // 2, _top(target.row) + HIGH // 2
    down = 1 if ty > sy else -1
    if (edge.before, edge.after) == AROUND:
        gutter = tx + STEP_X // 2
        return [(sx + WIDE // 2, sy), (gutter, sy), (gutter, ty), (tx + WIDE // 2, ty)]
    if source.row == target.row:
        return [(sx + WIDE // 2, sy), (tx - WIDE // 2, ty)]
    if source.column == target.column:
        return [(sx, sy + down * HIGH // 2), (tx, ty - down * HIGH // 2)]
    if len(STEPS[edge.before].followed_by) > 1:
        return [(sx, sy + down * HIGH // 2), (sx, ty), (tx - WIDE // 2, ty)]
    return [(sx + WIDE // 2, sy), (tx, sy), (tx, ty - down * HIGH // 2)]
