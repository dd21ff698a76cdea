"""What is said of a facts file that cannot be read: the line, the field, its value, and what to write instead."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.contract.yaml_text import Lines, Path, shortened

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

NO_NUMBER, _WHOLE = "is no number: write one in plain digits", "is no whole number: write digits alone"
_LIST, _FIELDS = "is no list: write its entries in brackets", "has no fields: write them as name: value"
_SAYS = {
    "bool": "is neither true nor false: write one of them",
    "date": "is no day: write it as 2025-04-10",
    "datetime": "is no instant: write it as 2025-04-10T08:00:00Z",
    "decimal": NO_NUMBER,
    "dict": _FIELDS,
    "enum": "is not known: write {expected}",
    "finite": NO_NUMBER,
    "greater_than": "is too small: write more than {gt}",
    "greater_than_equal": "is too small: write at least {ge}",
    "int": _WHOLE,
    "less_than_equal": "is too large: write at most {le}",
    "list": _LIST,
    "literal": "is not known: write {expected}",
    "model": _FIELDS,
    "string": "is no text: write it in quotes",
    "string_pattern": "is not written so: write it as in the pattern {pattern}",
    "timezone": "has no time zone: write it as 2025-04-10T08:00:00Z",
    "too_long": "has too many entries: write at most {max_length}",
    "too_short": "has too few entries: write at least {min_length}",
    "tuple": _LIST,
}


def reason_of(wrong: "ErrorDetails", path: Path, lines: Lines, names: list[str]) -> str:
    """Name the field, what stands there, and what to write; `names` are those that a field can have."""
    field, given = ".".join(map(str, path)) or "the file", wrong["input"]
    if wrong["type"] == "missing":
        return f"{field} is missing: write it"
    if wrong["type"] == "extra_forbidden":
        meant = get_close_matches(str(path[-1]), names, n=1)
        return f"{field}: {shortened(str(path[-1]))} is no field; " + (
            f"did you mean {meant[0]}?" if meant else "leave it out"
        )
    own = wrong["msg"].removeprefix("Value error, ") if wrong["type"] == "value_error" else ""
    shown = lines.spelt(path) or ("nothing" if given is None else str(given))
    if own and (isinstance(given, dict | list | tuple) or shortened(shown) in own):
        return f"{field}: {own}"
    value = "this" if isinstance(given, dict | list | tuple) else shortened(shown)
    return f"{field}: {value} {own or _by_type(wrong)}"


def _by_type(wrong: "ErrorDetails") -> str:
    """Return the sentence of the kind of error, by its whole name or by the beginning of it."""
    words = wrong["type"].split("_")
    names = ("_".join(words[:count]) for count in range(len(words), 0, -1))
    says = next((_SAYS[name] for name in names if name in _SAYS), "cannot be read: write what the documentation says")
    return says.format(**wrong.get("ctx", {}))


_PLAIN = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def odd_numbers(value: Any, numbers: Collection[str], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield what stands in the place of a number and is none to people, though a program may take it for one."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if path[-1:] != ("samples",) else ()
    for name, part in parts:
        if isinstance(part, dict | list):
            yield from odd_numbers(part, numbers, (*path, name))
        elif name in numbers and (isinstance(part, bool) or (isinstance(part, str) and not _PLAIN.fullmatch(part))):
            yield (*path, name), shortened(str(part)) or "nothing"
