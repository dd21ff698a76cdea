"""Updating known tickets: what has happened in the other system since is appended, never rewritten."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from include.sla_logic.domain.events import TROUBLE_TICKET, Event
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.importers.tickets import database_rows
from include.sla_logic.importers.tickets.event_log import ImportedTicket
from include.sla_logic.importers.tickets.status_history import FINAL
from include.sla_logic.persistence.events import heard_apis, note_events
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.initial_positions import place_arrivals
from include.sla_logic.persistence.queue_positions import change_places
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.system_t import documents, ticket_status_history, tickets, timeline
from include.sla_logic.persistence.sla_clocks import read_histories
from include.sla_logic.persistence.ticket_events import Told, move_events

_CONTINUES = "Goes on in the other system."
_UNTOUCHED = frozenset({"waiting", "history"})  # by any run of ours


@dataclass(frozen=True)
class TicketUpdate:
    """What is new of one known ticket; `known` counts its old events, `round` is that of its newest notification."""

    number: int
    ticket: ImportedTicket
    known: int
    history: tuple[StatusEvent, ...]
    sequence: int
    round: int
    body: str


def append_updates(
    connection: Connection, changed: dict[int, ImportedTicket], *, source: str, now: datetime
) -> tuple[list[int], dict[int, str]]:
    """Append what is new of these tickets; return those updated, and why each of the others was not.

    A ticket is updated where its known history is the beginning of the new one and no run of ours has touched it.
    """
    stored = {row.number: row for row in connection.execute(_stored_tickets(list(changed)))}
    histories = read_histories(connection, list(changed))
    documents = _newest_documents(connection, list(changed))
    updates, refused = [], {}
    for number, ticket in changed.items():
        past = histories[number]
        own = [event for event in past if not _is_ours(event)]
        if reason := _why_not(stored[number], own, ticket):
            refused[number] = reason
        else:
            updates.append(_update_of(number, ticket, past, own, documents[number]))
    _append(connection, updates, source=source, now=now)
    return [update.number for update in updates], refused


def _stored_tickets(numbers: list[int]) -> Any:
    """Lock the tickets' arrivals, so that none is claimed meanwhile."""
    query = select(tickets.c.number, tickets.c.customer, tickets.c.service, arrivals.c.state)
    joined = query.join(arrivals, arrivals.c.ticket == tickets.c.number)
    return joined.where(tickets.c.number.in_(numbers)).with_for_update(of=arrivals)


def _newest_documents(connection: Connection, numbers: list[int]) -> dict[int, Any]:
    query = select(documents.c.ticket, documents.c.round, documents.c.body)
    of = (documents.c.ticket.in_(numbers), documents.c.kind == ProblemNotification.kind())
    rounds = connection.execute(query.where(*of).order_by(documents.c.round)).all()
    return {row.ticket: row for row in rounds}


def _is_ours(event: StatusEvent) -> bool:
    """Tell whether the event was added here and is not of the other system."""
    ours = (TicketStatus.HELD, database_rows.WAITS), (TicketStatus.IN_PROGRESS, _CONTINUES)
    return (event.status, event.reason) in ours


def _why_not(stored: Row[Any], own: Sequence[StatusEvent], ticket: ImportedTicket) -> str | None:
    name = ticket_id(stored.number)
    if stored.state not in _UNTOUCHED:
        return f"{name} is processed here already; what has happened elsewhere since is not taken over"
    notification = ticket.notification
    if (stored.customer, stored.service) != (notification.customer, notification.service):
        return f"System T has it with other contents, as {name}: for {stored.customer} and {stored.service}"
    if list(map(_content, own)) == list(map(_content, ticket.history[: len(own)])):
        return None
    if own[-1].status in FINAL and len(ticket.history) >= len(own):
        return f"{name} is {own[-1].status} here, which is final; elsewhere it was left again"
    return f"System T has it with other contents, as {name}: what is known is not the beginning of this history"


def _content(event: StatusEvent) -> tuple[object, ...]:
    return event.status, event.at, event.reason, event.owner


