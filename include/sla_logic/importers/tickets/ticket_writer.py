"""Writing imported tickets to System T: one statement for each table, however many tickets there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from include.sla_logic.domain.events import TROUBLE_TICKET, Event
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.tickets import database_rows
from include.sla_logic.importers.tickets.event_log import ImportedTicket
from include.sla_logic.importers.tickets.ticket_updates import append_updates
from include.sla_logic.persistence.database import insert_into
from include.sla_logic.persistence.events import heard_apis, note_events
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.initial_positions import place_arrivals
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.system_t import documents, ticket_status_history, tickets, timeline
from include.sla_logic.persistence.search import keep_words
from include.sla_logic.persistence.ticket_events import Told, opening_event
from include.sla_logic.persistence.tickets import key_of


@dataclass
class WriteResult:
    """What became of one batch."""

    history: int = 0
    waiting: int = 0
    continued: int = 0
    unchanged: int = 0
    refused: list[tuple[ImportedTicket, Rejected]] = field(default_factory=list)


def write_tickets(
    connection: Connection, imported: Sequence[ImportedTicket], *, source: str, reports_only: bool, now: datetime
) -> WriteResult:
    """Write new tickets; update known ones where more has happened, and refuse those that contradict what is known."""
    result = WriteResult()
    by_key = {_key(ticket): _selected(ticket, reports_only=reports_only) for ticket in imported}
    new, changed = dict(by_key), {}
    for row in connection.execute(_known(list(by_key))):
        ticket = new.pop(row.external_key)
        if row.fingerprint == ticket.fingerprint:
            result.unchanged += 1
        elif row.fingerprint is None:
            reason = f"System T has it already, as {ticket_id(row.number)}, and not from an import"
            result.refused.append((ticket, Rejected(ticket.line, "reference", reason)))
        else:
            changed[row.number] = ticket
    if changed:
        updated, refused = append_updates(connection, changed, source=source, now=now)
        result.continued = len(updated)
        for number, reason in refused.items():
            result.refused.append((changed[number], Rejected(changed[number].line, "reference", reason)))
    if new:
        wanted = {key: _with_hold(ticket) for key, ticket in new.items()}
        _add_all(connection, wanted, source=source, now=now)
        result.history = sum(ticket.settled for ticket in wanted.values())
        result.waiting = len(wanted) - result.history
    return result


def run_of(reference: str) -> str:
    """Name the run of an incident after its reference, as every entry point does: started twice, it is one run."""
    return f"incident.{reference}"


def _key(ticket: ImportedTicket) -> str:
    return key_of(ticket.notification, "")


def _known(keys: list[str]) -> Any:
    return (
        select(tickets.c.number, tickets.c.external_key, arrivals.c.fingerprint)
        .outerjoin(arrivals, arrivals.c.ticket == tickets.c.number)
        .where(tickets.c.external_key.in_(keys))
    )


def _selected(ticket: ImportedTicket, *, reports_only: bool) -> ImportedTicket:
    """Return the ticket, or only its report, without the work done on it."""
    return replace(ticket, history=ticket.history[:1], ratings=ticket.ratings[:1]) if reports_only else ticket


def _with_hold(ticket: ImportedTicket) -> ImportedTicket:
    """Put a ticket that is in progress elsewhere on hold here, from where the process can start it."""
    if ticket.history[-1].status is not TicketStatus.IN_PROGRESS:
        return ticket
    return replace(ticket, history=(*ticket.history, database_rows.our_hold(ticket.history[-1].at)))


def _add_all(connection: Connection, wanted: dict[str, ImportedTicket], *, source: str, now: datetime) -> None:
    numbers = _open(connection, wanted, source)
    added = [(numbers[key], ticket) for key, ticket in wanted.items() if key in numbers]

    def all_rows(of: Callable[[int, ImportedTicket], database_rows.Rows]) -> list[dict[str, Any]]:
        return [row for number, ticket in added for row in of(number, ticket)]

    protected = _protected(connection, {ticket.notification.customer for ticket in wanted.values()})
    _add(connection, documents, all_rows(lambda number, ticket: database_rows.document(number, ticket, now)))
    _add(connection, ticket_status_history, all_rows(database_rows.history))
    _add(connection, timeline, all_rows(lambda number, ticket: database_rows.timeline(number, ticket, source, now)))
    _add(connection, queue, all_rows(lambda number, ticket: [_position(number, ticket, protected)]))
    _add(connection, arrivals, all_rows(lambda number, ticket: [_arrival(number, ticket, source)]))
    keep_words(connection, {number: ticket.notification.description for number, ticket in added})
    place_arrivals(connection, [number for number, ticket in added if not ticket.settled], now=now)
    if TROUBLE_TICKET in heard_apis(connection):
        note_events(connection, [_opening(*one, now) for one in added if not one[1].settled], now=now)


def _opening(number: int, ticket: ImportedTicket, now: datetime) -> Event:
    notification, last = ticket.notification, ticket.history[-1].status
    told, opened_at = Told(ticket_id(number), notification.customer), ticket.history[0].at
    return opening_event(told, status=last, description=notification.description, opened_at=opened_at, now=now)


def _position(number: int, ticket: ImportedTicket, protected: set[str]) -> dict[str, Any]:
    return database_rows.queue_position(number, ticket, protected=ticket.notification.customer in protected)


def _open(connection: Connection, wanted: dict[str, ImportedTicket], source: str) -> dict[str, int]:
    """Open the tickets and return their numbers; one that was opened meanwhile by someone else is skipped."""
    statement = (
        insert_into(connection, tickets).on_conflict_do_nothing().returning(tickets.c.external_key, tickets.c.number)
    )
    values = [_ticket(key, ticket, source) for key, ticket in wanted.items()]
    return {row.external_key: row.number for row in connection.execute(statement, values)}


def _add(connection: Connection, table: Table, new: list[dict[str, Any]]) -> None:
    if new:
        connection.execute(insert(table), new)


def _protected(connection: Connection, names: set[str]) -> set[str]:
    query = select(customers.c.id).where(customers.c.id.in_(names), customers.c.protected.is_(True))
    return set(connection.scalars(query))


def _ticket(key: str, ticket: ImportedTicket, source: str) -> dict[str, Any]:
    notification = ticket.notification
    return {
        "external_key": key,
        "external_reference": notification.external_reference,
        "run_id": run_of(str(notification.external_reference)),
        "origin": f"import of {source}"[:64],
        "customer": notification.customer,
        "service": notification.service,
        "status": ticket.history[-1].status.value,
        "assigned_to": Lane.CUSTOMER_SERVICE.value,
        "escalated": False,
        "parent": None,
        "created_at": ticket.history[0].at,
        "impact": int(notification.impact),
    }


def _arrival(number: int, ticket: ImportedTicket, source: str) -> dict[str, Any]:
    return {
        "ticket": number,
        "source": source[:64],
        "fingerprint": ticket.fingerprint,
        "observed_on": ticket.notification.observed_from.date(),
        "observed_at": ticket.notification.observed_from,
        "state": "history" if ticket.settled else "waiting",
        "attempts": 0,
    }
