"""Hostile input, once for every way in (reliability.md, F18): what is kept as text, and what is refused by which field.

Form, REST, command line, backlog and importers take all of it; pages, mails, tables and logs show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NESTED: Any = "bottom"
for _ in range(200):
    NESTED = [NESTED]

# Text that is only ever text: accepted in a description, then shown as it is and never executed, filled in or split.
TEXTS: Mapping[str, str] = {
    "template": "{{7*7}} ${7*7} {% for x in () %} {{config}}",
    "shell": "$(id) `id`; id | cat",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "link": "javascript:alert(1)",
    "sql": "'; DROP TABLE tickets; -- ' OR 1=1",
    "percent": "%s %(x)s {0} %n",
    "formula": "=cmd|' /C calc'!A0",
    "header": "down\r\nBcc: eve@example.net\r\n\r\n<b>body</b>",
    "path": "../../../../etc/passwd",
}

# Letters that mail programs and word processors leave behind: cleaned wherever text comes in.
HARMLESS: Mapping[str, str] = {
    "vertical tab": "\x0b",
    "form feed": "\x0c",
    "next line": "\x85",
    "Mongolian separator": "\u180e",
    "zero-width space": "\u200b",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
}

# Letters that forge lines, terminals, headers and pages: refused wherever text comes in.
FORGERS: Mapping[str, str] = {
    "NUL": "\x00",
    "escape": "\x1b",
    "delete": "\x7f",
    "C1 escape": "\x9b",
    "Arabic mark": "\u061c",
    "right-to-left mark": "\u200f",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "deprecated mark": "\u206a",
    "tag letter": "\U000e0041",
}

# A field name that writes a second line, and turns the rest around.
FORGED_NAME = "note\u202e\nline 2: all is well\x1b[2J"
FORGED_NAME_SHOWN = r"note\u202e\nline 2: all is well\x1b[2J"

# Run ids that Airflow does not give.
RUN_IDS = (
    "",
    "../../x",
    "a b",
    "x" * 251,
    "run\x00",
    "run\n",
    "run\u202e",
    "%2e%2e%2f",
    "<script>",
    "'; --",
    "{{7*7}}",
)


@dataclass(frozen=True)
class Hostile:
    """Changes to a good notification; `field` is named in the refusal."""

    name: str
    changes: Mapping[str, Any]
    field: str

    def __str__(self) -> str:
        """Name the case in the test's id."""
        return self.name


def _parameter(value: Any) -> dict[str, Any]:
    return {"parameters": [{"metric": "latency", "value": value, "unit": "ms"}]}


REFUSED = (
    Hostile("number for text", {"description": 7}, ".description"),
    Hostile("list for text", {"description": ["x"]}, ".description"),
    Hostile("object for text", {"external_reference": {"a": 1}}, ".external_reference"),
    Hostile("truth for a level", {"impact": "very"}, ".impact"),
    Hostile("true for a level", {"impact": True}, ".impact"),
    Hostile("level that is none", {"urgency": 9}, ".urgency"),
    Hostile("list for an instant", {"observed_from": []}, ".observed_from"),
    Hostile("instant out of the calendar", {"observed_from": "0001-01-01T00:00:00+14:00"}, ".observed_from"),
    Hostile("text for a list", {"parameters": "latency"}, ".parameters"),
    Hostile("too many parameters", _parameter(1) | {"parameters": _parameter(1)["parameters"] * 51}, ".parameters"),
    Hostile("not a number", _parameter(float("nan")), ".parameters.0.value"),
    Hostile("infinity", _parameter(float("inf")), ".parameters.0.value"),
    Hostile("beyond a float", _parameter("1e400"), ".parameters.0.value"),
    Hostile("number of 4,000 digits", _parameter(10**3999), ".parameters.0.value"),
    Hostile("deep nesting", {"description": NESTED}, "."),
    Hostile("five megabytes", {"description": "x" * 5_000_000}, "."),
    Hostile("one letter too many", {"description": "x" * 4001}, ".description"),
    Hostile("unknown field", {"servise": "S-1"}, ".servise"),
    Hostile("forged name", {FORGED_NAME: "x"}, f".{FORGED_NAME_SHOWN}"),
    Hostile("endless name", {"n" * 5000: "x"}, f".{'n' * 200}"),
    *(Hostile(name, {"description": f"a{letter}b"}, ".description") for name, letter in FORGERS.items()),
    *(Hostile(f"{name} for a reference", {"external_reference": text}, ".external_reference")
      for name, text in TEXTS.items()),
    *(Hostile(f"{name} for a customer", {"customer": text}, ".customer") for name, text in TEXTS.items()),
)  # fmt: skip

KEPT = tuple(Hostile(name, {"description": text}, "") for name, text in TEXTS.items())

# Lines of a file, or bodies of a request, of which hardly one is JSON.
LINES: Mapping[str, bytes] = {
    "no JSON": b"hello",
    "half an object": b'{"customer": "C-1',
    "a list": b"[1, 2]",
    "a bare number": b"1e400",
    "not a number": b"NaN",
    "deep nesting": b"[" * 100_000,
    "not UTF-8": b'{"customer": "\xff\xfe"}',
    "lone surrogate": b'{"customer": "\\ud800"}',
    "lone surrogate in a name": b'{"\\ud800": 1}',
    "NUL": b"\x00\x00",
    "markup": b"<script>alert(1)</script>",
}
