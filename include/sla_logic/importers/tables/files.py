"""Opening files, plain or gzip, line by line: a file may be larger than the memory, a line may not."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self, TextIO

from include.sla_logic.importers.tables.dialect import UnableToReadFile
from include.sla_logic.importers.tables.encodings import encoding_of

_GZIP = b"\x1f\x8b"
UNREADABLE = "\ufffd"
LONGEST_LINE = 1_000_000  # letters; a cell of CSV has at most 131,072, which is Python's own limit
LARGEST_FILE = 20 * 1024**3  # letters
# Letters for each byte of a packed file: tables have 5 to 50, gzip's utmost is 1,032, and bad rows fill the quarantine.
MOST_PACKED, NEVER_TOO_PACKED = 200, 1024**2
_SEEN = 1 << 20  # bytes by which the encoding is judged


class LineTooLong(csv.Error):
    """One line is longer than any row may be; the next one can be read."""


class Lines:
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
        raise LineTooLong(msg)

    def _read(self) -> str:
        line = self._text.readline(LONGEST_LINE + 1)
        self._letters += len(line)
        if self._letters > LARGEST_FILE:
            msg = f"{self._path.name} holds more than {LARGEST_FILE} letters; split it. What came before may be in."
            raise UnableToReadFile(msg)
        return line


def open_text(path: Path, encoding: str | None) -> TextIO:
    """Open a text; bytes that mean nothing become U+FFFD, by which their row is rejected.

    Raise `UnableToReadFile` where the file is in another encoding than stated, or in none that can be told.
    """
    refuse_bomb(path)
    with suppress(OSError, EOFError, zlib.error):  # damaged: told with the line, once it is read
        encoding = encoding_of(next(_parts(path, most=_SEEN, size=_SEEN), b""), encoding, path.name)
    encoding = encoding or "utf-8-sig"
    if _is_packed(path):
        return gzip.open(path, "rt", encoding=encoding, errors="replace", newline="")
    return path.open(encoding=encoding, errors="replace", newline="")


def size_of(path: Path) -> int:
    """Return the size of the file in bytes; raise `UnableToReadFile` where it is not there."""
    try:
        return path.stat().st_size
    except OSError as error:
        msg = f"The file {path} cannot be read: {error.strerror}."
        raise UnableToReadFile(msg) from error


def count_rows(path: Path) -> int | None:
    """Return about how many rows a file has: its lines, without the header; None where that cannot be told."""
    if path.suffix.lower() in {".json", ".xlsx"}:
        return None
    size, lines = size_of(path), 0
    try:
        for part in _parts(path, most=_most_letters(path, size)):
            lines += part.count(b"\n")
    except (OSError, EOFError, zlib.error, UnableToReadFile):
        return None
    return max(0, lines - (".csv" in path.suffixes))


def refuse_bomb(path: Path) -> None:
    """Raise `UnableToReadFile` before the first row where a packed file unpacks to far more than a table does."""
    most = _most_letters(path, size_of(path))
    if most < LARGEST_FILE:
        with suppress(OSError, EOFError, zlib.error):  # damaged: told with the line, once it is read
            for _ in _parts(path, most=most):
                pass


def _most_letters(path: Path, size: int) -> int:
    return min(LARGEST_FILE, max(NEVER_TOO_PACKED, MOST_PACKED * size)) if _is_packed(path) else LARGEST_FILE


def _parts(path: Path, *, most: int, size: int = 1 << 20) -> Iterator[bytes]:
    """Unpack a file piece by piece; raise `UnableToReadFile` once it holds more than that many bytes."""
    letters = 0
    with gzip.open(path) if _is_packed(path) else path.open("rb") as file:
        while part := file.read(size):
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