def _update_of(
    number: int, ticket: ImportedTicket, past: Sequence[StatusEvent], own: Sequence[StatusEvent], document: Any
) -> TicketUpdate:
    new = ticket.history[len(own) :]
    if _is_ours(past[-1]) and new:
        new = (StatusEvent(status=TicketStatus.IN_PROGRESS, at=new[0].at, reason=_CONTINUES), *new)
    if new and new[-1].status is TicketStatus.IN_PROGRESS:
        new = (*new, database_rows.our_hold(new[-1].at))
    return TicketUpdate(number, ticket, len(own), new, len(past), document.round, document.body)


def _append(connection: Connection, updates: Sequence[TicketUpdate], *, source: str, now: datetime) -> None:
    if not updates:
        return
    numbers = [one.number for one in updates]
    query = select(timeline.c.ticket, func.max(timeline.c.sequence)).where(timeline.c.ticket.in_(numbers))
    lengths: dict[int, int] = defaultdict(int, {r[0]: r[1] for r in connection.execute(query.group_by("ticket"))})
    for table, new in (
        (ticket_status_history, [row for one in updates for row in _events(one)]),
        (timeline, [row for one in updates for row in _sentences(one, lengths[one.number], source, now)]),
        (documents, [row for one in updates for row in _documents(one, now)]),
    ):
        if new:
            connection.execute(insert(table), new)
    moved = [{"its": one.number, "status": one.history[-1].status.value} for one in updates if one.history]
    if moved:
        connection.execute(update(tickets).where(tickets.c.number == bindparam("its")), moved)
    connection.execute(update(arrivals).where(arrivals.c.ticket == bindparam("its")), list(map(_arrival, updates)))
    change_places(connection, {one.number: _queue(one) for one in updates}, now=now)
    place_arrivals(connection, [one.number for one in updates if not one.ticket.settled], now=now)
    if TROUBLE_TICKET in heard_apis(connection):
        note_events(connection, [event for one in updates for event in _told(one, now)], now=now)


def _told(one: TicketUpdate, now: datetime) -> Iterator[Event]:
    """Tell partners what has happened elsewhere since."""
    told = Told(ticket_id(one.number), one.ticket.notification.customer)
    for event in one.history:
        yield from move_events(told, event.status, at=event.at, now=now)


def _events(one: TicketUpdate) -> Iterator[dict[str, Any]]:
    for row in database_rows.history(one.number, replace(one.ticket, history=one.history)):
        yield row | {"sequence": one.sequence + row["sequence"]}


def _sentences(one: TicketUpdate, length: int, source: str, now: datetime) -> Iterator[dict[str, Any]]:
    since = one.ticket.history[one.known - 1].at
    entries = [entry for entry in database_rows.timeline_events(one.ticket) if entry[0] > since]
    count = len(one.ticket.history) - one.known
    what = f"{count} further {'change' if count == 1 else 'changes'}" if count else "a changed report"
    entries.append((now, f"Imported {what} from {source}."))
    for sequence, (at, event) in enumerate(entries, start=length + 1):
        lane = Lane.CUSTOMER_SERVICE.value
        yield {"ticket": one.number, "sequence": sequence, "lane": lane, "event": event, "at": at}


def _documents(one: TicketUpdate, now: datetime) -> Iterator[dict[str, Any]]:
    """Add the changed notification as a further round; the first one stays."""
    for row in database_rows.document(one.number, one.ticket, now):
        if row["body"] != one.body:
            yield row | {"round": one.round + 1}


def _arrival(one: TicketUpdate) -> dict[str, Any]:
    return {
        "its": one.number,
        "fingerprint": one.ticket.fingerprint,
        "observed_on": one.ticket.notification.observed_from.date(),
        "observed_at": one.ticket.notification.observed_from,
        "state": "history" if one.ticket.settled else "waiting",
    }


def _queue(one: TicketUpdate) -> dict[str, Any]:
    row = database_rows.queue_position(one.number, one.ticket, protected=False)
    return {name: row[name] for name in ("open", "priority", "outcome", "closed_at")}
