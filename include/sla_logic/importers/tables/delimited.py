"""Tables of text: columns with a character between them, and a first line of names."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.tables.dialect import Dialect, NothingToRead, UnableToReadFile
from include.sla_logic.importers.tables.files import UNREADABLE, Lines, LineTooLong
from include.sla_logic.importers.tables.table import Entries, NumberedRow, Table

_ELSE = (";", "|")
_DIRECTIVE = "sep="  # by which a spreadsheet program names the delimiter


def read_table(lines: Lines, path: Path, dialect: Dialect) -> Table:
    """Read the names of the columns at once, and the rows as they are asked for.

    Without a stated delimiter it is a comma, or a tab where the names have tabs and no commas between them.
    """
    try:
        first, delimiter = _first_line(lines, dialect)
        reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
        header = next(reader, None) if first else None
    except (csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        msg = f"The first line of {path.name} is no line of column names: {error}."
        raise UnableToReadFile(msg) from error
    names = _checked_names(header, path, stated=dialect.delimiter is not None)
    return Table(names, _rows(reader, lines, names))


def _first_line(lines: Lines, dialect: Dialect) -> tuple[str, str]:
    for _ in range(dialect.skip_rows):
        next(lines, "")
    first = next(lines, "")
    delimiter = dialect.delimiter
    if first.lower().startswith(_DIRECTIVE) and len(first.rstrip("\r\n")) == len(_DIRECTIVE) + 1:
        delimiter, first = delimiter or first[len(_DIRECTIVE)], next(lines, "")
    return first, delimiter or ("\t" if "\t" in first and "," not in first else ",")


def _checked_names(header: list[str] | None, path: Path, *, stated: bool) -> list[str]:
    """Raise `UnableToReadFile` for a line that cannot be one of column names: every row would be refused for it."""
    if header is None:
        raise NothingToRead(f"{path.name} is empty: a table begins with a line of column names.")
    names = [name.strip() for name in header]
    if not any(names):
        raise UnableToReadFile(f"The first line of {path.name} is blank: say how many to pass over (skip_rows).")
    if any(UNREADABLE in name or "\0" in name for name in names):
        raise UnableToReadFile(f"The first line of {path.name} is not UTF-8: save it as UTF-8, or name its encoding.")
    while not names[-1]:
        names.pop()
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        reason = f"{path.name} has {twice[0]!r} more than once in its first line: give each column a name of its own"
        raise UnableToReadFile(f"{reason}.")
    other = next((mark for mark in _ELSE if len(names) == 1 and mark in names[0]), None)
    if other is not None and not stated:
        how = f"say so in a mapping (delimiter: {other!r}), with `decimal` where its numbers have a comma"
        raise UnableToReadFile(f"The columns of {path.name} are separated by {other!r}: {how}.")
    return names


def _rows(reader: Iterator[list[str]], lines: Lines, names: list[str]) -> Entries:
    while True:
        number = lines.number + 1  # of the first line: a cell may hold several
        try:
            cells = next(reader, None)
        except LineTooLong as error:
            yield Rejected(number, "row", str(error))
            continue
        except csv.Error as error:
            yield Rejected(number, "row", f"not CSV: {error}")
            continue
        if cells is None:
            return
        if cells:
            yield _row(number, names, cells)


def _row(number: int, names: list[str], cells: list[str]) -> NumberedRow | Rejected:
    if len(cells) > len(names) and not any(cell.strip() for cell in cells[len(names) :]):
        cells = cells[: len(names)]
    if len(cells) != len(names):
        return Rejected(number, "row", _columns(len(cells), len(names)))
    if any(UNREADABLE in cell for cell in cells):
        return Rejected(number, "row", Sentence("has bytes that mean nothing in the encoding of the file"))
    return number, dict(zip(names, cells, strict=True))


def _columns(has: int, wanted: int) -> Sentence:
    return Sentence("has %(has)s columns, the header has %(wanted)s", has=str(has), wanted=str(wanted))
