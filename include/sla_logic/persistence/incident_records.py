"""What is kept of incidents, loaded in one statement however many incidents are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.numbers import number_in, written
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import (
    documents,
    steps,
    ticket_status_history,
    tickets,
    timeline,
)
from include.sla_logic.persistence.together import Questions


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


class Newest(NamedTuple):
    """The newest rows of documents and of steps that there were when records were loaded; 0 stands for none."""

    document: int
    step: int


_NOTHING = Newest(0, 0)


@dataclass
class IncidentRecord:
    """One incident as the database has it; `timeline_length` is the last number of a gap-free sequence.

    `parsed` are those of its documents that were read, by kind and round.
    """

    number: int
    ticket: TroubleTicket
    documents: dict[str, list[StoredDocument]] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    moves: list[StatusEvent] = field(default_factory=list)
    place: dict[str, Any] | None = None
    timeline_length: int = 0
    parsed: dict[tuple[str, int], Document] = field(default_factory=dict)
    known: Newest = _NOTHING

    @property
    def done(self) -> dict[str, str | None]:
        """The steps that are done, in order, each with its choice."""
        return {step.task: step.choice for step in self.steps.values()}


def ticket_id(number: int) -> str:
    """Write a ticket number as people read it: TT-000001."""
    return written("TT-", number)


def ticket_number(ticket: str) -> int | None:
    """Return the number in `TT-000001`, or None for any other text."""
    return number_in("TT-", ticket)


def find_number(connection: Connection, reference: str) -> int:
    """Return the number behind a ticket id, an external reference or a run id; raise `UnableToFindIncident`."""
    found = (
        _number_of_ticket(connection, reference)
        or number_of_run(connection, reference)
        or _number_of_key(connection, f"reference {reference}")
    )
    if not found:
        msg = "System T has no incident under the ticket, external reference or run %(reference)s."
        raise UnableToFindIncident(Sentence(msg, reference=repr(reference)))
    return found


def find_number_of_run(connection: Connection, run_id: str) -> int:
    """Return the number of the ticket that this run works on, whatever else has that name; raise as `find_number`."""
    number = number_of_run(connection, run_id)
    if number is None:
        raise UnableToFindIncident(f"No incident was accepted for the run {run_id!r}.")
    return number


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


def load_incident_records(
    connection: Connection, numbers: Sequence[int], *, kept: dict[int, IncidentRecord] | None = None
) -> list[IncidentRecord]:
    """Return the records of these incidents in the order of their numbers; unknown numbers are left out.

    Of incidents that are locked, `kept` holds what was loaded under an earlier lock: documents and steps are only ever
    added, so only the new ones are read. It is brought up to date.
    """
    kept = {} if kept is None else kept
    known = [kept[number].known if number in kept else _NOTHING for number in numbers]
    since = Newest(min((one.document for one in known), default=0), min((one.step for one in known), default=0))
    found = _by_numbers().ask(connection, numbers=list(numbers), **since._asdict())
    records = _as_records(found, since, {} if since == _NOTHING else kept)
    kept.update((record.number, record) for record in records)
    return records


def lock_run(connection: Connection, run_id: str) -> None:
    """Hold the ticket that this run works on, as `lock_tickets` does."""
    if connection.dialect.name == "postgresql" and _is_name(run_id):
        connection.execute(
            select(tickets.c.number).where(tickets.c.run_id == run_id).with_for_update(key_share=True)
        ).all()


def load_record_of_run(connection: Connection, run_id: str) -> list[IncidentRecord]:
    """Return the record of the incident that a run works on, in a list; an empty list where the run has none."""
    if not _is_name(run_id):
        return []
    return _as_records(_by_run().ask(connection, run_id=run_id, **_NOTHING._asdict()), _NOTHING, {})


@cache
def _by_numbers() -> Questions:
    return Questions(_questions(tickets.c.number.in_(bindparam("numbers", expanding=True))))


@cache
def _by_run() -> Questions:
    return Questions(_questions(tickets.c.run_id == bindparam("run_id")))


def _as_records(
    found: Mapping[str, list[Any]], since: Newest, kept: Mapping[int, IncidentRecord]
) -> list[IncidentRecord]:
    known = Newest(
        max((row.id for row in found["documents"]), default=since.document),
        max((row.id for row in found["steps"]), default=since.step),
    )
    records = {}
    for row in sorted(found["tickets"], key=attrgetter("number")):
        record = records[row.number] = IncidentRecord(row.number, ticket_of(row), known=known)
        record.timeline_length = row.timeline_length or 0
        if before := kept.get(row.number):
            record.documents, record.steps, record.parsed = before.documents, before.steps, before.parsed
    for row in sorted(found["steps"], key=attrgetter("id")):
        records[row.ticket].steps[row.task] = Step(row.task, row.choice, row.done_at)
    for row in sorted(found["documents"], key=attrgetter("id")):
        document = StoredDocument(row.kind, row.round, row.body, row.task, row.written_at)
        of_kind = records[row.ticket].documents.setdefault(row.kind, [])
        if document.round > len(of_kind):  # else it was read before
            of_kind.append(document)
    for row in sorted(found["moves"], key=attrgetter("sequence")):
        records[row.ticket].moves.append(status_event(row))
    for row in found["queue"]:
        records[row.ticket].place = row._asdict()
    return list(records.values())


def _questions(wanted: ColumnElement[bool]) -> dict[str, Select[Any]]:
    last = select(func.max(timeline.c.sequence)).where(timeline.c.ticket == tickets.c.number).scalar_subquery()
    return {
        "tickets": select(tickets, last.label("timeline_length")).where(wanted),
        "queue": select(queue).join(tickets, tickets.c.number == queue.c.ticket).where(wanted),
        "steps": select(steps)
        .join(tickets, tickets.c.number == steps.c.ticket)
        .where(wanted, steps.c.id > bindparam("step")),
        "documents": select(documents)
        .join(tickets, tickets.c.number == documents.c.ticket)
        .where(wanted, documents.c.id > bindparam("document")),
        "moves": select(ticket_status_history)
        .join(tickets, tickets.c.number == ticket_status_history.c.ticket)
        .where(wanted),
    }


def ticket_of(row: Any) -> TroubleTicket:
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
        proactive=row.proactive,
    )


def status_event(row: Any) -> StatusEvent:
    """Turn a row of `ticket_status_history` into the event that the clocks read."""
    return StatusEvent(status=row.status, at=row.at, reason=row.reason, owner=row.owner or None)
