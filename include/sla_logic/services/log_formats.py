"""The forms of a process log: OCEL 2.0 as JSON, XES (IEEE 1849) and CSV, each written part by part."""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import Any, Self, TextIO
from xml.sax.saxutils import quoteattr

from include.sla_logic.services.log_events import LogEvent
from include.sla_logic.services.log_parts import LogObject, LogPart
from include.sla_logic.services.tables import harmless

_TYPES = {"amount": "float", "round": "integer", "escalated": "boolean"}
_NO_INCIDENT = "none"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # OCEL 2.0: of a value that never changes
_OBJECTS = {
    "incident": ("origin", "status", "priority", "cause", "outcome", "escalated"),
    "customer": ("name",),
    "service": ("kind", "name"),
    "resource": ("kind", "name"),
    "service problem": ("type_of_problem",),
    "credit": ("state", "currency", "amount"),
    "letter": ("state",),
    "contract": (),
}


class Writer(ABC):
    """Writes parts as they come; what comes before the first and after the last is written on entering and leaving."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def __enter__(self) -> Self:
        """Write what comes first."""
        self.begin()
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        """Write what comes last, unless something failed: a file that is cut off must not look whole."""
        if failed is None:
            self.end()
        self.close()

    def close(self) -> None:  # noqa: B027 - only one form keeps anything open
        """Let go of what was opened."""

    @abstractmethod
    def begin(self) -> None:
        """Write what comes before the parts."""

    @abstractmethod
    def write(self, part: LogPart) -> None:
        """Write one part."""

    @abstractmethod
    def end(self) -> None:
        """Write what comes after the parts."""


class Ocel(Writer):
    """OCEL 2.0 as JSON. Objects are kept in a file of their own until the last event is written.

    Values are texts, as the standard's JSON schema has them; their types are declared.
    """

    def begin(self) -> None:
        """Open the list of events."""
        self._types: dict[str, set[str]] = {}
        self._kept = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed in `close`
        self._events = self._objects = 0
        self.out.write('{"objectTypes": ')
        self.out.write(_json([{"name": name, "attributes": _declared(kept)} for name, kept in _OBJECTS.items()]))
        self.out.write(',\n"events": [')

    def write(self, part: LogPart) -> None:
        """Write the events, keep the objects."""
        for event in part.events:
            values = {**_common(event), **event.attributes}
            self._types.setdefault(event.activity, set()).update(values)
            told = {"id": event.id, "type": event.activity, "time": _time(event.at), "attributes": _values(values)}
            self._put(self.out, self._events, told, [(f"{a.type}:{a.id}", a.qualifier) for a in event.about])
            self._events += 1
        for one in part.objects:
            named = (*one.values, *([("name", one.title, None)] if one.title else []))
            values_ = [{"name": n, "value": _text(v), "time": _time(at or _BEGINNING)} for n, v, at in named]
            told = {"id": f"{one.type}:{one.id}", "type": one.type, "attributes": values_}
            self._put(self._kept, self._objects, told, [(f"{a.type}:{a.id}", a.qualifier) for a in one.about])
            self._objects += 1

    @staticmethod
    def _put(out: TextIO, before: int, told: dict[str, Any], about: Iterable[tuple[str, str]]) -> None:
        related = [{"objectId": _clean(name), "qualifier": qualifier} for name, qualifier in about]
        told["id"] = _clean(told["id"])
        out.write((",\n" if before else "\n") + _json({**told, "relationships": related}))

    def end(self) -> None:
        """Write the objects, and the types of the events that there were."""
        self.out.write('\n],\n"objects": [')
        self._kept.seek(0)
        while portion := self._kept.read(1 << 16):
            self.out.write(portion)
        types = [{"name": name, "attributes": _declared(sorted(kept))} for name, kept in sorted(self._types.items())]
        self.out.write(f'\n],\n"eventTypes": {_json(types)}}}\n')

    def close(self) -> None:
        """Let go of the kept objects."""
        self._kept.close()


_EXTENSIONS = (("Concept", "concept"), ("Time", "time"), ("Lifecycle", "lifecycle"), ("Organizational", "org"))


class Xes(Writer):
    """XES of IEEE 1849: a trace for each incident; the last one, `none`, has the events that belong to no incident.

    The standard has events outside of traces for those; pm4py reads no file that has any.
    """

    def begin(self) -> None:
        """Write the head of the log."""
        self._in_last = False
        self.out.write('<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849.2016" xes.features="">\n')
        for name, prefix in _EXTENSIONS:
            uri = f"http://www.xes-standard.org/{prefix}.xesext"
            self.out.write(f'<extension name="{name}" prefix="{prefix}" uri="{uri}"/>\n')
        self.out.write('<global scope="trace"><string key="concept:name" value=""/></global>\n')
        self.out.write('<global scope="event"><string key="concept:name" value=""/>')
        self.out.write('<date key="time:timestamp" value="1970-01-01T00:00:00.000000+00:00"/>')
        self.out.write('<string key="lifecycle:transition" value="complete"/></global>\n')
        self.out.write('<classifier name="Activity" keys="concept:name"/>\n')

    def write(self, part: LogPart) -> None:
        """Write one trace, or the beginning or more of the last one."""
        if part.incident or (part.events and not self._in_last):
            said = {"concept:name": part.incident or _NO_INCIDENT, **part.attributes}
            self.out.write(f"<trace>{''.join(_attributes(said))}\n")
            self._in_last = not part.incident
        for event in part.events:
            self.out.write(f"<event>{''.join(_attributes(_of_xes(event)))}</event>\n")
        if part.incident:
            self.out.write("</trace>\n")

    def end(self) -> None:
        """Close the last trace and the log."""
        if self._in_last:
            self.out.write("</trace>\n")
        self.out.write("</log>\n")


_OBJECT_COLUMNS = ("customer", "service", "contract", "service problem", "resource", "credit", "letter")
COLUMNS = (
    *("incident", "activity", "timestamp", "lifecycle", "kind", "department", "person", "event"),
    *(name.replace(" ", "_") for name in _OBJECT_COLUMNS),
    *("choice", "state", "owner", "round", "type_of_problem", "amount", "currency", "reason"),
)


class Csv(Writer):
    """One row for each event; several objects of one type are separated by blanks."""

    def begin(self) -> None:
        """Write the names of the columns."""
        self._rows = csv.DictWriter(self.out, COLUMNS, lineterminator="\r\n")
        self._rows.writeheader()

    def write(self, part: LogPart) -> None:
        """Write the events; what is known of the incident stands in each row."""
        for event in part.events:
            named = {kind: " ".join(a.id for a in event.about if a.type == kind) for kind in _OBJECT_COLUMNS}
            named["contract"] = named["contract"] or part.attributes.get("contract", "")
            row = {name.replace(" ", "_"): value for name, value in named.items()}
            row |= {"incident": part.incident or "", "activity": event.activity, "timestamp": _time(event.at)}
            row |= {**_common(event), "event": event.id, **event.attributes}
            self._rows.writerow({name: harmless(_text(value)) for name, value in row.items()})

    def end(self) -> None:
        """Write nothing: a table has no end."""


FORMATS: Mapping[str, type[Writer]] = MappingProxyType({"ocel2": Ocel, "xes": Xes, "csv": Csv})


def _common(event: LogEvent) -> dict[str, Any]:
    said = {"kind": event.kind, "lifecycle": event.lifecycle, "department": event.department, "person": event.person}
    return {name: value for name, value in said.items() if value}


def _declared(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": name, "type": _TYPES.get(name, "string")} for name in names]


def _values(values: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "value": _text(value)} for name, value in values.items()]


def _of_xes(event: LogEvent) -> dict[str, Any]:
    said: dict[str, Any] = {"concept:name": event.activity, "time:timestamp": event.at}
    said |= {"lifecycle:transition": event.lifecycle, "org:group": event.department, "org:resource": event.person}
    objects: dict[str, str] = {}
    for about in event.about:
        name = about.type.replace(" ", "_")
        objects[name] = f"{objects[name]} {about.id}" if name in objects else about.id
    objects.pop("incident", None)
    said |= {"event": event.id, "kind": event.kind, **objects, **event.attributes}
    return {name: value for name, value in said.items() if value != ""}


def _attributes(said: Mapping[str, Any]) -> Iterator[str]:
    for name, value in said.items():
        kind = {datetime: "date", int: "int", Decimal: "float"}.get(type(value), "string")
        yield f"<{kind} key={quoteattr(name)} value={_quoted(value)}/>"


def _quoted(value: Any) -> str:
    return quoteattr(_text(value), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return _time(value)
    return f"{value:f}" if isinstance(value, Decimal) else _clean(str(value))


def _clean(text: str) -> str:
    r"""Write what no XML may hold, and half of a pair, as an escape: `\x00`, `\ud800`."""
    return "".join(letter if _is_allowed(ord(letter)) else ascii(letter)[1:-1] for letter in text)


def _is_allowed(code: int) -> bool:
    return code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000  # noqa: PLR2004


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


__all__ = ["COLUMNS", "FORMATS", "LogObject", "Writer"]
