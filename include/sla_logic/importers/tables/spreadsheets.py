"""Spreadsheets (XLSX): one sheet is a table whose cells are written out as text."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.tables.dialect import Dialect, UnableToReadFile
from include.sla_logic.importers.tables.table import Entries, Table

if TYPE_CHECKING:
    from openpyxl import Workbook

LARGEST_BOOK = 1024**3  # bytes, unpacked
# What openpyxl and the standard library raise for a file that is not what it says, or was cut off.
_UNREADABLE = (
    *(OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, SyntaxError, ArithmeticError),
    *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error),
)


@contextmanager
def open_sheet(path: Path, dialect: Dialect) -> Iterator[Table]:
    """Open a sheet by its name, or the only one; formulas count by the value that was saved with them."""
    values, formulas = _book(path, data_only=True), _book(path, data_only=False)
    try:
        name = _sheet_of(values, dialect.sheet, path.name)
        pairs = _guarded(_pairs(values[name], formulas[name]), path.name)
        for _ in range(dialect.skip_rows):
            next(pairs, None)
        names = _names(next(pairs, ((), ()))[0], path.name)
        yield Table(names, _rows(pairs, names, start=dialect.skip_rows + 2))
    finally:
        values.close()
        formulas.close()


def _book(path: Path, *, data_only: bool) -> "Workbook":
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size > LARGEST_BOOK:
            raise UnableToReadFile(f"{path.name} unpacks to {size} bytes: save it as CSV.")
        return load_workbook(path, read_only=True, data_only=data_only, keep_links=False)
    except FileNotFoundError as error:
        raise UnableToReadFile(f"The file {path} cannot be read: {error.strerror}.") from error
    except _UNREADABLE as error:
        raise UnableToReadFile(f"{path.name} is no spreadsheet that can be read: save it as XLSX or CSV.") from error


def _sheet_of(book: "Workbook", wanted: str | None, file: str) -> str:
    names = [sheet.title for sheet in book.worksheets]
    if wanted in names:
        return str(wanted)
    if wanted is None and len(names) == 1:
        return str(names[0])
    raise UnableToReadFile(f"{file} has the sheets {', '.join(names)}: name one of them in the mapping (sheet).")


def _names(cells: Any, file: str) -> list[str]:
    names = [str(_written(cell) or "").strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        what = f"has {twice[0]!r} more than once" if twice else "has no column names"
        raise UnableToReadFile(f"The first row of {file} {what}; skip_rows passes over what stands above it.")
    return names


def _pairs(values: Any, formulas: Any) -> Iterator[Any]:
    for sheet in (values, formulas):
        sheet.reset_dimensions()  # what the file says of its size may be wrong, and would be filled up
    yield from zip(values.iter_rows(), formulas.iter_rows(), strict=True)


def _rows(pairs: Iterator[Any], names: list[str], *, start: int) -> Entries:
    for number, (values, formulas) in enumerate(pairs, start=start):
        row: dict[str, Any] = dict.fromkeys(names)
        wrong = None
        for name, value, formula in zip(names, values, formulas, strict=False):
            row[name] = _written(value)
            wrong = wrong or _why_not(number, name, value, formula)
        if wrong is not None:
            yield wrong
        elif any(value is not None for value in row.values()):
            yield number, row


def _why_not(number: int, name: str, value: Any, formula: Any) -> Rejected | None:
    if value.value is None and str(formula.value or "").startswith("="):
        msg = "holds a formula that was never reckoned: open the file and save it once"
        return Rejected(number, name, Sentence(msg))
    if value.data_type != "e":
        return None
    return Rejected(number, name, Sentence("holds the error %(error)s", error=str(value.value)))


def _written(cell: Any) -> str | None:
    """Write a cell as text; a day without a clock stays a day, and nothing has a time zone."""
    value = cell.value
    if isinstance(value, datetime):
        clock = "h" in str(cell.number_format).lower() or value.time() != time()
        return value.isoformat(sep=" ") if clock else value.date().isoformat()
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _guarded(rows: Iterator[Any], file: str) -> Iterator[Any]:
    try:
        yield from rows
    except _UNREADABLE as error:
        raise UnableToReadFile(f"{file} is damaged: {str(error)[:80]}. What came before may be in.") from error
