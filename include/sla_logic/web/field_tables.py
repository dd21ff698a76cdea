"""Any document of a case file as something to read: fields in words, values as people write them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.sla_logic.web.rendering import moment
from include.sla_logic.web.wording import say_code, say_title

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")
_LENGTH = re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_HIDDEN = frozenset({"schema_version", "series", "tier_bounds", "value_bounds"})
_DEEPEST, _ROWS = 5, 100


@dataclass(frozen=True)
class Item:
    """One field: its name in words, and either a text, further fields, or rows of them."""

    name: str
    text: str = ""
    fields: tuple["Item", ...] = ()
    rows: tuple[tuple["Item", ...], ...] = ()
    texts: tuple[str, ...] = ()
    left_out: int = 0


def read_aloud(body: Mapping[str, Any], depth: int = 0) -> tuple[Item, ...]:
    """Return the fields of a document that say something; nothing deeper than a person would follow."""
    return tuple(_items(body, depth))


def _items(body: Mapping[str, Any], depth: int) -> Iterator[Item]:
    for field, value in body.items():
        if field in _HIDDEN or value is None or value in ("", [], {}):
            continue
        yield _item(say_title(field), value, depth)


def _item(name: str, value: Any, depth: int) -> Item:
    if isinstance(value, Mapping):
        told = _told(value)
        if told is not None:
            return Item(name, text=told)
        return Item(name, fields=read_aloud(value, depth + 1)) if depth < _DEEPEST else Item(name, text="…")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed(name, value, depth)
    return Item(name, text=say_value(value))


def _listed(name: str, values: Sequence[Any], depth: int) -> Item:
    shown, left_out = values[:_ROWS], max(0, len(values) - _ROWS)
    if depth < _DEEPEST and any(isinstance(value, Mapping) and _told(value) is None for value in shown):
        rows = tuple(read_aloud(v, depth + 1) if isinstance(v, Mapping) else (Item("", say_value(v)),) for v in shown)
        return Item(name, rows=rows, left_out=left_out)
    return Item(name, texts=tuple(_short(value) for value in shown), left_out=left_out)


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return _told(value) or "…"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ": ".join(_short(part) for part in value[:10])
    return say_value(value)


def _told(value: Mapping[str, Any]) -> str | None:
    """Return money and periods as one text."""
    if set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    if set(value) == {"start", "end"}:
        return f"{say_value(value['start'])} – {say_value(value['end']) if value['end'] else 'still open'}"
    return None


def say_value(value: Any) -> str:
    """Return one value as a person writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{moment(datetime.fromisoformat(value))} UTC"
    if isinstance(value, str) and _LENGTH.fullmatch(value) and len(value) > 1:
        return _say_length(value)
    return say_code(value) if isinstance(value, str) and _CODE.fullmatch(value) else str(value)


def _say_length(value: str) -> str:
    units = {"D": "d", "H": "h", "M": "min", "S": "s"}
    return " ".join(f"{number} {units[unit]}" for number, unit in re.findall(r"([\d.]+)([DHMS])", value))
