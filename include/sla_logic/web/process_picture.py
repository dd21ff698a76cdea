"""The process as a picture: lanes, the way that one incident took, and where it stands now."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.sla_logic.services.incident_views import Case, TakenStep
from include.sla_logic.web.process_layout import BANDS, STATIONS, TRACKS, Station, Track

STEP_X, STEP_Y, WIDE, HIGH = 118, 56, 94, 38
LEFT, HEAD = 14, 22  # room before the first column, and for the name of each lane
_JOINS = {"send_customer_report": {"create_customer_report", "adjust_billing"}}
_FAILED = "_failed"


@dataclass(frozen=True)
class DrawnStation:
    """A box: where it is, what it says, and what it has to do with this incident."""

    task: str
    x: int
    y: int
    lines: tuple[str, ...]
    state: str  # done, now, failed or ahead
    decides: bool
    done_at: str


@dataclass(frozen=True)
class DrawnTrack:
    """A line through points, as SVG wants them; `label` stands near its beginning."""

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
    stations: Sequence[DrawnStation]
    tracks: Sequence[DrawnTrack]
    now: Sequence[str]

    wide: int = WIDE
    high: int = HIGH


def draw_process(case: Case) -> Picture:
    """Draw one incident's way through the process."""
    taken = {step.task: step for step in case.path}
    failed = {task.removesuffix(_FAILED) for task in taken if task.endswith(_FAILED)}
    now = where_it_stands(case)
    last = BANDS[-1]
    return Picture(
        width=LEFT + STEP_X * (1 + max(s.column for s in STATIONS)) + LEFT,
        height=_top(last.row + last.rows - 1) + HIGH + 14,
        bands=[_band(b.lane.value, b.row, b.rows, case.ticket.assigned_to.value) for b in BANDS],
        stations=[_station(s, taken, now, failed) for s in STATIONS],
        tracks=sorted((_track(t, taken, now) for t in TRACKS), key=lambda t: t.taken),
        now=now,
    )


def where_it_stands(case: Case) -> tuple[str, ...]:
    """Return the steps that come next: those that follow what is done and are not done themselves."""
    taken = {step.task: step for step in case.path}
    if not taken:
        return ("enter_problem_report",) if case.ticket.parent is None else ()
    reached = {
        track.target
        for track in TRACKS
        if track.target not in taken and _is_taken(track, taken) and _JOINS.get(track.target, set()) <= taken.keys()
    }
    return tuple(station.task for station in STATIONS if station.task in reached)


def _is_taken(track: Track, taken: dict[str, TakenStep]) -> bool:
    source = taken.get(track.source)
    return source is not None and source.choice in {None, track.target}


def _left(column: int) -> int:
    return LEFT + column * STEP_X + (STEP_X - WIDE) // 2


def _top(row: int) -> int:
    names = sum(1 for band in BANDS if band.row <= row)
    return row * STEP_Y + names * HEAD + 4


def _band(name: str, row: int, rows: int, busy: str) -> DrawnBand:
    return DrawnBand(name, _top(row) - HEAD, (rows - 1) * STEP_Y + HIGH + HEAD + 10, busy == name)


def _station(station: Station, taken: dict[str, TakenStep], now: Sequence[str], failed: set[str]) -> DrawnStation:
    step = taken.get(station.task)
    state = "done" if step else "failed" if station.task in failed else "now" if station.task in now else "ahead"
    when = f"{step.done_at:%-d %b %Y %H:%M:%S} UTC" if step else ""
    return DrawnStation(
        station.task, _left(station.column), _top(station.row), station.lines, state, station.decides, when
    )


def _track(track: Track, taken: dict[str, TakenStep], now: Sequence[str]) -> DrawnTrack:
    source, target = _BY_TASK[track.source], _BY_TASK[track.target]
    points = _points(source, target, track.way)
    went = _is_taken(track, taken) and (track.target in taken or track.target in now)
    (x, y), (next_x, _) = points[0], points[1]
    sideways = next_x != x
    return DrawnTrack(
        points=" ".join(f"{px},{py}" for px, py in points),
        taken=went,
        label=track.label,
        label_x=x + 3 if sideways else x + 4,
        label_y=y - 4 if sideways else y + (11 if points[1][1] > y else -4),
    )


def _points(source: Station, target: Station, way: str) -> list[tuple[int, int]]:
    sx, sy = _left(source.column) + WIDE // 2, _top(source.row) + HIGH // 2
    tx, ty = _left(target.column) + WIDE // 2, _top(target.row) + HIGH // 2
    down = 1 if ty > sy else -1
    if way == "h":
        return [(sx + WIDE // 2, sy), (tx - WIDE // 2, ty)]
    if way == "v":
        return [(sx, sy + down * HIGH // 2), (tx, ty - down * HIGH // 2)]
    if way == "hv":
        return [(sx + WIDE // 2, sy), (tx, sy), (tx, ty - down * HIGH // 2)]
    if way == "vh":
        return [(sx, sy + down * HIGH // 2), (sx, ty), (tx - WIDE // 2, ty)]
    gutter = tx + STEP_X // 2  # round: past the last column and back
    return [(sx + WIDE // 2, sy), (gutter, sy), (gutter, ty), (tx + WIDE // 2, ty)]


_BY_TASK = {station.task: station for station in STATIONS}
