"""One import of tickets: batches in transactions of their own, so that what is in stays in when it is killed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from include.sla_logic.importers.files import Row, read_rows
from include.sla_logic.importers.refusing import keep_refused
from include.sla_logic.importers.rejection import Rejected, UnableToTakeRow
from include.sla_logic.importers.tickets.cells import Cells
from include.sla_logic.importers.tickets.folding import FoldedTicket, NumberedRow, fold, rows_by_ticket
from include.sla_logic.importers.tickets.keeping import keep_tickets
from include.sla_logic.importers.tickets.mapping import TicketMapping
from include.sla_logic.persistence.database import Database

_BATCH = 500


@dataclass(frozen=True)
class TicketImport:
    """What is imported how: only what had happened `until` then, or only the reports, as if nobody had worked on them.

    `source` names the other system in every ticket.
    """

    mapping: TicketMapping
    source: str
    layout: Literal["csv", "jsonl"] | None = None
    until: datetime | None = None
    reports_only: bool = False


@dataclass
class TicketReport:
    """What an import did; `waiting` tickets are taken up by the backlog, `history` is settled already.

    `continued` were known, and more has happened to them since.
    """

    rows: int = 0
    tickets: int = 0
    history: int = 0
    waiting: int = 0
    continued: int = 0
    unchanged: int = 0
    later: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True)
class _Refused:
    """A ticket, or a row of nobody's, that cannot be taken, with what was read of it."""

    rejected: Rejected
    reference: str | None
    rows: Sequence[Row]


def import_tickets(
    database: Database, path: Path, work: TicketImport, *, progress: Callable[[int], None] = lambda _rows: None
) -> TicketReport:
    """Import one file; the same file again changes nothing, and goes on where a killed import stopped.

    Raises `UnableToReadFile`. Whatever cannot be taken is in quarantine with its reason.
    """
    report, told = TicketReport(), 0
    found = _folded(read_rows(path, layout=work.layout or work.mapping.layout), work, report)
    while batch := list(islice(found, _BATCH)):
        with database.write() as connection:
            _take(connection, batch, work, report, now=database.now(connection))
        progress(report.rows - told)
        told = report.rows
    return report


def _folded(
    rows: Iterable[NumberedRow | Rejected], work: TicketImport, report: TicketReport
) -> Iterator[FoldedTicket | _Refused]:
    cells = Cells(work.mapping)
    for found in rows_by_ticket(_counted(rows, report), cells, work.mapping.reference):
        if isinstance(found, Rejected):
            yield _Refused(found, None, ())
            continue
        reference, members = found
        report.tickets += 1
        try:
            past = _until(members, work, cells)
            if past:
                yield fold(reference, past, work.mapping, cells)
            else:
                report.later += 1
        except UnableToTakeRow as error:
            rejected = Rejected(members[0][0], error.field, error.reason)
            yield _Refused(rejected, reference, [row for _, row in members])


def _counted(rows: Iterable[NumberedRow | Rejected], report: TicketReport) -> Iterator[NumberedRow | Rejected]:
    for row in rows:
        report.rows += 1
        yield row


def _until(rows: list[NumberedRow], work: TicketImport, cells: Cells) -> list[NumberedRow]:
    """Leave out what had not happened by then; rows without a time stay, to be refused."""
    if work.until is None:
        return rows
    return [row for row in rows if (cells.moment("at", work.mapping.at, row[1]) or work.until) <= work.until]


def _take(
    connection: Connection,
    batch: Sequence[FoldedTicket | _Refused],
    work: TicketImport,
    report: TicketReport,
    *,
    now: datetime,
) -> None:
    folded = [entry for entry in batch if isinstance(entry, FoldedTicket)]
    kept = keep_tickets(connection, folded, source=work.source, reports_only=work.reports_only, now=now)
    report.history += kept.history
    report.waiting += kept.waiting
    report.continued += kept.continued
    report.unchanged += kept.unchanged
    refused = [entry for entry in batch if isinstance(entry, _Refused)]
    refused += [
        _Refused(rejected, ticket.notification.external_reference, [ticket.notification.model_dump(mode="json")])
        for ticket, rejected in kept.refused
    ]
    for entry in refused:
        _quarantine(connection, entry, work, now)
        report.rejected.append(entry.rejected)


def _quarantine(connection: Connection, entry: _Refused, work: TicketImport, now: datetime) -> None:
    name = entry.reference or f"{work.source}.row-{entry.rejected.row}"
    keep_refused(
        connection,
        entry.rejected,
        entry.rows,
        reference=entry.reference,
        run_id=f"incident.{name}",
        source=work.source,
        now=now,
    )
