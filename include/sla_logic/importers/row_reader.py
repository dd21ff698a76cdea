"""Reading the records of a row as a section of the mapping says, each with what it was refused for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.cells import CLOSING, entries_of, look_up, read_field
from include.sla_logic.importers.mapping import Mapping, Section, Series, Values
from include.sla_logic.importers.records import OutageRecord, Record, SampleRecord
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.importers.tables import Row

Read = tuple[Record, Series | None] | UnableToImportRow  # a sample with its series
_SHOWN = 60


@dataclass
class RowReader:
    """Reads rows of one kind; `passed_over` counts rows by the column and the text that the mapping does not mean."""

    section: Section
    mapping: Mapping
    kind: type[Record]
    as_of: date
    passed_over: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Tell what is asked of a whole row from what is asked of each entry of its list."""
        only, each = self.section.only, self.section.each
        self._of_entry = {column: texts for column, texts in only.items() if _is_inside(column, each)}
        self._of_row = {column: texts for column, texts in only.items() if column not in self._of_entry}

    def records(self, row: Row) -> Iterator[Read]:
        """Yield each record of the row, or why it is none; an entry that means nothing loses no other."""
        for part in self._parts(row):
            if isinstance(part, UnableToImportRow):
                yield part
                continue
            try:
                yield from list(self._records_of(part))
            except UnableToImportRow as error:
                yield error

    def _parts(self, row: Row) -> Iterator[Row | UnableToImportRow]:
        """Return the row once for every entry of the list in its column `each`, where the mapping means it."""
        section = self.section
        if not self.is_meant(row, self._of_row):
            return
        try:
            entries = [None] if section.each is None else entries_of(row, section.each, section.separator, self.mapping)
        except UnableToImportRow as error:
            yield error
            return
        for entry in entries:
            part = row if section.each is None else {**row, section.each: entry}
            if self.is_meant(part, self._of_entry):
                yield part

    def is_meant(self, row: Row, only: Values) -> bool:
        """Tell whether the mapping means the row, and count it by what it is where not."""
        other = unmeant(row, only)
        if other is not None:
            self.passed_over[other] = self.passed_over.get(other, 0) + 1
        return other is None

    def _records_of(self, row: Row) -> Iterator[Read]:
        if self.section.strict and (unknown := sorted(row.keys() - self.section.columns.keys())):
            known = ", ".join(self.section.columns)
            raise UnableToImportRow(unknown[0], Sentence("is no field of this record; it has %(known)s", known=known))
        fields = {name: self._field(name, row) for name in self.section.columns}
        self._refuse_blank_length(fields, row)
        given = {name: value for name, value in fields.items() if value is not None}
        if self.kind is not SampleRecord:
            yield _record(self.kind, given), None
            return
        for series in self.section.series:
            yield from self._sample(series, given, row)

    def _field(self, name: str, row: Row) -> Any:
        return read_field(name, self.section.columns[name], row, self.mapping, as_of=self.as_of)

    def _refuse_blank_length(self, fields: dict[str, Any], row: Row) -> None:
        """Refuse an outage whose length is asked for and blank: that is not the same as one that is still open."""
        source = self.section.columns.get("seconds")
        if self.kind is not OutageRecord or source is None or fields.get("seconds") is not None:
            return
        end = self.section.columns.get("ended_at")
        if fields.get("ended_at") is not None or (end is not None and _has(row, end.named())):
            return
        if source.blank != "open" and _has(row, source.named()):
            reason = "is blank: give the length, or say in the mapping that such an outage is still open (blank: open)"
            raise UnableToImportRow("seconds", Sentence(reason))

    def _sample(self, series: Series, given: dict[str, Any], row: Row) -> Iterator[Read]:
        try:
            value = read_field("value", series.source, row, self.mapping)
        except UnableToImportRow as error:
            raise UnableToImportRow(series.source.column or series.metric, error.reason) from None
        if value is None and series.source.column is not None:
            return  # not measured: that is no sample
        if value is not None and value == series.nothing_came_back and series.silence is None:
            value = None  # the poller's word for it, and no quantity
        if isinstance(value, Decimal) and value < 0:
            msg = "%(text)s is less than 0"
            raise UnableToImportRow(series.source.column or series.metric, Sentence(msg, text=str(value)))
        try:
            yield _record(self.kind, {**given, "metric": series.metric, "value": value}), series
        except UnableToImportRow as error:
            yield error


def _is_inside(column: str, each: str | None) -> bool:
    return each is not None and re.match(rf"{re.escape(each)}(\W|$)", column) is not None


def unmeant(row: Row, only: Values) -> str | None:
    """Return the column and its text that the mapping does not mean, or None where it means the row."""
    for column, texts in only.items():
        found = look_up(row, column) if column in row or "." in column or "[" in column else ""
        text = "" if found is None else str(found).strip()
        if text not in texts:
            return f"{column} {text[:_SHOWN] or '(empty)'}"
    return None


def _has(row: Row, columns: set[Any]) -> bool:
    closing = row.get(CLOSING) or {}
    return any(column in row or column in closing for column in columns)


def _record(kind: type[Record], fields: dict[str, Any]) -> Record:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise refused_field(error) from None


def refused_field(error: ValidationError) -> UnableToImportRow:
    """Return the first field that means nothing, with its value beside the reason."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "row"
    why, value = fault_in_words(first), first["input"]
    if isinstance(value, dict) or str(value) in why:
        return UnableToImportRow(where, why)
    return UnableToImportRow(where, Sentence("%(why)s (%(given)s)", why=why, given=repr(str(value)[:_SHOWN])))
