"""What is said of a facts file that cannot be read: the line, the field, its value, and what to write instead."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.contract.yaml_text import Lines, Path, shortened
from include.sla_logic.domain.fault_words import WORDS, fault_in_words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

NO_NUMBER = WORDS["finite_number"]


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
    why = fault_in_words(wrong)
    own = why if wrong["type"] == "value_error" else ""
    shown = lines.spelt(path) or ("nothing" if given is None else str(given))
    if own and (isinstance(given, dict | list | tuple) or shortened(shown) in own):
        return f"{field}: {own}"
    value = "this" if isinstance(given, dict | list | tuple) else shortened(shown)
    return f"{field}: {value} {why}"


_PLAIN = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def odd_numbers(value: Any, numbers: Collection[str], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield what stands in the place of a number and is none to people, though a program may take it for one."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if path[-1:] != ("samples",) else ()
    for name, part in parts:
        if isinstance(part, dict | list):
            yield from odd_numbers(part, numbers, (*path, name))
        elif name in numbers and (isinstance(part, bool) or (isinstance(part, str) and not _PLAIN.fullmatch(part))):
            yield (*path, name), shortened(str(part)) or "nothing"
