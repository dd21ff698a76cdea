"""Parsing the cells of a row into the fields of records."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pendulum
from pydantic import ValidationError

from include.sla_logic.domain.calendars import UnableToReadInstant, read_instant
from include.sla_logic.domain.notification_check import CLOCK_TOLERANCE
from include.sla_logic.importers.files import Row
from include.sla_logic.importers.mapping import Mapping, Section, Source
from include.sla_logic.importers.records import Record, SampleRecord, is_a_quantity
from include.sla_logic.importers.rejection import UnableToImportRow


def applies_to(row: Row, section: Section) -> bool:
    """Tell whether the section describes this row."""
    return all(str(row.get(column, "")) in values for column, values in section.only.items())


def parse_row(
    row: Row, section: Section, mapping: Mapping, kind: type[Record], *, as_of: date
) -> Iterator[tuple[Record, int | None]]:
    """Return the records of one row; samples with the index of their series. Raises `UnableToImportRow`."""
    for part in _parts(row, section):
        yield from _records_of_part(part, section, mapping, kind, as_of=as_of)


def _parts(row: Row, section: Section) -> Iterator[Row]:
    """Return the row once for every entry of the list in its column `each`."""
    if section.each is None:
        yield row
        return
    entries = row.get(section.each)
    if not isinstance(entries, list) or not entries:
        raise UnableToImportRow(section.each, "names nothing that the row belongs to")
    for entry in entries:
        yield {**row, section.each: entry}


def _records_of_part(
    row: Row, section: Section, mapping: Mapping, kind: type[Record], *, as_of: date
) -> Iterator[tuple[Record, int | None]]:
    if section.strict and (unknown := sorted(row.keys() - section.columns.keys())):
        raise UnableToImportRow(unknown[0], f"is no field of this record; it has {', '.join(section.columns)}")
    fields = {name: parse_field(name, source, row, mapping, as_of=as_of) for name, source in section.columns.items()}
    given = {name: value for name, value in fields.items() if value is not None}
    if kind is not SampleRecord:
        yield _record(kind, given), None
        return
    for index, series in enumerate(section.series):
        column = series.source.column
        if column is not None and _cell(row, series.source, mapping) is None:
            continue  # not measured: that is no sample
        value = parse_field(column or series.metric, series.source, row, mapping, as_of=as_of)
        yield _record(kind, {**given, "metric": series.metric, "value": value}), index


def parse_field(name: str, source: Source, row: Row, mapping: Mapping, *, as_of: date) -> Any:
    """Return one field's value, None where the cell is missing; raise `UnableToImportRow` where it has no meaning."""
    if source.column is None:
        return source.value
    cell = _cell(row, source, mapping)
    if cell is None:
        return None
    text = source.prefix + source.values.get(cell, cell)
    if source.multiply is not None:
        return _number(name, text) * source.multiply
    if source.months_before:
        return _months_before(as_of, int(_number(name, text)))
    if source.zone is not None:
        return _local_instant(name, text, source.zone)
    return text


def _cell(row: Row, source: Source, mapping: Mapping) -> str | None:
    column = source.column or ""
    if column not in row and source.optional:
        return None
    if column not in row:
        raise UnableToImportRow(column, "the file has no such column")
    value = row[column]
    if isinstance(value, dict | list):
        raise UnableToImportRow(column, "is not a single value")
    text = "" if value is None else str(value).strip()
    return None if text in mapping.missing else text


def _number(name: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UnableToImportRow(name, f"{text[:40]!r} is not a number") from None
    if not number.is_finite() or not is_a_quantity(number):
        raise UnableToImportRow(name, f"{text[:40]!r} is no number that can be measured")
    return number


def _months_before(day: date, months: int) -> date:
    """Return the first day of the month that many months before."""
    if not 0 <= months < (day.year - 1) * 12 + day.month:
        raise UnableToImportRow("since", f"{months} months lie outside the calendar")
    month = pendulum.instance(day).subtract(months=months)
    return date(month.year, month.month, 1)


def _local_instant(name: str, text: str, zone: str) -> datetime:
    """Read a local time; one that the change of summer time skips or repeats is refused, not guessed."""
    try:
        return read_instant(text, zone=zone)
    except UnableToReadInstant as error:
        raise UnableToImportRow(name, str(error)) from None


def check_past(record: Record, now: datetime) -> None:
    """Raise `UnableToImportRow` where something on record lies in the future: a clock or a year is wrong."""
    for name in record.in_the_past:
        moment = getattr(record, name)
        if moment is not None and moment > now + CLOCK_TOLERANCE:
            raise UnableToImportRow(name, f"{moment:%Y-%m-%dT%H:%M:%SZ} lies in the future")


def _record(kind: type[Record], fields: dict[str, Any]) -> Record:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "row"
        raise UnableToImportRow(where, first["msg"].removeprefix("Value error, ")) from None
