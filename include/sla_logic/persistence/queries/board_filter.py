"""Which incidents the board shows, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.persistence.schema.team import ticket_owners
from include.sla_logic.persistence.search import matches

UNASSIGNED = "-"
SORTS = ("ticket", "customer", "age", "priority", "owner", "stake", "owed")
SHOWN = ("open", "waiting", "escalated", "on_hold", "settled", "all")

_CHILD, _PARENT = tickets.alias("child"), queue.alias("parent")


@dataclass(frozen=True)
class BoardFilter:
    """Which incidents to show, `shown` being one of SHOWN; an empty text leaves a field open.

    `owner` is a person, or UNASSIGNED for those that nobody has. `sort` is one of SORTS, downwards after a `-`; empty
    is the order of the queue. `fold` leaves out the child tickets whose parent is open: they are shown with it.
    """

    shown: str = "open"
    lane: str = ""
    priority: str = ""
    customer: str = ""
    service: str = ""
    search: str = ""
    owner: str = ""
    sort: str = ""
    fold: bool = False


def matching(wanted: BoardFilter, now: datetime) -> Select[Any]:
    """Return the query for the numbers of all incidents that match."""
    query = select(queue.c.ticket)
    conditions = [*_shown(wanted.shown), *_filters(wanted)]
    if wanted.priority:
        conditions.append(queue.c.priority == wanted.priority)
    by = wanted.sort.removeprefix("-")
    if wanted.fold:
        conditions.append(~folded())
    needs_ticket = (
        any((wanted.lane, wanted.customer, wanted.service))
        or wanted.shown in {"escalated", "on_hold"}
        or by in {"customer", "age"}
    )
    if wanted.owner or by == "owner":
        query = query.outerjoin(ticket_owners, ticket_owners.c.ticket == queue.c.ticket)
    if wanted.owner:
        conditions.append(ticket_owners.c.owner == (None if wanted.owner == UNASSIGNED else wanted.owner))
    if needs_ticket:
        query = query.join(tickets, tickets.c.number == queue.c.ticket)
    if wanted.shown == "waiting":
        query = query.join(restorations, restorations.c.ticket == queue.c.ticket).where(restorations.c.deadline >= now)
    return query.where(*conditions)


def order_of(sort: str) -> Sequence[ColumnElement[Any]]:
    """Return by what incidents are sorted; money of different currencies is not compared."""
    columns: dict[str, tuple[ColumnElement[Any], ...]] = {
        "ticket": (queue.c.ticket,),
        "customer": (tickets.c.customer, tickets.c.service),
        "age": (tickets.c.created_at,),
        "priority": (queue.c.priority,),
        "owner": (ticket_owners.c.owner,),
        "stake": (queue.c.currency, queue.c.at_stake),
        "owed": (queue.c.currency, queue.c.due),
    }
    sorted_by = columns.get(sort.removeprefix("-"), ())
    down = [(each.desc() if sort.startswith("-") else each.asc()).nulls_last() for each in sorted_by]
    return (*down, queue.c.open.desc(), queue.c.place)


def folded() -> ColumnElement[bool]:
    """Return the condition that a place of the queue is that of a child ticket of an open incident."""
    return queue.c.ticket.in_(_children(_CHILD.c.number))


def folded_places(*, escalated: bool = False) -> Select[Any]:
    """Return the query for how many open child tickets belong to an open incident: few, found along their index."""
    own = queue.alias("own")
    query = _children(func.count()).join(own, own.c.ticket == _CHILD.c.number).where(own.c.open.is_(True))
    return query.where(_CHILD.c.escalated.is_(True)) if escalated else query


def _children(what: ColumnElement[Any]) -> Select[Any]:
    return (
        select(what)
        .select_from(_CHILD.join(_PARENT, _PARENT.c.ticket == _CHILD.c.parent))
        .where(_CHILD.c.parent.is_not(None), _PARENT.c.open.is_(True))
    )


def _shown(shown: str) -> Sequence[ColumnElement[bool]]:
    shows: dict[str, list[ColumnElement[bool]]] = {
        "open": [queue.c.open.is_(True)],
        "settled": [queue.c.open.is_(False)],
        "waiting": [queue.c.open.is_(True), restorations.c.outcome.is_(None), unanswered()],
        "escalated": [queue.c.open.is_(True), tickets.c.escalated.is_(True)],
        "on_hold": [queue.c.open.is_(True), tickets.c.status.in_(("pending", "held"))],
    }
    return shows.get(shown, [])


def unanswered() -> ColumnElement[bool]:
    """Return the condition that a restoration request was neither sent nor rejected."""
    return and_(restorations.c.sent_at.is_(None), restorations.c.rejected_at.is_(None))


def _filters(wanted: BoardFilter) -> Sequence[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    for column, value in (
        (tickets.c.assigned_to, wanted.lane),
        (tickets.c.customer, wanted.customer),
        (tickets.c.service, wanted.service),
    ):
        if value:
            filters.append(column == value)
    if wanted.search:
        number = ticket_number(wanted.search.upper())
        filters.append(matches(queue.c.ticket, wanted.search) if number is None else queue.c.ticket == number)
    return filters
