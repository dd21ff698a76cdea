"""The process as BPMN 2.0 says what the graph says; every reference leads to an element, every element is drawn.

Whether it is valid against the standard's schemas is asked in `test_bpmn_schema.py`. Here its structure is checked:
order of the children, references, shapes, ends of the lines.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple
from xml.etree.ElementTree import Element, fromstring

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.process.bpmn import DC, DD, DI, MODEL, process_as_bpmn
from include.sla_logic.process.graph import EDGES, END, FIRST, STAGES, STEPS, WAIT, Kind

KINDS = {"exclusiveGateway": Kind.DECISION, "eventBasedGateway": Kind.WAIT}
NODES = {"startEvent", "endEvent", "serviceTask", "sendTask", "parallelGateway", "intermediateCatchEvent", *KINDS}
ORDER = ("documentation", "incoming", "outgoing", "messageEventDefinition", "timerEventDefinition")


class Line(NamedTuple):
    source: str
    target: str
    label: str


class Read:
    """A small reader of BPMN that knows nothing of how it was written."""

    def __init__(self, text: str) -> None:
        self.root = fromstring(text)  # noqa: S314 - our own
        self.process = self.one(f"{{{MODEL}}}process")
        self.nodes = {e.get("id", ""): e for e in self.process if tag(e) in NODES}
        flows = [e for e in self.process if tag(e) == "sequenceFlow"]
        self.flows = {
            e.get("id", ""): Line(e.get("sourceRef", ""), e.get("targetRef", ""), e.get("name", "")) for e in flows
        }
        self.lanes = {ref.text: lane.get("name") for lane in self.all("lane") for ref in lane}

    def one(self, path: str) -> Element:
        [found] = self.root.iter(path)
        return found

    def all(self, name: str, space: str = MODEL) -> list[Element]:
        return list(self.root.iter(f"{{{space}}}{name}"))

    def steps_after(self, node: str, label: str = "") -> Iterator[tuple[str, str]]:
        """Follow the flows to the next steps, through what is no step."""
        for line in self.flows.values():
            if line.source == node:
                words = label or line.label
                if line.target in STEPS:
                    yield line.target, words
                else:
                    yield from self.steps_after(line.target, words)


def tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


@pytest.fixture(scope="module")
def read() -> Read:
    return Read(process_as_bpmn())


def test_the_document_is_read_back_to_the_same_graph(read: Read) -> None:
    found = {(name, after, label) for name in STEPS for after, label in read.steps_after(name)}
    assert found == {(edge.before, edge.after, edge.label) for edge in EDGES}


def test_each_step_is_of_its_kind_and_in_the_lane_of_its_department(read: Read) -> None:
    assert {name: KINDS.get(tag(read.nodes[name]), Kind.ACTIVITY) for name in STEPS} == {
        name: step.kind for name, step in STEPS.items()
    }
    lanes = {step.name: stage.lane.value for stage in STAGES for step in stage.steps}
    assert {name: read.lanes[name] for name in STEPS} == lanes
    assert set(read.lanes) == set(read.nodes)


def test_the_process_begins_and_ends_once(read: Read) -> None:
    assert list(read.steps_after("start")) == [(FIRST, "")]
    assert [line.source for line in read.flows.values() if line.target == "end"] == [END]


def test_what_runs_side_by_side_is_split_and_joined_by_parallel_gateways(read: Read) -> None:
    into = {name: {f.source for f in read.flows.values() if f.target == name} for name in read.nodes}
    joins = {name for name, node in read.nodes.items() if tag(node) == "parallelGateway" and len(into[name]) > 1}
    before = {edge.before for edge in EDGES if edge.after == "send_customer_report"}
    assert [into[join] for join in joins] == [before]
    assert into["send_customer_report"] == joins
    [split] = {f.target for f in read.flows.values() if f.source == "receive_outcome"}
    assert tag(read.nodes[split]) == "parallelGateway"
    several = [name for name in STEPS if sum(f.source == name for f in read.flows.values()) > 1]
    assert all(STEPS[name].chooses for name in several)


def test_the_wait_ends_by_a_message_or_after_two_days(read: Read) -> None:
    events = [read.nodes[f.target] for f in read.flows.values() if f.source == WAIT]
    assert sorted(tag(definition) for event in events for definition in event if "Definition" in definition.tag) == [
        "messageEventDefinition",
        "messageEventDefinition",
        "timerEventDefinition",
    ]
    [duration] = read.all("timeDuration")
    assert duration.text == "P2D"
    assert {e.get("messageRef") for e in read.all("messageEventDefinition")} == {
        e.get("id") for e in read.all("message")
    }


def test_every_reference_leads_to_an_element_and_children_stand_in_the_order_of_the_schema(read: Read) -> None:
    named = [element.get("id") for element in read.root.iter() if element.get("id")]
    assert len(named) == len(set(named))
    for name, node in read.nodes.items():
        assert [tag(child) for child in node] == sorted((tag(child) for child in node), key=ORDER.index)
        flows = {kind: {c.text for c in node if tag(c) == kind} for kind in ("incoming", "outgoing")}
        assert flows["incoming"] == {flow for flow, line in read.flows.items() if line.target == name}
        assert flows["outgoing"] == {flow for flow, line in read.flows.items() if line.source == name}
    assert {end for line in read.flows.values() for end in (line.source, line.target)} <= set(read.nodes)


def test_everything_is_drawn_in_its_lane_without_overlapping_and_lines_end_at_shapes(read: Read) -> None:
    boxes = {}
    for shape in read.all("BPMNShape", DI):
        [bounds] = shape.iter(f"{{{DC}}}Bounds")
        x, y, wide, high = (float(bounds.get(key, "")) for key in ("x", "y", "width", "height"))
        boxes[shape.get("bpmnElement")] = (x, y, x + wide, y + high)
    lanes = {lane.get("name"): lane.get("id") for lane in read.all("lane")}
    assert set(boxes) == {"teleco", *lanes.values(), *read.nodes}
    for name in read.nodes:
        assert within(boxes[name], boxes[lanes[read.lanes[name]]])
        assert [other for other in read.nodes if other != name and overlap(boxes[name], boxes[other])] == []
    drawn = {}
    for edge in read.all("BPMNEdge", DI):
        drawn[edge.get("bpmnElement")] = [
            (float(p.get("x")), float(p.get("y"))) for p in edge.iter(f"{{{DD}}}waypoint")
        ]
    assert set(drawn) == set(read.flows)
    for flow, points in drawn.items():
        line = read.flows[flow]
        assert on_border(points[0], boxes[line.source])
        assert on_border(points[-1], boxes[line.target])
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points)), flow


def within(inner, outer) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def overlap(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def on_border(point, box) -> bool:
    x, y = point
    return (x in {box[0], box[2]} and box[1] <= y <= box[3]) or (y in {box[1], box[3]} and box[0] <= x <= box[2])


def test_the_command_prints_the_document_and_nothing_else() -> None:
    assert CliRunner().invoke(app, ["process", "bpmn"]).output == process_as_bpmn()
