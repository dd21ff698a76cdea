"""Reading CSV and JSON lines, plain or gzip, row by row: a file may be larger than the memory, a line may not."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.importers.rejection import Rejected

_GZIP = b"\x1f\x8b"
_UNREADABLE = "\ufffd"
LONGEST_LINE = 1_000_000  # letters; a cell of CSV has at most 131,072, which is Python's own limit
LARGEST_FILE = 20 * 1024**3  # letters
# Letters for each byte of a packed file: tables have 5 to 50, gzip's utmost is 1,032, and bad rows fill the quarantine.
MOST_PACKED, NEVER_TOO_PACKED = 200, 1024**2
Row = dict[str, Any]
NumberedRow = tuple[int, Row]


class UnableToReadFile(ForeseenError):
    """The file is not there, or is neither CSV nor JSON lines."""


def read_rows(path: Path, *, layout: str | None = None) -> Iterator[tuple[int, Row] | Rejected]:
    """Return the rows with their line numbers; what is no row comes as a rejection in its place.

    Of a packed file that unpacks to far more than a table does, no row is returned: `UnableToReadFile`.
    `layout` is csv or jsonl; without it the file's name decides.
    """
    layout = layout or _layout_of(path)
    _refuse_bomb(path)
    with _open(path) as text:
        lines = _Lines(text, path)
        rows = _csv_rows(lines, path) if layout == "csv" else _json_rows(lines)
        try:
            yield from rows
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            before = "What came before may be in; the whole file can be imported again."
            msg = f"{path.name} is damaged after line {lines.number}: {error}. {before}"
            raise UnableToReadFile(msg) from error


class _LineTooLong(csv.Error):
    """One line is longer than any row may be; the next one can be read."""


class _Lines:
    """The lines of a file, none longer than the cap: a longer one raises, and the next can be read."""

    def __init__(self, text: TextIO, path: Path) -> None:
        self._text, self._path = text, path
        self.number = 0
        self._letters = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) <= LONGEST_LINE:
            return line
        while line and not line.endswith("\n"):
            line = self._read()
        msg = f"is longer than {LONGEST_LINE} letters"
        raise _LineTooLong(msg)

    def _read(self) -> str:
        line = self._text.readline(LONGEST_LINE + 1)
        self._letters += len(line)
        if self._letters > LARGEST_FILE:
            msg = f"{self._path.name} holds more than {LARGEST_FILE} letters; split it. What came before may be in."
            raise UnableToReadFile(msg)
        return line


def size_of(path: Path) -> int:
    """Return the size of the file in bytes; raise `UnableToReadFile` where it is not there."""
    try:
        return path.stat().st_size
    except OSError as error:
        msg = f"The file {path} cannot be read: {error.strerror}."
        raise UnableToReadFile(msg) from error


def count_rows(path: Path) -> int | None:
    """Return about how many rows a file has: its lines, without the header; None where it cannot be unpacked."""
    size, lines = size_of(path), 0
    try:
        for part in _parts(path, most=_most_letters(path, size)):
            lines += part.count(b"\n")
    except (OSError, EOFError, zlib.error, UnableToReadFile):
        return None
    return max(0, lines - (".csv" in path.suffixes))


def _refuse_bomb(path: Path) -> None:
    """Raise `UnableToReadFile` before the first row where a packed file unpacks to far more than a table does."""
    most = _most_letters(path, size_of(path))
    if most < LARGEST_FILE:
        with suppress(OSError, EOFError, zlib.error):  # damaged: told with the line, once it is read
            for _ in _parts(path, most=most):
                pass


def _most_letters(path: Path, size: int) -> int:
    return min(LARGEST_FILE, max(NEVER_TOO_PACKED, MOST_PACKED * size)) if _is_packed(path) else LARGEST_FILE


def _parts(path: Path, *, most: int) -> Iterator[bytes]:
    """Unpack a file piece by piece; raise `UnableToReadFile` once it holds more than that many bytes."""
    letters = 0
    with gzip.open(path) if _is_packed(path) else path.open("rb") as file:
        while part := file.read(1 << 20):
            letters += len(part)
            if letters > most:
                far = f"more than {most} letters, over {MOST_PACKED} for each byte"
                raise UnableToReadFile(f"{path.name} unpacks to {far}: unpack it first.")
            yield part


def _is_packed(path: Path) -> bool:
    try:
        with path.open("rb") as beginning:
            return beginning.read(2) == _GZIP
    except OSError as error:
        msg = f"The file {path} cannot be read: {error.strerror}."
        raise UnableToReadFile(msg) from error


def _layout_of(path: Path) -> str:
    endings = [ending for ending in path.suffixes if ending != ".gz"]
    layouts = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    if not endings or endings[-1] not in layouts:
        msg = f"{path.name} is neither .csv nor .jsonl; say which it is in the mapping (layout)."
        raise UnableToReadFile(msg)
    return layouts[endings[-1]]


def _open(path: Path) -> TextIO:
    """Open as UTF-8; other bytes become U+FFFD, by which their row is rejected."""
    size_of(path)
    if _is_packed(path):
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _csv_rows(lines: _Lines, path: Path) -> Iterator[tuple[int, Row] | Rejected]:
    reader = csv.reader(lines, strict=True)
    header = _header(reader, path)
    while True:
        try:
            cells = next(reader, None)
        except _LineTooLong as error:
            yield Rejected(lines.number, "row", str(error))
            continue
        except csv.Error as error:
            yield Rejected(lines.number, "row", f"not CSV: {error}")
            continue
        if cells is None:
            return
        if cells:
            yield _csv_row(lines.number, header, cells)


def _check_header(header: list[str] | None, path: Path) -> None:
    """Raise `UnableToReadFile` for a line that cannot be one of column names: every row would be refused for it."""
    if not header:
        raise UnableToReadFile(f"{path.name} is empty: a CSV file begins with a line of column names.")
    if any(_UNREADABLE in name or "\0" in name for name in header):
        raise UnableToReadFile(f"The first line of {path.name} is not UTF-8: save the file as UTF-8.")
    names = [name.strip() for name in header]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        reason = f"{path.name} has {twice[0]!r} more than once in its first line: give each column a name of its own"
        raise UnableToReadFile(f"{reason}.")
    other = next((mark for mark in (";", "\t", "|") if len(names) == 1 and mark in names[0]), None)
    if other is not None:
        raise UnableToReadFile(f"The columns of {path.name} are separated by {other!r}; separate them by commas.")


def columns_of(path: Path, *, layout: str | None = None) -> list[str] | None:
    """Return the names of the columns, None of a file that has none; raise `UnableToReadFile` for a wrong header."""
    if (layout or _layout_of(path)) != "csv":
        return None
    with _open(path) as text:
        return _header(csv.reader(_Lines(text, path), strict=True), path)


def _header(reader: Iterator[list[str]], path: Path) -> list[str]:
    try:
        header = next(reader, None)
    except (csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        msg = f"The first line of {path.name} is no line of column names: {error}."
        raise UnableToReadFile(msg) from error
    _check_header(header, path)
    return [name.strip() for name in header or ()]


def _csv_row(line: int, header: list[str], cells: list[str]) -> tuple[int, Row] | Rejected:
    if len(cells) != len(header):
        return Rejected(line, "row", f"has {len(cells)} columns, the header has {len(header)}")
    if any(_UNREADABLE in cell for cell in cells):
        return Rejected(line, "row", "is not UTF-8")
    return line, dict(zip(header, cells, strict=True))


def _json_rows(lines: _Lines) -> Iterator[tuple[int, Row] | Rejected]:
    while True:
        try:
            line = next(lines, None)
        except _LineTooLong as error:
            yield Rejected(lines.number, "row", str(error))
            continue
        if line is None:
            return
        if line.strip():
            yield _json_row(lines.number, line)


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
