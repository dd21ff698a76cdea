"""One import of records, each batch in its own transaction; a bad row is left out with its reason."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, select
from sqlalchemy.exc import DBAPIError

from include.sla_logic.importers.agreements import Settled
from include.sla_logic.importers.files import Row, columns_of, read_rows
from include.sla_logic.importers.headers import check_columns
from include.sla_logic.importers.mapping import Mapping, Section
from include.sla_logic.importers.quarantine import quarantine_rows
from include.sla_logic.importers.record_kinds import Kind
from include.sla_logic.importers.records import Record, SampleRecord
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow
from include.sla_logic.importers.row_parser import applies_to, check_past, parse_row
from include.sla_logic.importers.samples import SeriesRegister, sample_row
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.upsert import upsert

_BATCH = 1000
Placed = tuple[int, dict[str, Any]]


@dataclass
class ImportReport:
    """What an import did; `unchanged` records were known with the same content.

    `warnings` name what is missing on record afterwards, though no row is wrong.
    """

    rows: int = 0
    passed_over: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass
class _Import:
    database: Database
    kind: Kind
    section: Section
    mapping: Mapping
    as_of: date
    file: str
    report: ImportReport = field(default_factory=ImportReport)
    series: SeriesRegister = field(default_factory=SeriesRegister)

    def import_batch(self, batch: Iterable[tuple[int, Row] | Rejected]) -> None:
        """Import one batch."""
        self._tables: dict[Table, list[Placed]] = defaultdict(list)
        self._records: list[tuple[int, Record]] = []
        entries, before = list(batch), len(self.report.rejected)
        with self.database.write() as connection:
            self._now = self.database.now(connection)
            for entry in entries:
                self.report.rows += 1
                self._place(connection, entry)
            if self.kind.settle is not None:
                self._settle(connection, self.kind.settle(connection, self._records))
            for table in (*self.kind.opens, self.kind.table):
                self._write_table(connection, table, self._tables.pop(table, []))
            if new := self.report.rejected[before:]:
                self._quarantine(connection, new, entries)

    def _settle(self, connection: Connection, settled: Settled) -> None:
        """Write what became of the records of the batch, and count it."""
        self.report.rejected += settled.rejected
        self.report.added += settled.added
        self.report.changed += settled.changed
        self.report.unchanged += settled.unchanged
        for table in self.kind.opens:
            self._write_table(connection, table, [(0, row) for row in settled.rows.pop(table, [])])
        for table, rows in settled.rows.items():
            upsert(connection, table, rows)

    def _quarantine(
        self, connection: Connection, rejected: Iterable[Rejected], entries: Iterable[tuple[int, Row] | Rejected]
    ) -> None:
        """Store refused rows as they were read, under the name of the table and the file."""
        rows = {entry[0]: entry[1] for entry in entries if not isinstance(entry, Rejected)}
        for each in rejected:
            name = f"{self.kind.table.name}.{self.file}.row-{each.row}"
            read = [rows[each.row]] if each.row in rows else []
            quarantine_rows(connection, each, read, run_id=f"import.{name}", source=self.kind.table.name, now=self._now)

    def _place(self, connection: Connection, entry: tuple[int, Row] | Rejected) -> None:
        if isinstance(entry, Rejected):
            self.report.rejected.append(entry)
            return
        number, row = entry
        if not applies_to(row, self.section):
            self.report.passed_over += 1
            return
        try:
            if self.kind.settle is not None:
                self._records += [(number, record) for record, _index in list(self._records_of(connection, row))]
                return
            placed = list(self._rows(connection, row))
        except UnableToImportRow as error:
            self.report.rejected.append(Rejected(number, error.field, error.reason))
            return
        for table, values in placed:
            self._tables[table].append((number, values))

    def _records_of(self, connection: Connection, row: Row) -> Iterator[tuple[Record, int | None]]:
        for record, index in parse_row(row, self.section, self.mapping, self.kind.record, as_of=self.as_of):
            check_past(record, self._now)
            self._check_references(connection, record)
            if self.kind.check is not None:
                self.kind.check(connection, record)
            yield record, index

    def _rows(self, connection: Connection, row: Row) -> Iterator[tuple[Table, dict[str, Any]]]:
        for record, index in self._records_of(connection, row):
            if index is None or not isinstance(record, SampleRecord):
                yield from self.kind.rows(record)
            else:
                series = self.section.series[index]
                placed = sample_row(record, series, labelled_by=self.section.labelled_by)
                self.series.check(connection, record.service, series)  # a refused sample fixes no step
                yield placed

    def _check_references(self, connection: Connection, record: Record) -> None:
        for name, table, columns in self.kind.refers:
            key = tuple(getattr(record, column) for column in columns)
            if not self._is_known(connection, table, key):
                raise UnableToImportRow(name, f"{' '.join(map(str, key))} is not known")

    def _is_known(self, connection: Connection, table: Table, key: tuple[Any, ...]) -> bool:
        """Ask once for each key; what is missing now may come with the next import."""
        if (table.name, key) not in self._answers:
            columns = list(table.primary_key)
            query = select(columns[0]).where(*(c == part for c, part in zip(columns, key, strict=True)))
            self._answers[(table.name, key)] = connection.execute(query).first() is not None
        return self._answers[(table.name, key)]

    def __post_init__(self) -> None:
        """Remember answers for the length of the import."""
        self._answers: dict[tuple[str, tuple[Any, ...]], bool] = {}

    def _write_table(self, connection: Connection, table: Table, placed: list[Placed]) -> None:
        """Write new and changed rows; of two different rows with one key the second is rejected."""
        counts = table is self.kind.table
        names = [column.name for column in table.primary_key]
        wanted = self._by_key(placed, names, counts=counts)
        known = _known_rows(connection, table, list(wanted))
        new = [entry for key, entry in wanted.items() if key not in known]
        different = [e for key, e in wanted.items() if counts and key in known and not _agrees(known[key], e[1])]
        added, changed = (self._write(connection, table, entries) for entries in (new, different))
        if counts:
            self.report.added += added
            self.report.changed += changed
            self.report.unchanged += len(wanted) - len(new) - len(different)

    def _write(self, connection: Connection, table: Table, entries: list[Placed]) -> int:
        """Write all at once, or one by one where the database refuses one of them; return how many went in."""
        try:
            with connection.begin_nested():
                upsert(connection, table, [values for _, values in entries])
        except DBAPIError as error:
            if len(entries) > 1:
                return sum(self._write(connection, table, [entry]) for entry in entries)
            reason = str(error.orig).strip().splitlines()[0]
            self.report.rejected.append(Rejected(entries[0][0], table.name, f"contradicts what is known: {reason}"))
            return 0
        return len(entries)

    def _by_key(self, placed: list[Placed], names: list[str], *, counts: bool) -> dict[tuple[Any, ...], Placed]:
        wanted: dict[tuple[Any, ...], Placed] = {}
        for number, values in placed:
            key = tuple(values[name] for name in names)
            first = wanted.setdefault(key, (number, values))
            if counts and first[1] != values:
                reason = f"row {first[0]} says otherwise of {' '.join(map(str, key))}"
                self.report.rejected.append(Rejected(number, names[-1], reason))
        return wanted


def _known_rows(connection: Connection, table: Table, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], Any]:
    """Return the rows with these keys, and perhaps some neighbours: ranges are cheaper than lists of tuples."""
    if not keys:
        return {}
    columns = list(table.primary_key)
    rows = connection.execute(
        select(table).where(*(_among(c, set(parts)) for c, parts in zip(columns, zip(*keys, strict=True), strict=True)))
    )
    return {tuple(getattr(row, c.name) for c in columns): row for row in rows}


def _among(column: Column[Any], values: set[Any]) -> ColumnElement[bool]:
    if isinstance(next(iter(values)), str):
        return column.in_(values)
    return column.between(min(values), max(values))


def _agrees(row: Any, values: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def import_file(
    database: Database,
    path: Path,
    *,
    kind: Kind,
    section: Section,
    mapping: Mapping,
    as_of: date,
    progress: Callable[[int], None] = lambda _rows: None,
) -> ImportReport:
    """Import one file; the same file again changes nothing. `progress` is told the rows of each batch.

    Rejected rows are in quarantine with their reasons.
    """
    check_columns(columns_of(path, layout=mapping.layout), section, kind, path.name)
    work = _Import(database, kind, section, mapping, as_of, path.name)
    rows = read_rows(path, layout=mapping.layout)
    while batch := list(islice(rows, _BATCH)):
        work.import_batch(batch)
        progress(len(batch))
    return work.report
