"""Opening a table in whatever file it comes."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.sla_logic.importers.tables import delimited, documents, spreadsheets
from include.sla_logic.importers.tables.dialect import Dialect, UnableToReadFile
from include.sla_logic.importers.tables.files import Lines, open_text
from include.sla_logic.importers.tables.table import Entries, Table


@contextmanager
def open_table(path: Path, dialect: Dialect) -> Iterator[Table]:
    """Open a file as its dialect says; raise `UnableToReadFile` for what is wrong with all of it."""
    layout = dialect.layout_of(path)
    if layout == "xlsx":
        with spreadsheets.open_sheet(path, dialect) as table:
            yield table
        return
    with open_text(path, dialect.encoding) as text:
        lines = Lines(text, path)
        if layout == "csv":
            table = delimited.read_table(lines, path, dialect)
        elif layout == "jsonl":
            table = Table(None, documents.read_lines(lines, path, skip=dialect.skip_rows))
        else:
            table = Table(None, documents.read_document(text, path, dialect.rows))
        yield Table(table.columns, _named_damage(table.rows, lines, path))


def _named_damage(rows: Entries, lines: Lines, path: Path) -> Entries:
    try:
        yield from rows
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        before = "What came before may be in; the whole file can be imported again."
        raise UnableToReadFile(f"{path.name} is damaged after line {lines.number}: {error}. {before}") from error
