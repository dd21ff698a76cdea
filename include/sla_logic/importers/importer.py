"""One import of records, each batch in its own transaction; a bad row is left out with its reason."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, select

from include.sla_logic.domain.notification_check import CLOCK_TOLERANCE
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.agreements import Settled
from include.sla_logic.importers.cells import CLOSING
from include.sla_logic.importers.fed_pairing import FedPairing
from include.sla_logic.importers.headers import check_columns, refuse_all_alike
from include.sla_logic.importers.mapping import Mapping, Section, Series
from include.sla_logic.importers.outages import References
from include.sla_logic.importers.pairing import Pairing
from include.sla_logic.importers.quarantine import quarantine_rows
from include.sla_logic.importers.record_kinds import KINDS, Kind
from include.sla_logic.importers.records import OutageRecord, Record, SampleRecord
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow, Withdrawn
from include.sla_logic.importers.report import ImportReport
from include.sla_logic.importers.row_reader import Read, RowReader
from include.sla_logic.importers.samples import SeriesRegister, sample_row
from include.sla_logic.importers.tables import NumberedRow, Row, open_table
from include.sla_logic.importers.trunks import Trunks
from include.sla_logic.importers.writing import Keys, Placed, open_rows, write_rows
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.upsert import upsert

_BATCH, _FIRST = 1000, 5


@dataclass
class _Import:
    database: Database
    kind: Kind
    section: Section
    reader: RowReader
    file: str
    feed: str | None = None
    report: ImportReport = field(default_factory=ImportReport)
    series: SeriesRegister = field(default_factory=SeriesRegister)
    references: References = field(default_factory=References)
    trunks: Trunks = field(default_factory=Trunks)
    open_ends: int = 0
    _keys: Keys = field(default_factory=dict)
    _answers: dict[tuple[str, tuple[Any, ...]], bool] = field(default_factory=dict)

    def import_batch(self, batch: Sequence[NumberedRow | Rejected | Withdrawn]) -> None:
        """Import one batch; raise `UnableToReadFile` where the first one is wrong in every row for one reason."""
        self._tables: dict[Table, list[Placed]] = defaultdict(list)
        self._records: list[tuple[int, Record]] = []
        withdrawn = [entry for entry in batch if isinstance(entry, Withdrawn)]
        entries, before = [entry for entry in batch if not isinstance(entry, Withdrawn)], len(self.report.rejected)
        first = self.report.rows == 0
        with self.database.write() as connection:
            self._now = self.database.now(connection)
            for entry in entries:
                self.report.rows += 1
                self._place(connection, entry)
            if self.kind.settle is not None:
                self._settle(connection, self.kind.settle(connection, self._records))
            else:
                self._withdraw(connection, withdrawn)
                self._write(connection)
            rows = {entry[0]: entry[1] for entry in entries if not isinstance(entry, Rejected)}
            new = [self._with_value(each, rows) for each in self.report.rejected[before:]]
            self.report.rejected[before:] = new
            if first:
                refuse_all_alike(new, len(entries), self.file)
            self._quarantine(connection, new, rows)

    def _with_value(self, each: Rejected, rows: dict[int, Row]) -> Rejected:
        source = self.section.columns.get(each.field)
        columns = {each.field} if source is None else source.named()
        return each.with_value(rows.get(each.row, {}), sorted(columns))

    def _settle(self, connection: Connection, settled: Settled) -> None:
        """Write what became of the records of the batch, and count it."""
        report = self.report
        report.rejected += settled.rejected
        for table in self.kind.opens:
            report.rejected += open_rows(connection, table, settled.rows.pop(table, []))
        for table, rows in settled.rows.items():
            upsert(connection, table, rows)
        report.added += settled.added
        report.changed += settled.changed
        report.unchanged += settled.unchanged

    def _write(self, connection: Connection) -> None:
        written = write_rows(connection, self.kind.table, self._tables[self.kind.table], self._keys)
        self._keys = written.keys
        steps = {one.metric: one.step_seconds for one in self.section.series}
        if steps:
            for _, values in written.keys.values():
                self.series.count(values, steps[values["metric"]])
        for name in ("added", "changed", "unchanged", "repeated", "rejected"):
            setattr(self.report, name, getattr(self.report, name) + getattr(written, name))

    def _withdraw(self, connection: Connection, withdrawn: Iterable[Withdrawn]) -> None:
        """Delete the records of these rows, but for those that the batch writes; what is written later stays."""
        names = [column.name for column in self.kind.table.primary_key]
        placed = {tuple(values[name] for name in names) for _, values in self._tables[self.kind.table]}
        for one in withdrawn:
            for read in self._reached(connection, self.reader.records(one.content | {CLOSING: None})):
                if isinstance(read, UnableToImportRow):
                    continue
                record = self.references.named(read[0]) if isinstance(read[0], OutageRecord) else read[0]
                for table, values in self.kind.rows(record):
                    if tuple(values[name] for name in names) not in placed:
                        where = (table.c[name] == values[name] for name in names)
                        connection.execute(delete(table).where(*where))

    def _quarantine(self, connection: Connection, rejected: Iterable[Rejected], rows: dict[int, Row]) -> None:
        """Store refused rows as they were read, under the name of the table and the file; of a feed each once."""
        for each in rejected:
            name = f"import.{self.kind.table.name}.{self.feed or self.file}"
            read = [rows[each.row]] if each.row in rows else []
            run_id = name if self.feed and read else f"{name}.row-{each.row}"
            quarantine_rows(connection, each, read, run_id=run_id, source=self.kind.table.name, now=self._now)

    def _place(self, connection: Connection, entry: NumberedRow | Rejected) -> None:
        report, found = self.report, 0
        if isinstance(entry, Rejected):
            report.rejected.append(entry)
            return
        number, row = entry
        for read in self._reached(connection, self.reader.records(row)):
            found += 1
            try:
                if isinstance(read, UnableToImportRow):
                    raise read
                self._place_record(connection, number, *read)
            except UnableToImportRow as error:
                report.rejected.append(Rejected(number, error.field, error.reason))
        report.further += max(0, found - 1)
        report.passed_over += not found

    def _reached(self, connection: Connection, records: Iterable[Read]) -> Iterator[Read]:
        """Yield each record; the outage of a trunk as one for each service that it reaches."""
        for read in records:
            if isinstance(read, UnableToImportRow):
                yield read
            elif isinstance(outage := read[0], OutageRecord) and self.section.is_trunk(outage.service):
                named = self.references.named(outage)
                yield from self.trunks.outages(connection, named)
            else:
                yield read

    def _place_record(self, connection: Connection, number: int, record: Record, series: Series | None) -> None:
        self._check(connection, record)
        if len(self.report.first) < _FIRST:
            self.report.first.append(record.model_dump(mode="json", exclude_none=True))
        if self.kind.settle is not None:
            self._records.append((number, record))
            return
        if isinstance(record, SampleRecord) and series is not None:
            table, values = sample_row(record, series, self.section)
            self.series.check(connection, record.service, series)  # a refused sample fixes no step
            self._tables[table].append((number, values))
            return
        if isinstance(record, OutageRecord):
            record = self.references.named(record)
            self.open_ends += record.ended_at is None and record.seconds is None
        for table, values in self.kind.rows(record):
            self._tables[table].append((number, values))

    def _check(self, connection: Connection, record: Record) -> None:
        _refuse_future(record, self._now)
        for name, table, columns in self.kind.refers:
            key = tuple(getattr(record, column) for column in columns)
            if not self._is_known(connection, table, key):
                raise UnableToImportRow(name, Sentence("%(text)s is not known", text=" ".join(map(str, key))))
        if self.kind.check is not None:
            self.kind.check(connection, record)

    def _is_known(self, connection: Connection, table: Table, key: tuple[Any, ...]) -> bool:
        """Ask once for each key; what is missing now may come with the next import."""
        if (table.name, key) not in self._answers:
            columns = list(table.primary_key)
            query = select(columns[0]).where(*(c == part for c, part in zip(columns, key, strict=True)))
            self._answers[(table.name, key)] = connection.execute(query).first() is not None
        return self._answers[(table.name, key)]


def _refuse_future(record: Record, now: datetime) -> None:
    """Raise `UnableToImportRow` where something on record lies in the future: a clock or a year is wrong."""
    for name in record.in_the_past:
        moment = getattr(record, name)
        if moment is not None and moment > now + CLOCK_TOLERANCE:
            raise UnableToImportRow(name, Sentence("%(at)s lies in the future", at=f"{moment:%Y-%m-%dT%H:%M:%SZ}"))


def import_file(
    database: Database,
    path: Path,
    *,
    kind: str,
    mapping: Mapping,
    as_of: date,
    progress: Callable[[int], None] = lambda _rows: None,
    feed: str | None = None,
) -> ImportReport:
    """Import one file; the same file again changes nothing. `progress` is told the rows of each batch.

    Rejected rows are in quarantine with their reasons. A `feed` gives the same rows again, under other numbers: a
    refused one is kept once, and rows that open are paired with rows that close in whatever answers they come.
    """
    known, section = KINDS[kind], mapping.sections[kind]
    reader = RowReader(section, mapping, known.record, as_of)
    work = _Import(database, known, section, reader, path.name, feed)
    pairing = None if section.pairs is None else Pairing(reader, section.pairs)
    if section.pairs is not None and feed is not None:
        pairing = FedPairing(reader, section.pairs, database, feed)
    with open_table(path, mapping) as table:
        check_columns(table.columns, section, known, path, mapping)
        entries = table.rows if pairing is None else pairing.paired(table.rows)
        while batch := list(islice(entries, _BATCH)):
            work.import_batch(batch)
            progress(len(batch))
    _tell(work, pairing)
    return work.report


def _tell(work: _Import, pairing: Pairing | None) -> None:
    """Add to the report what is known once the whole file was read."""
    report = work.report
    report.passed, report.coverage = work.reader.passed_over, work.series.coverage()
    if pairing is not None:
        report.joined = pairing.joined
        report.passed_over += pairing.passed_over
        report.rows += pairing.joined + pairing.passed_over - pairing.earlier
        report.further += pairing.earlier
        if pairing.orphans:
            report.warnings.append(f"{pairing.orphans} rows end what no row of the file begins.")
    if work.open_ends:
        verb = "outage has" if work.open_ends == 1 else "outages have"
        report.warnings.append(f"{work.open_ends} {verb} no end: down until now, until an end is imported.")
