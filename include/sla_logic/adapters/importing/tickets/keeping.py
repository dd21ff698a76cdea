"""Keeping folded tickets in System T: one statement for each table, however many tickets there are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from include.sla_logic.adapters.arrival_places import place_arrivals
from include.sla_logic.adapters.folders import ticket_id
from include.sla_logic.adapters.importing.rejection import Rejected
from include.sla_logic.adapters.importing.tickets.folding import SETTLED, FoldedTicket
from include.sla_logic.adapters.policy_tables import policies_in_force
from include.sla_logic.adapters.schema.arrivals import arrivals
from include.sla_logic.adapters.schema.queue import queue
from include.sla_logic.adapters.schema.reference import customers
from include.sla_logic.adapters.schema.system_t import documents, ticket_status_history, tickets, timeline
from include.sla_logic.adapters.tickets import key_of
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.queue_order import place_in_queue
from include.sla_logic.domain.sla_clock import Owner, StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus

IMPORTED = "imported"
_WAITS = "Waits in the backlog."
Rows = Iterable[dict[str, Any]]


@dataclass
class Kept:
    """What became of one batch."""

    history: int = 0
    waiting: int = 0
    unchanged: int = 0
    refused: list[tuple[FoldedTicket, Rejected]] = field(default_factory=list)


def keep_tickets(
    connection: Connection, folded: Sequence[FoldedTicket], *, source: str, reports_only: bool, now: datetime
) -> Kept:
    """Keep what is new; what is known already stays as it is, and is refused where it says otherwise."""
    kept = Kept()
    by_key = {_key(ticket): ticket for ticket in folded}
    new = dict(by_key)
    for row in connection.execute(_known(list(by_key))):
        ticket = new.pop(row.external_key)
        if row.fingerprint == ticket.fingerprint:
            kept.unchanged += 1
        else:
            reason = f"System T has it with other contents, as {ticket_id(row.number)}"
            kept.refused.append((ticket, Rejected(ticket.line, "reference", reason)))
    if new:
        wanted = {key: _as_it_waits(ticket, now, reports_only=reports_only) for key, ticket in new.items()}
        _add_all(connection, wanted, source=source, now=now)
        kept.history = sum(ticket.settled for ticket in wanted.values())
        kept.waiting = len(wanted) - kept.history
    return kept


def run_of(reference: str) -> str:
    """Name the run of an incident after its reference, as every way in does: started twice, it is one run."""
    return f"incident.{reference}"


def _key(ticket: FoldedTicket) -> str:
    return key_of(ticket.notification, "")


def _known(keys: list[str]) -> Any:
    return (
        select(tickets.c.number, tickets.c.external_key, arrivals.c.fingerprint)
        .outerjoin(arrivals, arrivals.c.ticket == tickets.c.number)
        .where(tickets.c.external_key.in_(keys))
    )


def _as_it_waits(ticket: FoldedTicket, now: datetime, *, reports_only: bool) -> FoldedTicket:
    """Leave a ticket from which the process can take it into progress: what is in progress elsewhere is held here."""
    if reports_only:
        return replace(ticket, history=ticket.history[:1], ratings=ticket.ratings[:1])
    if ticket.history[-1].status is not TicketStatus.IN_PROGRESS:
        return ticket
    held = StatusEvent(status=TicketStatus.HELD, at=now, reason=_WAITS, owner=Owner.PROVIDER)
    return replace(ticket, history=(*ticket.history, held))


def _add_all(connection: Connection, wanted: dict[str, FoldedTicket], *, source: str, now: datetime) -> None:
    numbers = _open(connection, wanted, source)
    added = [(numbers[key], ticket) for key, ticket in wanted.items() if key in numbers]

    def rows(of: Callable[[int, FoldedTicket], Rows]) -> list[dict[str, Any]]:
        return [row for number, ticket in added for row in of(number, ticket)]

    protected = _protected(connection, {ticket.notification.customer for ticket in wanted.values()})
    _add(connection, documents, rows(lambda number, ticket: _paper(number, ticket, now)))
    _add(connection, ticket_status_history, rows(_history))
    _add(connection, timeline, rows(lambda number, ticket: _timeline(number, ticket, source, now)))
    _add(
        connection,
        queue,
        rows(lambda number, ticket: [_place(number, ticket, protected=ticket.notification.customer in protected)]),
    )
    _add(connection, arrivals, rows(lambda number, ticket: [_arrival(number, ticket, source)]))
    place_arrivals(connection, [number for number, ticket in added if not ticket.settled], now=now)


def _open(connection: Connection, wanted: dict[str, FoldedTicket], source: str) -> dict[str, int]:
    """Open the tickets and return their numbers; one that somebody has opened meanwhile is left to her."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(tickets).on_conflict_do_nothing().returning(tickets.c.external_key, tickets.c.number)
    values = [_ticket(key, ticket, source) for key, ticket in wanted.items()]
    return {row.external_key: row.number for row in connection.execute(statement, values)}


