"""Reading one field of a row as its source says: texts, numbers, lengths, days and instants."""

import re
from datetime import date, datetime
from functools import lru_cache
from string import Template
from typing import Any

import jmespath
import pendulum

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers import moments
from include.sla_logic.importers.field_kinds import AMOUNTS, DAYS, INSTANTS, LENGTHS, NUMBERS
from include.sla_logic.importers.numerals import read_length, read_number
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.importers.sources import Source
from include.sla_logic.importers.tables import Dialect, Row

CLOSING = "closing row"  # under which the row that ends a pair is kept in the one that opens it
_ENDS = frozenset({"ended_at", "ends_at", "cleared_at", "ended_after"})
_PATH = re.compile(r"[.\[|@(]")
_NO_REFERENCE = re.compile(r"[^A-Za-z0-9_.:+~-]+")
_SHOWN = 60


def read_field(name: str, source: Source, row: Row, dialect: Dialect, *, as_of: date | None = None) -> Any:
    """Return one field's value, None where the cell is missing; raise `UnableToImportRow` where it has no meaning."""
    if source.value is not None:
        return source.value
    if source.text is not None:
        return _sentence(source.text, row, dialect)
    if name in _ENDS and CLOSING in row:
        closing: Row | None = row[CLOSING]
        if closing is None:
            return None  # nothing has closed it yet
        row = closing
    cell = _cell(source, row, dialect)
    if cell is None:
        return source.otherwise
    text = source.values.get(cell, cell)
    if source.months_before and as_of is not None:
        return _months_before(as_of, int(read_number(name, text, dialect)))
    return _as_kind(name, text, source, dialect)


def _as_kind(name: str, text: str, source: Source, dialect: Dialect) -> Any:
    """Read a text as what the field is: a length, a number, an instant, a day, or a text."""
    found: Any = None
    if name in LENGTHS:
        found = read_length(name, text, source, dialect)
    elif name in NUMBERS or source.multiply is not None or source.offset is not None:
        number = read_number(name, text, dialect, money=name in AMOUNTS)
        found = number * (1 if source.multiply is None else source.multiply) + (source.offset or 0)
    elif name in INSTANTS:
        found = moments.read_moment(name, text, source.format, source.zone)
    elif name in DAYS and source.format is not None:
        found = moments.read_day(name, text, source.format)
    else:
        found = source.prefix + text
        found = _NO_REFERENCE.sub("-", found) if source.slug else found
    return found


def entries_of(row: Row, column: str, separator: str, dialect: Dialect) -> list[Any]:
    """Return what a list names; raise `UnableToImportRow` where it names nothing."""
    found = look_up(row, column) if column in row or is_path(column) else None
    if isinstance(found, str):
        found = [text for part in found.split(separator) if (text := part.strip()) not in dialect.missing]
    if not isinstance(found, list) or not found:
        raise UnableToImportRow(column, Sentence("names nothing that the row belongs to"))
    return found


def look_up(row: Row, column: str) -> Any:
    """Return what stands in a column, or at a path inside of it; raise `UnableToImportRow` where there is no such."""
    if column in row:
        return row[column]
    if is_path(column) and (path := _compiled(column)) is not None:
        return path.search(row)
    raise UnableToImportRow(column, Sentence("the file has no such column"))


def is_path(column: str) -> bool:
    """Tell whether it may be a jmespath, and no column's whole name."""
    return _PATH.search(column) is not None


@lru_cache(maxsize=512)
def _compiled(path: str) -> Any:
    try:
        return jmespath.compile(path)
    except jmespath.exceptions.JMESPathError:
        return None


def _cell(source: Source, row: Row, dialect: Dialect) -> str | None:
    if source.join:
        parts = [_text(row, column, dialect, optional=source.optional) for column in source.join]
        return None if None in parts else " ".join(str(part) for part in parts)
    if source.column is None:
        return None
    text = _text(row, source.column, dialect, optional=source.optional or bool(source.fallback))
    if text is None:
        for column in source.fallback:
            if (text := _text(row, column, dialect, optional=True)) is not None:
                break
    return text


def _text(row: Row, column: str, dialect: Dialect, *, optional: bool) -> str | None:
    value = row.get(column)
    if value is None and column not in row:
        if optional and not is_path(column):
            return None
        value = look_up(row, column)
    if value is None:
        text = ""
    elif isinstance(value, (dict, list)):
        raise UnableToImportRow(column, Sentence("is not a single value"))
    else:
        text = str(value).strip()
    return None if text in dialect.missing else text


def _sentence(text: str, row: Row, dialect: Dialect) -> str:
    known = {name: str(value) for name, value in row.items() if value not in dialect.missing and value is not None}
    names = Template(text).get_identifiers()
    return Template(text).substitute({name: known.get(name, "unknown") for name in names})


def _months_before(day: date, months: int) -> date:
    """Return the first day of the month that many months before."""
    if not 0 <= months < (day.year - 1) * 12 + day.month:
        raise UnableToImportRow("since", f"{months} months lie outside the calendar")
    month = pendulum.instance(day).subtract(months=months)
    return date(month.year, month.month, 1)


def read_moment_of(name: str, source: Source, row: Row, dialect: Dialect) -> datetime | None:
    """Return an instant; raise `UnableToImportRow` where the cell holds none, or none with a time zone."""
    found = read_field(name, source, row, dialect)
    return moments.read_moment(name, found, source.format, source.zone) if isinstance(found, str) else found
