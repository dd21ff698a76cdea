"""Events of trouble tickets (TMF621), made of what a step, an act or an import has written of them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from include.sla_logic.domain.events import (
    TICKET_CHANGED,
    TICKET_CREATED,
    TICKET_QUESTION,
    TICKET_RESOLVED,
    TICKET_STATUS,
    TROUBLE_TICKET,
    Event,
)
from include.sla_logic.domain.open_apis.parts import instant
from include.sla_logic.domain.open_apis.trouble_ticket import PATH
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.events import heard_apis, note_events
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.schema.team import notes

_ANSWER = {"op": "add", "path": "/note/-"}  # what is asked for: a note that says what is waited for


class Told(NamedTuple):
    """The ticket that an event is about."""

    ticket: str
    customer: str


def opening_event(told: Told, *, status: TicketStatus, description: str, opened_at: datetime, now: datetime) -> Event:
    """Return the event of a ticket that was opened."""
    said = {"creationDate": instant(opened_at), "status": status.value, "description": description}
    return _event(TICKET_CREATED, told, said, now)


def move_events(told: Told, to: TicketStatus, *, at: datetime, now: datetime) -> Iterator[Event]:
    """Return the events of one change of status: resolved and waiting for the customer have one more of their own."""
    said = {"status": to.value, "statusChangeDate": instant(at)}
    yield _event(TICKET_STATUS, told, said, now)
    if to is TicketStatus.RESOLVED:
        yield _event(TICKET_RESOLVED, told, said | {"resolutionDate": instant(at)}, now)
    if to is TicketStatus.PENDING:
        yield _event(TICKET_QUESTION, told, said, now, informationRequired=_ANSWER)


def change_event(told: Told, attributes: Mapping[str, Any], *, now: datetime) -> Event:
    """Return the event of changed attributes, with what they are now."""
    return _event(TICKET_CHANGED, told, attributes, now)


def tell_priorities(connection: Connection, changed: Mapping[int, str | None], *, now: datetime) -> None:
    """Tell that tickets have another priority, by their numbers."""
    if TROUBLE_TICKET not in heard_apis(connection):
        return
    query = select(tickets.c.number, tickets.c.customer).where(tickets.c.number.in_(changed))
    events = [
        change_event(Told(ticket_id(number), customer), {"priority": priority}, now=now)
        for number, customer in connection.execute(query.order_by(tickets.c.number))
        if (priority := changed[number]) is not None
    ]
    note_events(connection, events, now=now)


def tell_note(connection: Connection, number: int, *, now: datetime) -> None:
    """Tell of the newest note about a ticket, which is one that its partner reads."""
    if TROUBLE_TICKET not in heard_apis(connection):
        return
    query = select(notes, tickets.c.customer).join(tickets, tickets.c.number == notes.c.ticket)
    row = connection.execute(query.where(notes.c.ticket == number).order_by(notes.c.id.desc()).limit(1)).one()
    note = {"@type": "Note", "id": str(row.id), "date": instant(row.written_at), "text": row.text}
    event = change_event(Told(ticket_id(number), row.customer), {"note": [note]}, now=now)
    note_events(connection, [event], now=now)


def _event(kind: str, told: Told, said: Mapping[str, Any], now: datetime, **beside: Mapping[str, Any]) -> Event:
    resource = {
        "id": told.ticket,
        "href": f"{PATH}/troubleTicket/{told.ticket}",
        "lastUpdate": instant(now),
        **said,
        "@type": "TroubleTicket",
    }
    return Event(TROUBLE_TICKET, kind, told.ticket, (told.customer,), {"troubleTicket": resource, **beside})