def _add(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _protected(connection: Connection, names: set[str]) -> set[str]:
    query = select(customers.c.id).where(customers.c.id.in_(names), customers.c.protected.is_(True))
    return set(connection.scalars(query))


def _ticket(key: str, ticket: FoldedTicket, source: str) -> dict[str, Any]:
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
    }


def _paper(number: int, ticket: FoldedTicket, now: datetime) -> Rows:
    notification = ticket.notification
    yield {
        "ticket": number,
        "kind": notification.kind(),
        "round": 1,
        "schema_version": notification.schema_version,
        "body": notification.model_dump_json(),
        "task": IMPORTED,
        "written_at": now,
    }


def _history(number: int, ticket: FoldedTicket) -> Rows:
    for sequence, event in enumerate(ticket.history, start=1):
        yield {
            "ticket": number,
            "sequence": sequence,
            "status": event.status.value,
            "reason": event.reason,
            "at": event.at,
            "owner": event.owner.value if event.owner else None,
        }


def _timeline(number: int, ticket: FoldedTicket, source: str, now: datetime) -> Rows:
    """Tell of reopenings and changed priorities when they happened, and last of the import."""
    entries = sorted([*_reopenings(ticket), *_changed_priorities(ticket)], key=lambda entry: entry[0])
    for sequence, (at, event) in enumerate([*entries, (now, f"Imported from {source}.")], start=1):
        yield {
            "ticket": number,
            "sequence": sequence,
            "lane": Lane.CUSTOMER_SERVICE.value,
            "event": event,
            "at": at,
        }


def _reopenings(ticket: FoldedTicket) -> Iterator[tuple[datetime, str]]:
    for before, after in pairwise(ticket.history):
        if before.status in SETTLED and after.status not in SETTLED:
            yield after.at, "Reopened in the other system."


def _changed_priorities(ticket: FoldedTicket) -> Iterator[tuple[datetime, str]]:
    matrix = policies_in_force().priorities
    for before, after in pairwise(ticket.ratings):
        old, new = (matrix.priority(rated.impact, rated.urgency) for rated in (before, after))
        if old is not new:
            yield after.at, f"Priority changed from {old} to {new} in the other system."


def _place(number: int, ticket: FoldedTicket, *, protected: bool) -> dict[str, Any]:
    """Return the row of the queue; the place of one that waits is worked out when all are in."""
    policy = policies_in_force().priorities
    first, last = (policy.priority(rated.impact, rated.urgency) for rated in (ticket.ratings[0], ticket.ratings[-1]))
    return {
        "ticket": number,
        "open": not ticket.settled,
        "place": place_in_queue(
            number,
            protected=protected,
            priority=last,
            runs_out_at=None,
            score=None,
            opened_at=ticket.history[0].at,
        ),
        "protected": protected,
        "priority": last.value,
        "original_priority": first.value,
        "outcome": IMPORTED if ticket.settled else None,
        "closed_at": ticket.history[-1].at if ticket.settled else None,
    }


def _arrival(number: int, ticket: FoldedTicket, source: str) -> dict[str, Any]:
    return {
        "ticket": number,
        "source": source[:64],
        "fingerprint": ticket.fingerprint,
        "observed_on": ticket.notification.observed_from.date(),
        "state": "history" if ticket.settled else "waiting",
        "attempts": 0,
    }
