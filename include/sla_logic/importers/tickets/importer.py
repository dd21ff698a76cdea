"""One import of tickets, each batch in its own transaction: a killed import keeps the batches that were complete."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from include.sla_logic.domain.notification_check import CLOCK_TOLERANCE
from include.sla_logic.importers.cells import read_moment_of
from include.sla_logic.importers.headers import check_names, refuse_all_alike
from include.sla_logic.importers.quarantine import quarantine_rows
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow
from include.sla_logic.importers.tables import NumberedRow, Row, open_table
from include.sla_logic.importers.tickets.event_log import ImportedTicket, group_rows_by_ticket, read_ticket
from include.sla_logic.importers.tickets.mapping import TicketMapping
from include.sla_logic.importers.tickets.ticket_writer import write_tickets
from include.sla_logic.persistence.database import Database

_BATCH, _FIRST = 500, 5


@dataclass(frozen=True)
class TicketImport:
    """How tickets are imported: with `until`, what had happened by then; with `reports_only`, no work done on them.

    `source` names the other system in every ticket.
    """

    mapping: TicketMapping
    source: str
    until: datetime | None = None
    reports_only: bool = False


@dataclass
class TicketReport:
    """What an import did: `waiting` tickets are for the backlog, those of `history` are settled already.

    `continued` ones were known, and more has happened to them since.
    """

    rows: int = 0
    tickets: int = 0
    history: int = 0
    waiting: int = 0
    continued: int = 0
    unchanged: int = 0
    later: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)

    def done(self) -> int:
        """Count the tickets and rows whose fate is known."""
        return self.history + self.waiting + self.continued + self.unchanged + self.later + len(self.rejected)


@dataclass(frozen=True)
class _Refused:
    """A ticket, or a row without a ticket, that cannot be imported, with what was read of it."""

    rejected: Rejected
    reference: str | None
    rows: Sequence[Row]


def import_tickets(
    database: Database, path: Path, work: TicketImport, *, progress: Callable[[int], None] = lambda _rows: None
) -> TicketReport:
    """Import one file; the same file again changes nothing, or completes an import that was killed.

    Raises `UnableToReadFile`. What cannot be imported is in quarantine with its reason.
    """
    report, mapping = TicketReport(), work.mapping
    with open_table(path, mapping) as table:
        if table.columns is not None:
            check_names(table.columns, mapping.needed(), mapping.known if mapping.strict else None, path, mapping)
            mapping = mapping.for_columns(table.columns)
        found = _read_tickets(table.rows, replace(work, mapping=mapping), report)
        while batch := list(islice(found, _BATCH)):
            with database.write() as connection:
                alone = not report.done()
                _import_batch(connection, [ticket for ticket, _ in batch], work, report, now=database.now(connection))
                if alone:
                    refuse_all_alike(report.rejected, len(batch), path.name)
            progress(sum(rows for _, rows in batch))
    return report


def _read_tickets(
    rows: Iterable[NumberedRow | Rejected], work: TicketImport, report: TicketReport
) -> Iterator[tuple[ImportedTicket | _Refused, int]]:
    """Yield each ticket with the number of its rows."""
    for found in group_rows_by_ticket(_counted(rows, report), work.mapping):
        if isinstance(found, Rejected):
            yield _Refused(found, None, ()), 1
            continue
        reference, members = found
        report.tickets += 1
        try:
            past = _until(members, work)
            if past:
                yield read_ticket(reference, past, work.mapping), len(members)
            else:
                report.later += 1
        except UnableToImportRow as error:
            rejected = Rejected(members[0][0], error.field, error.reason)
            yield _Refused(rejected, reference, [row for _, row in members]), len(members)


def _counted(rows: Iterable[NumberedRow | Rejected], report: TicketReport) -> Iterator[NumberedRow | Rejected]:
    for row in rows:
        report.rows += 1
        yield row


def _until(rows: list[NumberedRow], work: TicketImport) -> list[NumberedRow]:
    """Leave out what had not happened by then; rows without a time stay, to be refused."""
    if work.until is None:
        return rows
    return [row for row in rows if (_moment(row[1], work) or work.until) <= work.until]


def _moment(row: Row, work: TicketImport) -> datetime | None:
    return read_moment_of("at", work.mapping.at, row, work.mapping)


def _not_yet(entry: ImportedTicket | _Refused, now: datetime) -> ImportedTicket | _Refused:
    """Refuse a ticket of which something lies in the future: a clock or a year is wrong."""
    if isinstance(entry, _Refused) or max(event.at for event in entry.history) <= now + CLOCK_TOLERANCE:
        return entry
    late = max(event.at for event in entry.history)
    rejected = Rejected(entry.line, "at", f"{late:%Y-%m-%dT%H:%M:%SZ} lies in the future")
    return _Refused(rejected, entry.notification.external_reference, [entry.notification.model_dump(mode="json")])


def _import_batch(
    connection: Connection,
    batch: Sequence[ImportedTicket | _Refused],
    work: TicketImport,
    report: TicketReport,
    *,
    now: datetime,
) -> None:
    batch = [_not_yet(entry, now) for entry in batch]
    imported = [entry for entry in batch if isinstance(entry, ImportedTicket)]
    report.first += [one.notification.model_dump(mode="json") for one in imported[: _FIRST - len(report.first)]]
    result = write_tickets(connection, imported, source=work.source, reports_only=work.reports_only, now=now)
    report.history += result.history
    report.waiting += result.waiting
    report.continued += result.continued
    report.unchanged += result.unchanged
    refused = [entry for entry in batch if isinstance(entry, _Refused)]
    refused += [
        _Refused(rejected, ticket.notification.external_reference, [ticket.notification.model_dump(mode="json")])
        for ticket, rejected in result.refused
    ]
    for entry in refused:
        _quarantine(connection, entry, work, now)
        row = entry.rows[0] if entry.rows else {}
        report.rejected.append(entry.rejected.with_value(row, work.mapping.columns_of(entry.rejected.field)))


def _quarantine(connection: Connection, entry: _Refused, work: TicketImport, now: datetime) -> None:
    name = entry.reference or f"{work.source}.row-{entry.rejected.row}"
    quarantine_rows(
        connection,
        entry.rejected,
        entry.rows,
        reference=entry.reference,
        run_id=f"incident.{name}",
        source=work.source,
        now=now,
    )
