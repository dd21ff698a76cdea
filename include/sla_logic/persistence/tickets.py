"""Opening and listing the tickets of System T."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, or_, select

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.trouble_ticket import OPEN, TicketStatus, TroubleTicket
from include.sla_logic.persistence.database import insert_once
from include.sla_logic.persistence.events import note_events
from include.sla_logic.persistence.incident_records import ticket_number, ticket_of
from include.sla_logic.persistence.queue_positions import enter_queue
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.system_t import (
    documents,
    outbox,
    quarantine,
    restorations,
    ticket_status_history,
    tickets,
    timeline,
)
from include.sla_logic.persistence.search import keep_words
from include.sla_logic.persistence.ticket_events import Told, opening_event


@dataclass(frozen=True)
class Opening:
    """A ticket to be opened: its key, notification, run and entry point."""

    key: str
    notification: ProblemNotification
    run_id: str
    origin: str
    reason: str
    lane: Lane = Lane.CUSTOMER
    assigned_to: Lane = Lane.CUSTOMER_SERVICE
    parent: int | None = None
    proactive: bool = False


def key_of(notification: ProblemNotification, run_id: str) -> str:
    """Return the key under which an incident exists once: the sender's reference, or else the run."""
    reference = notification.external_reference
    return f"reference {reference}" if reference else f"run {run_id}"


def open_ticket(connection: Connection, opening: Opening, *, now: datetime) -> tuple[TroubleTicket, bool]:
    """Return the ticket of this key or run, and whether it was opened now with its case file."""
    notification = opening.notification
    row = {
        "external_key": opening.key,
        "external_reference": notification.external_reference,
        "run_id": opening.run_id,
        "origin": opening.origin[:64],
        "customer": notification.customer,
        "service": notification.service,
        "status": TicketStatus.ACKNOWLEDGED.value,
        "assigned_to": opening.assigned_to.value,
        "escalated": False,
        "parent": opening.parent,
        "created_at": now,
        "proactive": opening.proactive,
        "impact": int(notification.impact),
    }
    opened = insert_once(connection, tickets, "external_key", row)
    under_key = connection.execute(select(tickets).where(tickets.c.external_key == opening.key)).one_or_none()
    kept = under_key or connection.execute(select(tickets).where(tickets.c.run_id == opening.run_id)).one()
    ticket = ticket_of(kept)
    if opened:
        _begin(connection, kept.number, opening, now)
        told = Told(ticket.id, ticket.customer)
        event = opening_event(told, status=ticket.status, description=notification.description, opened_at=now, now=now)
        note_events(connection, [event], now=now)
    return ticket, opened


def _begin(connection: Connection, number: int, opening: Opening, now: datetime) -> None:
    """Begin the case file: the notification, one sentence, one status."""
    notification = opening.notification
    document = {
        "ticket": number,
        "kind": notification.kind(),
        "round": 1,
        "schema_version": notification.schema_version,
        "body": notification.model_dump_json(),
        "task": "accept",
        "written_at": now,
    }
    first = {"ticket": number, "sequence": 1, "at": now}
    connection.execute(insert(documents), [document])
    connection.execute(insert(timeline), [first | {"lane": opening.lane.value, "event": opening.reason}])
    acknowledged = {"status": TicketStatus.ACKNOWLEDGED.value, "reason": opening.reason}
    connection.execute(insert(ticket_status_history), [first | acknowledged])
    enter_queue(connection, number, opened_at=now)
    keep_words(connection, {number: notification.description})


@dataclass(frozen=True)
class TicketFilter:
    """The filters; None does not filter. `parent` is a ticket id, `run` its own or a carrying run."""

    status: TicketStatus | None = None
    customer: str | None = None
    service: str | None = None
    parent: str | None = None
    escalated: bool | None = None
    open_only: bool = False
    run: str | None = None


def list_tickets(
    connection: Connection, wanted: TicketFilter, *, limit: int = 100, offset: int = 0
) -> Sequence[TroubleTicket]:
    """Return the tickets that fit, newest first."""
    values: dict[str, str | int | bool | None] = {
        "status": wanted.status,
        "customer": wanted.customer,
        "service": wanted.service,
        "parent": None if wanted.parent is None else ticket_number(wanted.parent) or 0,
        "escalated": wanted.escalated,
    }
    query = select(tickets).order_by(tickets.c.number.desc()).limit(limit).offset(offset)
    for column, value in values.items():
        if value is not None:
            query = query.where(tickets.c[column] == value)
    if wanted.run is not None:
        carried = select(cohort_members.c.ticket).where(cohort_members.c.run_id == wanted.run)
        query = query.where(or_(tickets.c.run_id == wanted.run, tickets.c.number.in_(carried)))
    if wanted.open_only:
        query = query.where(tickets.c.status.in_(OPEN))
    return [ticket_of(row) for row in connection.execute(query)]


def count_contents(connection: Connection) -> dict[str, int]:
    """Return the amount of waiting work in a few numbers."""
    is_open = tickets.c.status.in_(OPEN)
    wanted = {
        "tickets": select(func.count()).select_from(tickets),
        "open tickets": select(func.count()).where(is_open),
        "escalated open tickets": select(func.count()).where(is_open, tickets.c.escalated),
        "waits for restoration": select(func.count()).where(restorations.c.outcome.is_(None)),
        "messages waiting": select(func.count()).where(outbox.c.state.in_(("waiting", "claimed"))),
        "letters in the archive": select(func.count()).where(outbox.c.archived_at.is_not(None)),
        "messages given up": select(func.count()).where(outbox.c.state == "dead"),
        "notifications in quarantine": select(func.count()).where(quarantine.c.state == "waiting"),
    }
    return {name: connection.scalar(query) or 0 for name, query in wanted.items()}
