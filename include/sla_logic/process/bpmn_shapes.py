"""What BPMN draws of the process: the steps where the picture has them, and the gateways and events that BPMN needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.process.graph import EDGES, END, FIRST, STAGES, STEPS, WAIT, Edge, Kind, Node
from include.sla_logic.process.layout import HIGH, PLACES, STEP_X, WIDE, left_of, points_of, top_of

SCALE = 1.5  # of the picture's units: modellers write with larger letters
NAMES, START, ENDS = 60, 70, 90  # room for the names of pool and lanes, for the start event, for the end event
_TAGS = {Kind.DECISION: "exclusiveGateway", Kind.WAIT: "eventBasedGateway"}
_SMALL, _GATEWAY = 28, 44
Point = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """An element that flows connect: the middle of its shape, and its size."""

    id: str
    tag: str
    name: str
    lane: Lane
    x: float
    y: float
    wide: float
    high: float
    says: str = ""
    message: str = ""
    waits: timedelta | None = None


@dataclass(frozen=True)
class Flow:
    """A sequence flow through points, the first and the last at the middle of a side of what it connects."""

    source: str
    target: str
    name: str
    points: tuple[Point, ...]

    @property
    def id(self) -> str:
        """Name the flow by what it connects."""
        return f"flow.{self.source}.{self.target}"


def _middle(column: float, row: int) -> Point:
    return (
        NAMES + START + SCALE * (left_of(0) + column * STEP_X + WIDE // 2),
        SCALE * (top_of(row) + HIGH // 2),
    )


def nodes_of_process() -> Iterator[Drawn]:
    """Yield start, steps, what BPMN needs besides, and end."""
    x, y = _middle(0, PLACES[FIRST].row)
    ours = Lane.CUSTOMER_SERVICE
    yield Drawn("start", "startEvent", "Problem perceived", ours, x - START - 30, y, 36, 36)
    for stage in STAGES:
        for step in stage.steps:
            yield _step(step, stage.lane)
    for step in STEPS.values():
        for name, beside, side in (("split", len(step.followed_by) > 1, 1), ("join", step.waits_for_all, -1)):
            if beside and not step.chooses:
                place = PLACES[step.name]
                x, y = _middle(place.column + side * 0.5, place.row)
                yield Drawn(f"{step.name}.{name}", "parallelGateway", "", ours, x, y, _SMALL, _SMALL)
    yield from _catching()
    x, y = _middle(PLACES[END].column, PLACES[END].row)
    yield Drawn("end", "endEvent", "Incident closed", ours, x + ENDS + 30, y, 36, 36)


def _step(step: Node, lane: Lane) -> Drawn:
    place = PLACES[step.name]
    says = f"Row {step.row} of the process{f'; writes {step.writes}' if step.writes else ''}."
    tag = _TAGS.get(step.kind, "sendTask" if step.sends else "serviceTask")
    wide, high = (_GATEWAY, _GATEWAY) if step.chooses else (SCALE * WIDE, SCALE * HIGH)
    x, y = _middle(place.column, place.row)
    name = " ".join(place.lines).replace("- ", "")
    return Drawn(step.name, tag, name, lane, x, y, wide, high, says)


def _catching() -> Iterator[Drawn]:
    """Yield the three events that end the wait: a request in time, the deadline, a rejection."""
    place, lane, event = PLACES[WAIT], Lane.RESOURCE_PROVISIONING, "intermediateCatchEvent"
    x, y = _middle(place.column + 0.5, place.row)
    request = "Restoration request"
    yield Drawn(f"{WAIT}.sent", event, "", lane, x, y, _SMALL, _SMALL, message=request)
    x, y = _middle(place.column, place.row + 1)
    window: timedelta = Contract.model_fields["restoration_window"].default
    says = "The contract may set another time."
    yield Drawn(f"{WAIT}.deadline", event, "Too late", lane, x, y, _SMALL, _SMALL, says, waits=window)
    x, y = _middle(place.column - 0.5, place.row)
    yield Drawn(f"{WAIT}.rejected", event, "Rejected", lane, x, y, _SMALL, _SMALL, message=f"{request} rejected")


def flows_of_process() -> Iterator[Flow]:
    """Yield the flows between them, those of the graph with its labels."""
    known = {node.id: node for node in nodes_of_process()}
    yield _straight(known["start"], known[FIRST], "")
    for step in STEPS.values():
        if len(step.followed_by) > 1 and not step.chooses:
            yield _straight(known[step.name], known[f"{step.name}.split"], "")
        if step.waits_for_all:
            yield _straight(known[f"{step.name}.join"], known[step.name], "")
    for edge in EDGES:
        yield from _of_the_wait(edge, known) if edge.before == WAIT else [_of_edge(edge, known)]
    yield _straight(known[END], known["end"], "")


def _of_edge(edge: Edge, known: dict[str, Drawn]) -> Flow:
    source = known.get(f"{edge.before}.split") or known[edge.before]
    target = known.get(f"{edge.after}.join") or known[edge.after]
    points = [(NAMES + START + SCALE * x, SCALE * y) for x, y in points_of(edge)]
    if (source.id, target.id) != (edge.before, edge.after):
        points = [(source.x, source.y), (target.x, source.y), (target.x, target.y)]
        if "." in source.id:  # a split sends each line up or down first
            points[1] = (source.x, target.y)
    else:
        points[0], points[-1] = (source.x, source.y), (target.x, target.y)
    return Flow(source.id, target.id, edge.label, _to_the_sides(points, source, target))


def _of_the_wait(edge: Edge, known: dict[str, Drawn]) -> Iterator[Flow]:
    """Yield the way through the event that chooses this edge; two events lead to the end of a restoration."""
    wait, after = known[WAIT], known[edge.after]
    sent, deadline, rejected = (known[f"{WAIT}.{name}"] for name in ("sent", "deadline", "rejected"))
    if edge == next(each for each in EDGES if each.before == WAIT):
        yield from (_straight(wait, sent, ""), _straight(sent, after, edge.label))
        return
    yield from (_straight(wait, deadline, ""), _straight(deadline, after, edge.label))
    yield _straight(wait, rejected, "")
    below = after.y + after.high / 2 + 12
    around = [(rejected.x, rejected.y), (rejected.x, below), (after.x, below), (after.x, after.y)]
    yield Flow(rejected.id, after.id, edge.label, _to_the_sides(around, rejected, after))


def _straight(source: Drawn, target: Drawn, name: str) -> Flow:
    points = [(source.x, source.y), (target.x, target.y)]
    return Flow(source.id, target.id, name, _to_the_sides(points, source, target))


def _to_the_sides(points: list[Point], source: Drawn, target: Drawn) -> tuple[Point, ...]:
    """Let a line from middle to middle begin and end at the sides, and leave out corners that are none."""
    corners = [point for number, point in enumerate(points) if number == 0 or point != points[number - 1]]
    corners[0] = _side(source, corners[1])
    corners[-1] = _side(target, corners[-2])
    return tuple(corners)


def _side(node: Drawn, towards: Point) -> Point:
    x, y = towards
    if abs(x - node.x) > node.wide / 2:
        return node.x + (node.wide if x > node.x else -node.wide) / 2, node.y
    return node.x, node.y + (node.high if y > node.y else -node.high) / 2
