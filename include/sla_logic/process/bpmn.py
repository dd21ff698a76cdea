"""The process as BPMN 2.0, with layout, from the graph and the grid of the picture.

A step keeps its name as the id of its element; gateways and events that BPMN needs besides have names of their own.
"""

from collections.abc import Sequence
from datetime import timedelta
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from include.sla_logic.process.bpmn_shapes import (
    ENDS,
    NAMES,
    SCALE,
    START,
    Drawn,
    Flow,
    flows_of_process,
    nodes_of_process,
)
from include.sla_logic.process.layout import BANDS, HEAD, HEIGHT, WIDTH, height_of, top_of

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PROCESS = "sla_violation"
_PREFIXES = {"bpmn": MODEL, "bpmndi": DI, "dc": DC, "di": DD, "xsi": XSI}


def process_as_bpmn() -> str:
    """Return the process as one BPMN 2.0 document with a diagram."""
    for prefix, name in _PREFIXES.items():
        register_namespace(prefix, name)
    nodes, flows = list(nodes_of_process()), list(flows_of_process())
    root = Element(_tag(MODEL, "definitions"), id="definitions", targetNamespace=f"urn:teleco:{PROCESS}")
    for node in nodes:
        if node.message:
            _add(root, "message", id=f"message.{node.id}", name=node.message)
    pool = _add(root, "collaboration", id="collaboration")
    _add(pool, "participant", id="teleco", name="TELECO", processRef=PROCESS)
    _state(_add(root, "process", id=PROCESS, name="SLA violation", isExecutable="false"), nodes, flows)
    _draw(root, nodes, flows)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _state(process: Element, nodes: Sequence[Drawn], flows: Sequence[Flow]) -> None:
    """Write lanes, elements and flows, in the order that the schema wants."""
    lanes = _add(process, "laneSet", id="departments")
    for number, band in enumerate(BANDS):
        lane = _add(lanes, "lane", id=f"lane.{number}", name=band.lane.value)
        for node in nodes:
            if node.lane is band.lane:
                _add(lane, "flowNodeRef").text = node.id
    for node in nodes:
        _describe(process, node, flows)
    for flow in flows:
        named = {"name": flow.name} if flow.name else {}
        _add(process, "sequenceFlow", id=flow.id, sourceRef=flow.source, targetRef=flow.target, **named)


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, _tag(MODEL, tag), attributes)


def _describe(process: Element, node: Drawn, flows: Sequence[Flow]) -> None:
    named = {"name": node.name} if node.name else {}
    element = _add(process, node.tag, id=node.id, **named)
    if node.says:
        _add(element, "documentation").text = node.says
    for flow in flows:
        if flow.target == node.id:
            _add(element, "incoming").text = flow.id
    for flow in flows:
        if flow.source == node.id:
            _add(element, "outgoing").text = flow.id
    if node.message:
        _add(element, "messageEventDefinition", messageRef=f"message.{node.id}")
    if node.waits:
        timer = _add(element, "timerEventDefinition")
        duration = _add(timer, "timeDuration")
        duration.set(_tag(XSI, "type"), "bpmn:tFormalExpression")
        duration.text = _as_iso(node.waits)


def _as_iso(duration: timedelta) -> str:
    """Write whole days as such, anything else in seconds."""
    seconds = int(duration.total_seconds())
    return f"PT{seconds}S" if seconds % 86_400 else f"P{duration.days}D"


def _draw(root: Element, nodes: Sequence[Drawn], flows: Sequence[Flow]) -> None:
    diagram = SubElement(root, _tag(DI, "BPMNDiagram"), id="diagram")
    plane = SubElement(diagram, _tag(DI, "BPMNPlane"), id="plane", bpmnElement="collaboration")
    wide, high = NAMES + START + SCALE * WIDTH + ENDS, SCALE * HEIGHT
    _shape(plane, "teleco", (0, 0, wide, high), isHorizontal="true")
    tops = [SCALE * (top_of(band.row) - HEAD) for band in BANDS]
    for number, (band, top) in enumerate(zip(BANDS, tops, strict=True)):
        begin = 0 if number == 0 else top
        end = tops[number + 1] if number + 1 < len(tops) else max(high, top + SCALE * height_of(band))
        _shape(plane, f"lane.{number}", (30, begin, wide - 30, end - begin), isHorizontal="true")
    for node in nodes:
        marked = {"isMarkerVisible": "true"} if node.tag == "exclusiveGateway" else {}
        box = (node.x - node.wide / 2, node.y - node.high / 2, node.wide, node.high)
        _shape(plane, node.id, box, **marked)
    for flow in flows:
        edge = SubElement(plane, _tag(DI, "BPMNEdge"), id=f"edge.{flow.id}", bpmnElement=flow.id)
        for x, y in flow.points:
            SubElement(edge, _tag(DD, "waypoint"), x=f"{x:g}", y=f"{y:g}")


def _shape(plane: Element, name: str, box: tuple[float, float, float, float], **marked: str) -> None:
    shape = SubElement(plane, _tag(DI, "BPMNShape"), {"id": f"shape.{name}", "bpmnElement": name, **marked})
    sizes = {key: f"{value:g}" for key, value in zip(("x", "y", "width", "height"), box, strict=True)}
    SubElement(shape, _tag(DC, "Bounds"), sizes)
