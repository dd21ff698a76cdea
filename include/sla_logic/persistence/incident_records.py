"""What is kept of incidents, loaded with one query per table however many incidents are asked for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket
from include.sla_logic.persistence.schema.system_t import (
    documents,
    steps,
    ticket_status_history,
    tickets,
    timeline,
)


class UnableToFindIncident(NotFoundError):
    """System T has no ticket for what was asked."""


class StoredDocument(NamedTuple):
    """One stored document; `body` is its JSON as it was written."""

    kind: str
    round: int
    body: str
    task: str
    written_at: datetime


class Step(NamedTuple):
    """One step that the incident has taken, with the choice where it was a decision."""

    task: str
    choice: str | None
    done_at: datetime


@dataclass
class IncidentRecord:
    """One incident as the database has it; both lengths are the last numbers of gap-free sequences."""

    number: int
    ticket: TroubleTicket
    documents: dict[str, list[StoredDocument]] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    timeline_length: int = 0
    history_length: int = 0


def ticket_id(number: int) -> str:
    """Write a ticket number as people read it: TT-000001."""
    return f"TT-{number:06d}"


def ticket_number(ticket: str) -> int | None:
    """Return the number in `TT-000001`, or None for any other text."""
    digits = ticket.removeprefix("TT-")
    ours = ticket.startswith("TT-") and digits.isascii() and digits.isdigit() and len(digits) <= 18  # noqa: PLR2004
    return int(digits) if ours else None


def find_number(connection: Connection, reference: str) -> int:
    """Return the number behind a ticket id, an external reference or a run id; raise `UnableToFindIncident`."""
    found = (
        _number_of_ticket(connection, reference)
        or number_of_run(connection, reference)
        or _number_of_key(connection, f"reference {reference}")
    )
    if not found:
        msg = f"System T has no incident under the ticket, external reference or run {reference!r}."
        raise UnableToFindIncident(msg)
    return found


def number_of_run(connection: Connection, run_id: str) -> int | None:
    """Return the number of the ticket that this run works on."""
    if not _is_name(run_id):
        return None
    return connection.scalar(select(tickets.c.number).where(tickets.c.run_id == run_id))


def _number_of_ticket(connection: Connection, ticket: str) -> int | None:
    number = ticket_number(ticket)
    return number and connection.scalar(select(tickets.c.number).where(tickets.c.number == number))


def _number_of_key(connection: Connection, key: str) -> int | None:
    if not _is_name(key):
        return None
    return connection.scalar(select(tickets.c.number).where(tickets.c.external_key == key))


def _is_name(text: str) -> bool:
    """Tell whether anything can have this name; databases stumble over NUL and lone surrogates."""
    return text.isascii() and text.isprintable()


def lock_run(connection: Connection, run_id: str) -> int | None:
    """Hold the ticket that this run works on until the transaction ends, and return its number."""
    if not _is_name(run_id):
        return None
    return connection.scalar(select(tickets.c.number).where(tickets.c.run_id == run_id).with_for_update())


def lock_tickets(connection: Connection, numbers: Sequence[int]) -> None:
    """Hold these incidents until the transaction ends; SQLite's write transaction holds them all anyway.

    A statement of its own: what is read after it sees what the former holder has written.
    """
    query = select(tickets.c.number).where(tickets.c.number.in_(numbers)).order_by(tickets.c.number)
    connection.execute(query.with_for_update()).all()


def load_steps(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, Step]]:
    """Return the steps that each incident has taken, in order."""
    taken: dict[int, dict[str, Step]] = defaultdict(dict)
    columns = (steps.c[name] for name in Step._fields)
    query = select(steps.c.ticket, *columns).where(steps.c.ticket.in_(numbers)).order_by(steps.c.id)
    for number, *fields in connection.execute(query):
        step = Step(*fields)
        taken[number][step.task] = step
    return taken


def load_incident_records(connection: Connection, numbers: Sequence[int]) -> list[IncidentRecord]:
    """Return the records of these incidents in the order of their numbers; unknown numbers are left out."""
    query = _with_last_numbers().where(tickets.c.number.in_(numbers)).order_by(tickets.c.number)
    records = {
        row.number: IncidentRecord(
            row.number,
            ticket_of(row),
            timeline_length=row.timeline_length or 0,
            history_length=row.history_length or 0,
        )
        for row in connection.execute(query)
    }
    for number, taken in load_steps(connection, numbers).items():
        records[number].steps = taken
    _load_documents(connection, records)
    return list(records.values())


def _load_documents(connection: Connection, records: dict[int, IncidentRecord]) -> None:
    for number, *fields in connection.execute(_documents_of(records).order_by(documents.c.id)):
        document = StoredDocument(*fields)
        records[number].documents.setdefault(document.kind, []).append(document)


def load_first_documents(connection: Connection, numbers: Sequence[int], kind: str) -> dict[int, StoredDocument]:
    """Return the first document of one kind of each incident that has one."""
    query = _documents_of(numbers).where(documents.c.kind == kind, documents.c.round == 1)
    return {number: StoredDocument(*fields) for number, *fields in connection.execute(query)}


def _documents_of(numbers: Iterable[int]) -> Select[Any]:
    columns = (documents.c[name] for name in StoredDocument._fields)
    return select(documents.c.ticket, *columns).where(documents.c.ticket.in_(numbers))


def _with_last_numbers() -> Select[Any]:
    timelines = select(func.max(timeline.c.sequence)).where(timeline.c.ticket == tickets.c.number)
    histories = select(func.max(ticket_status_history.c.sequence)).where(
        ticket_status_history.c.ticket == tickets.c.number
    )
    return select(
        tickets,
        timelines.scalar_subquery().label("timeline_length"),
        histories.scalar_subquery().label("history_length"),
    )


def ticket_of(row: Row[Any]) -> TroubleTicket:
    """Turn a row of `tickets` into the ticket that the departments see."""
    return TroubleTicket(
        id=ticket_id(row.number),
        external_reference=row.external_reference,
        run_id=row.run_id,
        customer=row.customer,
        service=row.service,
        status=TicketStatus(row.status),
        assigned_to=Lane(row.assigned_to),
        escalated=row.escalated,
        parent=None if row.parent is None else ticket_id(row.parent),
        created_at=row.created_at,
    )
