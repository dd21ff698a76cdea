"""Trouble tickets as TMF621 asks for them: filtered, a part at a time."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.open_apis.trouble_ticket import TicketNote, TicketView
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.persistence.first_documents import load_first_documents
from include.sla_logic.persistence.incident_records import status_event, ticket_id, ticket_number, ticket_of
from include.sla_logic.persistence.keyset import Cut, Part, cut_part
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets, timeline
from include.sla_logic.persistence.schema.team import notes
from include.sla_logic.persistence.ticket_counts import count_kept

COUNTED = 10_000  # tickets that are looked at to count those that match, where no count is kept
MERGED = 40  # pairs of a customer and a status that are each read along the index
_COMPARED = MappingProxyType({"gt": gt, "gte": ge, "lt": lt, "lte": le})


@dataclass(frozen=True)
class TicketQuery:
    """Which tickets are asked for; an empty tuple leaves a field open, and `customers` are those who may be seen.

    `created` holds comparisons (gt, gte, lt, lte) with when a ticket was created; `by_creation` sorts by that, else
    the list is in the order of numbers.
    """

    customers: Collection[str] | None = None
    ids: Sequence[str] = ()
    statuses: Sequence[str] = ()
    impacts: Sequence[int] = ()
    parties: Sequence[str] = ()
    services: Sequence[str] = ()
    references: Sequence[str] = ()
    created: Sequence[tuple[str, datetime]] = ()
    by_creation: bool = False
    descending: bool = True


def find_tickets(connection: Connection, wanted: TicketQuery, cut: Cut) -> tuple[Part[TicketView], int | None]:
    """Return a part of the tickets that match, and how many there are; None where too many had to be looked at."""
    kinds = _kinds(wanted)
    matching = select(tickets).where(*(_narrowed(wanted) if kinds else _conditions(wanted)))
    key = (tickets.c.created_at, tickets.c.number) if wanted.by_creation else (tickets.c.number,)
    part = cut_part(connection, matching, key, lambda row: row, cut, descending=wanted.descending, kinds=kinds)
    views = _views(connection, part.rows)
    return Part(views, part.first, part.last, part.more_before, part.more_after), _total(connection, wanted)


def find_ticket(connection: Connection, ticket: str, customers: Collection[str] | None) -> TicketView | None:
    """Return one ticket, None where there is none that may be seen."""
    query: Select[Any] = select(tickets).where(*_conditions(TicketQuery(customers=customers, ids=(ticket,))))
    views = _views(connection, connection.execute(query).all())
    return views[0] if views else None


def _seen(wanted: TicketQuery) -> set[str] | None:
    """Return the customers whose tickets are wanted, None for all."""
    named = set(wanted.parties) if wanted.parties else None
    if wanted.customers is None:
        return named
    return set(wanted.customers) if named is None else named.intersection(wanted.customers)


def _kinds(wanted: TicketQuery) -> list[ColumnElement[bool]]:
    """Return the pairs of a customer and a status that are wanted, where an index has each in the order of the list."""
    seen = _seen(wanted)
    customers = [] if seen is None else [tickets.c.customer == name for name in sorted(seen)]
    statuses = [tickets.c.status == status for status in dict.fromkeys(wanted.statuses)]
    if wanted.by_creation or wanted.ids or wanted.references or wanted.services or (seen is not None and not seen):
        return []
    pairs = [and_(*pair) for pair in product(*filter(None, (customers, statuses))) if pair]
    return pairs if 1 < len(pairs) <= MERGED else []


def _total(connection: Connection, wanted: TicketQuery) -> int | None:
    """Return the kept count of customers and statuses; with any other filter, count among COUNTED tickets at most.

    These are the ones of the customers and statuses, or all of a service, of a time, of an impact.
    """
    kept = count_kept(connection, _seen(wanted), wanted.statuses)
    if not _narrowed(wanted):
        return kept
    if wanted.ids or wanted.references or kept <= COUNTED:
        return connection.scalar(select(func.count()).select_from(tickets).where(*_conditions(wanted)))
    by_index = (
        TicketQuery(services=wanted.services),
        TicketQuery(created=wanted.created),
        TicketQuery(impacts=wanted.impacts),
    )
    within = next(filter(None, map(_narrowed, by_index)))
    few = select(tickets).where(*within).limit(COUNTED + 1).subquery()
    matching = func.count().filter(*_conditions(wanted, few.c))
    looked_at, found = connection.execute(select(func.count(), matching).select_from(few)).one()
    return found if looked_at <= COUNTED else None


def _conditions(wanted: TicketQuery, c: Any = tickets.c) -> list[ColumnElement[bool]]:
    found = _narrowed(wanted, c)
    if (seen := _seen(wanted)) is not None:
        found.append(c.customer.in_(sorted(seen)))
    if wanted.statuses:
        found.append(c.status.in_(wanted.statuses))
    return found


def _narrowed(wanted: TicketQuery, c: Any = tickets.c) -> list[ColumnElement[bool]]:
    """Return the conditions other than those on customers and statuses."""
    found: list[ColumnElement[bool]] = []
    if wanted.ids:
        found.append(c.number.in_([number for one in wanted.ids if (number := ticket_number(one))]))
    if wanted.references:  # by the unique key, whose index there is
        found.append(c.external_key.in_([f"reference {one}" for one in wanted.references]))
    if wanted.services:
        found.append(c.service.in_(wanted.services))
    found += [_COMPARED[how](c.created_at, at) for how, at in wanted.created]
    if wanted.impacts:
        found.append(c.impact.in_(wanted.impacts))
    return found


def _views(connection: Connection, rows: Sequence[Any]) -> list[TicketView]:
    """Read what belongs to these tickets, in as many questions as for one."""
    numbers = [row.number for row in rows]
    if not numbers:
        return []
    said = load_first_documents(connection, numbers, ProblemNotification.kind())
    placed = select(queue.c.ticket, queue.c.priority).where(queue.c.ticket.in_(numbers))
    priorities: dict[int, str | None] = {row[0]: row[1] for row in connection.execute(placed)}
    last = select(timeline.c.ticket, func.max(timeline.c.at)).where(timeline.c.ticket.in_(numbers))
    changed: dict[int, datetime] = {row[0]: row[1] for row in connection.execute(last.group_by(timeline.c.ticket))}
    moves, written, children = _moves(connection, numbers), _notes(connection, numbers), _children(connection, numbers)
    return [
        TicketView(
            ticket=ticket_of(row),
            said=ProblemNotification.model_validate_json(said[row.number].body) if row.number in said else None,
            priority=priorities.get(row.number),
            moves=moves[row.number],
            notes=written[row.number],
            children=children[row.number],
            changed_at=max(
                row.created_at,
                changed.get(row.number, row.created_at),
                *(move.at for move in moves[row.number]),
                *(note.written_at for note in written[row.number] if note.shared),
            ),
        )
        for row in rows
    ]


def _moves(connection: Connection, numbers: Sequence[int]) -> dict[int, list[StatusEvent]]:
    found: dict[int, list[StatusEvent]] = defaultdict(list)
    history = ticket_status_history.c
    query = select(ticket_status_history).where(history.ticket.in_(numbers)).order_by(history.ticket, history.sequence)
    for row in connection.execute(query):
        found[row.ticket].append(status_event(row))
    return found


def _notes(connection: Connection, numbers: Sequence[int]) -> dict[int, list[TicketNote]]:
    found: dict[int, list[TicketNote]] = defaultdict(list)
    for row in connection.execute(select(notes).where(notes.c.ticket.in_(numbers)).order_by(notes.c.id)):
        shared = row.received or row.kind == "customer"
        found[row.ticket].append(TicketNote(row.id, row.author, row.text, row.written_at, shared))
    return found


def _children(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    query = select(tickets.c.number, tickets.c.parent).where(tickets.c.parent.in_(numbers)).order_by(tickets.c.number)
    for row in connection.execute(query):
        found[row.parent].append(ticket_id(row.number))
    return found
