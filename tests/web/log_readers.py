"""Small readers of process logs, which know nothing of how they were written."""

import csv
import io
import json
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, fromstring

VALUE_TYPES = {"string", "time", "integer", "float", "boolean"}


class Told(NamedTuple):
    """One event as a log tells it."""

    id: str
    activity: str
    at: str
    incident: str


def of_ocel(text: str) -> list[Told]:
    """Read an OCEL 2.0 log after its structure was checked."""
    log = checked(text)
    return [Told(e["id"], e["type"], e["time"], _incident(e["relationships"])) for e in log["events"]]


def _incident(relations: list[dict[str, str]]) -> str:
    named = [r["objectId"].partition(":")[2] for r in relations if r["objectId"].startswith("incident:")]
    return "".join(named)


def checked(text: str) -> dict[str, Any]:
    """Check what the standard asks of a log, beyond its JSON schema: types are declared, relations lead to objects.

    The schema itself is asked in `test_log_schemas.py`.
    """
    log: dict[str, Any] = json.loads(text)
    assert set(log) == {"eventTypes", "objectTypes", "events", "objects"}
    for types, things in (("eventTypes", "events"), ("objectTypes", "objects")):
        declared = {t["name"]: {a["name"]: a["type"] for a in t["attributes"]} for t in log[types]}
        assert len(declared) == len(log[types])
        assert {kind for attributes in declared.values() for kind in attributes.values()} <= VALUE_TYPES
        for thing in log[things]:
            assert {a["name"] for a in thing["attributes"]} <= set(declared[thing["type"]])
            assert all(isinstance(a["value"], str) for a in thing["attributes"])
            assert types == "eventTypes" or all(a["time"] for a in thing["attributes"])
            for attribute in thing["attributes"]:
                _check_value(declared[thing["type"]][attribute["name"]], attribute["value"])
    ids = [thing["id"] for thing in (*log["events"], *log["objects"])]
    assert len(ids) == len(set(ids))
    objects = {thing["id"] for thing in log["objects"]}
    related = [r for thing in (*log["events"], *log["objects"]) for r in thing["relationships"]]
    assert {r["objectId"] for r in related} <= objects
    assert all(r["qualifier"] for r in related)
    return log


def _check_value(kind: str, value: str) -> None:
    if kind in {"integer", "float"}:
        float(value)
    if kind == "boolean":
        assert value in {"true", "false"}


def of_xes(text: str) -> list[Told]:
    """Read a XES log after its structure was checked; its schema is asked in `test_log_schemas.py`."""
    log = fromstring(text.encode())  # noqa: S314 - our own
    kinds = ["extension", "global", "classifier", "trace"]
    assert log.tag == "log"
    assert [child.tag for child in log] == sorted((child.tag for child in log), key=kinds.index)
    float(log.get("xes.version", ""))
    told = []
    for trace in log.iter("trace"):
        said = _said([child for child in trace if child.tag != "event"])
        for event in trace.iter("event"):
            one = _said(list(event))
            case = said["concept:name"].replace("none", "")
            told.append(Told(one["event"], one["concept:name"], one["time:timestamp"], case))
    return told


def _said(attributes: list[Element]) -> dict[str, str]:
    assert {a.tag for a in attributes} <= {"string", "date", "int", "float", "boolean"}
    said = {a.get("key", ""): a.get("value", "") for a in attributes}
    assert len(said) == len(attributes)
    return said


def of_csv(text: str) -> list[Told]:
    """Read a CSV log."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [Told(row["event"], row["activity"], row["timestamp"], row["incident"]) for row in rows]


READERS = {"ocel2": of_ocel, "xes": of_xes, "csv": of_csv}
