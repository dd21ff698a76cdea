"""Which incidents the board shows, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select

from include.sla_logic.domain.trouble_ticket import OPEN, TicketStatus
from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.persistence.schema.team import ticket_owners
from include.sla_logic.persistence.search import FEW, each_matches, matches, tickets_with

UNASSIGNED = "-"
SORTS = ("ticket", "customer", "age", "priority", "owner", "stake", "owed")
SHOWN = ("open", "waiting", "escalated", "on_hold", "settled", "all")
_SELDOM = {"waiting", "escalated", "on_hold"}
_ON_HOLD = (TicketStatus.PENDING, TicketStatus.HELD)
_SETTLED = tuple(status for status in TicketStatus if status not in OPEN)
_STATUSES = {"open": OPEN, "escalated": OPEN, "on_hold": _ON_HOLD, "settled": _SETTLED, "all": ()}

_CHILD, _PARENT = tickets.alias("child"), queue.alias("parent")


@dataclass(frozen=True)
class BoardFilter:
    """Which incidents to show, `shown` being one of SHOWN; an empty text leaves a field open.

    `owner` is a person, or UNASSIGNED for those that nobody has. `sort` is one of SORTS, downwards after a `-`; empty
    is the order of the queue. `fold` leaves out the child tickets whose parent is open: they are shown with it.
    `newest` lets a search that is not sorted give the newest first, uncounted, where many tickets may have its words.
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
    newest: bool = False


def narrowed(connection: Connection, wanted: BoardFilter, now: datetime) -> tuple[list[int] | None, BoardFilter]:
    """Return the tickets that the search, or customer and service, leave to look at, and what is then still asked.

    None where they may be many. A search is first looked up by its rarest word, apart from the queue.
    """
    if wanted.search:
        number = ticket_number(wanted.search.upper())
        found = tickets_with(connection, wanted.search) if number is None else [number]
        if found is not None:
            return found, replace(wanted, search="")
    owned = [column == value for column, value in _owned(wanted) if value]
    if owned:
        query = select(tickets.c.number).where(*owned)
    elif wanted.search and wanted.newest and wanted.shown in _SELDOM:
        query = matching(BoardFilter(wanted.shown), now)
    else:
        return None, wanted
    found = list(connection.scalars(query.limit(FEW + 1)))
    return found if len(found) <= FEW else None, wanted


def matching(wanted: BoardFilter, now: datetime, few: Sequence[int] | ColumnElement[int] | None = None) -> Select[Any]:
    """Return the query for the numbers of all incidents that match, which are among the `few`, if there are any."""
    query = select(queue.c.ticket)
    is_few = few is not None
    conditions = [*_shown(wanted.shown, is_few=is_few), *_filters(wanted, is_few=is_few)]
    if few is not None:
        among = queue.c.ticket == few if isinstance(few, ColumnElement) else queue.c.ticket.in_(few)
        conditions.append(among)
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


def counting(wanted: BoardFilter) -> Select[Any] | None:
    """Return a query for the same numbers that asks the tickets alone, along an index of what each has; or None.

    A ticket is open in the queue as its status says (invariant I6), so that nothing needs to be joined.
    """
    asked_of_tickets = any((wanted.lane, wanted.customer, wanted.service)) or wanted.shown in {"escalated", "on_hold"}
    if not asked_of_tickets or any((wanted.search, wanted.priority, wanted.owner)) or wanted.shown not in _STATUSES:
        return None
    conditions = list(_filters(wanted, is_few=False))
    if statuses := _STATUSES[wanted.shown]:
        conditions.append(tickets.c.status.in_(statuses))
    if wanted.shown == "escalated":
        conditions.append(tickets.c.escalated.is_(True))
    if wanted.fold:
        parent = tickets.alias("parent_ticket")
        parent_is_open = exists().where(parent.c.number == _CHILD.c.parent, parent.c.status.in_(OPEN))
        folded = select(_CHILD.c.number).where(_CHILD.c.parent.is_not(None), parent_is_open)
        conditions.append(tickets.c.number.not_in(folded))
    return select(tickets.c.number).where(*conditions)


def order_of(sort: str) -> Sequence[ColumnElement[Any]]:
    """Return by what incidents are sorted; money of different currencies is not compared."""
    if sort.removeprefix("-") == "ticket":  # never unknown and never equal: the key itself has this order
        return [queue.c.ticket.desc() if sort.startswith("-") else queue.c.ticket.asc()]
    columns: dict[str, tuple[ColumnElement[Any], ...]] = {
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


def folded_places() -> Select[Any]:
    """Return the query for how many `open` child tickets belong to an open incident, and how many are `escalated`.

    They are few, and found along their index: the queue is asked for each of them, never read for all.
    """
    escalated = func.count().filter(_CHILD.c.escalated.is_(True))
    counts: tuple[ColumnElement[Any], ...] = func.count().label("open"), escalated.label("escalated")
    return select(*counts).where(
        _CHILD.c.parent.is_not(None),
        _CHILD.c.status.in_(OPEN),
        exists().where(_PARENT.c.ticket == _CHILD.c.parent, _PARENT.c.open.is_(True)),
    )


def _children(what: ColumnElement[Any]) -> Select[Any]:
    parent_is_open = exists().where(_PARENT.c.ticket == _CHILD.c.parent, _PARENT.c.open.is_(True))
    return select(what).select_from(_CHILD).where(_CHILD.c.parent.is_not(None), parent_is_open)


def _shown(shown: str, *, is_few: bool) -> Sequence[ColumnElement[bool]]:
    # Where few tickets are looked at, SQLite must not read all open ones: it has no index for what is not false.
    is_open = queue.c.open.is_not(False) if is_few else queue.c.open.is_(True)
    shows: dict[str, list[ColumnElement[bool]]] = {
        "open": [is_open],
        "settled": [queue.c.open.is_not(True) if is_few else queue.c.open.is_(False)],
        "waiting": [is_open, restorations.c.outcome.is_(None), unanswered()],
        "escalated": [is_open, tickets.c.escalated.is_(True), tickets.c.status.in_(OPEN)],
        "on_hold": [is_open, tickets.c.status.in_(_ON_HOLD)],
    }
    return shows.get(shown, [])


def unanswered() -> ColumnElement[bool]:
    """Return the condition that a restoration request was neither sent nor rejected."""
    return and_(restorations.c.sent_at.is_(None), restorations.c.rejected_at.is_(None))


def _owned(wanted: BoardFilter) -> Sequence[tuple[ColumnElement[str], str]]:
    return (tickets.c.customer, wanted.customer), (tickets.c.service, wanted.service)


def _filters(wanted: BoardFilter, *, is_few: bool) -> Sequence[ColumnElement[bool]]:
    owned = ((tickets.c.assigned_to, wanted.lane), *_owned(wanted))
    filters: list[ColumnElement[bool]] = [column == value for column, value in owned if value]
    if wanted.search:
        asked = each_matches if is_few else matches
        filters.append(asked(queue.c.ticket, wanted.search))
    return filters
