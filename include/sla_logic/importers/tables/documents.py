"""Rows as JSON: an object on each line, or a list of objects inside one document."""

import json
from pathlib import Path
from typing import Any, TextIO

import jmespath

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.tables.dialect import UnableToReadFile
from include.sla_logic.importers.tables.files import UNREADABLE, Lines, LineTooLong
from include.sla_logic.importers.tables.table import Entries, NumberedRow

LARGEST_DOCUMENT = 200 * 1024**2  # letters: it is held whole
_SHOWN = 300  # letters
_BROKEN = Sentence("has bytes that mean nothing in the encoding of the file")


def read_lines(lines: Lines, path: Path, *, skip: int) -> Entries:
    """Yield the object of each line; a document over several lines is named as what it is."""
    first = True
    while True:
        try:
            line = next(lines, None)
        except LineTooLong as error:
            yield Rejected(lines.number, "row", str(error))
            continue
        if line is None:
            return
        if lines.number <= skip or not line.strip():
            continue
        if (first and line.strip() in ("{", "[")) or (first and line.lstrip().startswith("[")):
            how = "say `layout: json` in the mapping, and where its rows are (rows)"
            raise UnableToReadFile(f"{path.name} is one JSON document, and no lines of JSON: {how}.")
        first = False
        yield _row(lines.number, line)


def _row(number: int, line: str) -> NumberedRow | Rejected:
    if UNREADABLE in line:
        return Rejected(number, "row", _BROKEN)
    try:
        return _object(number, parse_json(line))
    except TwiceNamed as error:
        return Rejected(number, str(error), Sentence("stands more than once in the row"))
    except (ValueError, RecursionError):
        return Rejected(number, "row", Sentence("is not JSON"))


def _object(number: int, row: Any) -> NumberedRow | Rejected:
    return (number, row) if isinstance(row, dict) else Rejected(number, "row", Sentence("is not a JSON object"))


class TwiceNamed(ValueError):
    """A JSON object has two values under one name: Python would keep the last."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        raise TwiceNamed(next(name for name in names if names.count(name) > 1))
    return found


def parse_json(text: str) -> Any:
    """Return what the text holds, its fractions as they are written."""
    return json.loads(text, parse_float=str, parse_constant=str, object_pairs_hook=_once)


def read_document(text: TextIO, path: Path, where: str | None) -> Entries:
    """Yield the objects of a list, at a jmespath or at the top; the row's number is its place in the list."""
    for number, row in enumerate(_rows_of(_document(text, path), where, path.name), start=1):
        yield Rejected(number, "row", _BROKEN) if UNREADABLE in repr(row) else _object(number, row)


def _document(text: TextIO, path: Path) -> Any:
    whole = text.read(LARGEST_DOCUMENT + 1)
    if len(whole) > LARGEST_DOCUMENT:
        raise UnableToReadFile(f"{path.name} holds more than {LARGEST_DOCUMENT} letters: write its rows as JSON lines.")
    try:
        return parse_json(whole)
    except TwiceNamed as error:
        raise UnableToReadFile(f"{path.name} has {str(error)[:60]!r} more than once in one object.") from error
    except (ValueError, RecursionError) as error:
        first = whole.lstrip().partition("\n")[0].strip()
        lines = "; it looks like lines of JSON (layout: jsonl)" if first[:1] == "{" and first[-1:] == "}" else ""
        raise UnableToReadFile(f"{path.name} is not JSON: {str(error)[:80]}{lines}.") from error


def _rows_of(document: Any, where: str | None, name: str) -> list[Any]:
    found = document if where is None else jmespath.search(where, document)
    if isinstance(found, list):
        return found
    if where is not None:
        raise UnableToReadFile(
            f"{name} has no list at {where!r}, where the mapping says its rows are; it begins {_beginning(document)}"
        )
    lists = list_paths(document)
    seen = f"; lists are at {', '.join(lists)}" if lists else ""
    raise UnableToReadFile(f"{name} is one JSON object: say where its rows are in the mapping (rows: …){seen}.")


def _beginning(document: Any) -> str:
    """Return how it begins: an answer without rows often says why."""
    text = json.dumps(document, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else " " for letter in text[:_SHOWN])


def list_paths(document: Any, above: str = "") -> list[str]:
    """Return where a document has lists of objects, at most three levels down."""
    if not isinstance(document, dict) or above.count(".") > 1:
        return []
    found = []
    for name, value in document.items():
        path = f"{above}.{name}" if above else str(name)
        if isinstance(value, list) and any(isinstance(one, dict) for one in value):
            found.append(path)
        found += list_paths(value, path)
    return found[:5]
