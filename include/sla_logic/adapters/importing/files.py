"""Reading CSV and JSON lines, plain or gzip, row by row: a file may be larger than the memory."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from include.sla_logic.adapters.importing.rejection import Rejected

_GZIP = b"\x1f\x8b"
_UNREADABLE = "\ufffd"
Row = dict[str, Any]


class UnableToReadFile(Exception):
    """The file is not there, or is neither CSV nor JSON lines."""


def read_rows(path: Path, *, layout: str | None = None) -> Iterator[tuple[int, Row] | Rejected]:
    """Go through the rows with their line numbers; what is no row comes as a rejection in its place.

    `layout` is csv or jsonl; without it the file's name decides.
    """
    layout = layout or _layout_of(path)
    with _open(path) as text:
        rows = _csv_rows(text, path) if layout == "csv" else _json_rows(text)
        yield from rows


def size_of(path: Path) -> int:
    """Return the size of the file in bytes; raise `UnableToReadFile` where it is not there."""
    try:
        return path.stat().st_size
    except OSError as error:
        msg = f"The file {path} cannot be read: {error.strerror}."
        raise UnableToReadFile(msg) from error


def count_rows(path: Path) -> int | None:
    """Return about how many rows a plain file has: its lines, without the header; None where it is packed."""
    size_of(path)
    with path.open("rb") as file:
        if file.read(2) == _GZIP:
            return None
        file.seek(0)
        lines = sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
    return max(0, lines - (".csv" in path.suffixes))


def _layout_of(path: Path) -> str:
    endings = [ending for ending in path.suffixes if ending != ".gz"]
    layouts = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    if not endings or endings[-1] not in layouts:
        msg = f"{path.name} is neither .csv nor .jsonl; say which it is in the mapping (layout)."
        raise UnableToReadFile(msg)
    return layouts[endings[-1]]


def _open(path: Path) -> TextIO:
    """Open as UTF-8; bytes that are none become U+FFFD, by which their row is rejected."""
    size_of(path)
    try:
        with path.open("rb") as beginning:
            packed = beginning.read(2) == _GZIP
    except OSError as error:
        msg = f"The file {path} cannot be read: {error.strerror}."
        raise UnableToReadFile(msg) from error
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _csv_rows(text: TextIO, path: Path) -> Iterator[tuple[int, Row] | Rejected]:
    reader = csv.reader(text, strict=True)
    header = next(reader, None)
    if not header:
        msg = f"{path.name} is empty: a CSV file begins with a line of column names."
        raise UnableToReadFile(msg)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Rejected(reader.line_num, "row", f"not CSV: {error}")
            continue
        if cells is None:
            return
        if cells:
            yield _csv_row(reader.line_num, header, cells)


def _csv_row(line: int, header: list[str], cells: list[str]) -> tuple[int, Row] | Rejected:
    if len(cells) != len(header):
        return Rejected(line, "row", f"has {len(cells)} columns, the header has {len(header)}")
    if any(_UNREADABLE in cell for cell in cells):
        return Rejected(line, "row", "is not UTF-8")
    return line, dict(zip(header, cells, strict=True))


def _json_rows(text: TextIO) -> Iterator[tuple[int, Row] | Rejected]:
    for number, line in enumerate(text, start=1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> tuple[int, Row] | Rejected:
    if _UNREADABLE in line:
        return Rejected(number, "row", "is not UTF-8")
    try:
        row = json.loads(line, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return Rejected(number, "row", "is not JSON")
    if not isinstance(row, dict):
        return Rejected(number, "row", "is not a JSON object")
    return number, row
