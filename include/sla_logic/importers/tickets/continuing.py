"""Going on with tickets that are known: what has happened in the other system since is appended, never rewritten."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.importers.tickets import rows
from include.sla_logic.importers.tickets.folding import FINAL, FoldedTicket
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.initial_positions import place_arrivals
from include.sla_logic.persistence.queue_positions import change_places
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.system_t import documents, ticket_status_history, tickets, timeline
from include.sla_logic.persistence.sla_clocks import read_histories

_GOES_ON = "Goes on in the other system."
_UNTOUCHED = frozenset({"waiting", "history"})  # by any run of ours


@dataclass(frozen=True)
class Further:
    """One known ticket and what is new of it; `round` is that of its newest notification, `known` its old history."""

    number: int
    ticket: FoldedTicket
    known: int
    history: tuple[StatusEvent, ...]
    sequence: int
    round: int
    body: str


def continue_tickets(
    connection: Connection, changed: dict[int, FoldedTicket], *, source: str, now: datetime
) -> tuple[list[int], dict[int, str]]:
    """Append what is new of these tickets; return who went on, and why the others were left as they are.

    It goes on where the known history is the beginning of the new one, and no run of ours has touched the ticket.
    """
    kept = {row.number: row for row in connection.execute(_kept(list(changed)))}
    histories = read_histories(connection, list(changed))
    documents = _newest_documents(connection, list(changed))
    further, refused = [], {}
    for number, ticket in changed.items():
        past = histories[number]
        own = [event for event in past if not _is_ours(event)]
        if reason := _why_not(kept[number], own, ticket):
            refused[number] = reason
        else:
            further.append(_further(number, ticket, past, own, documents[number]))
    _append(connection, further, source=source, now=now)
    return [one.number for one in further], refused


def _kept(numbers: list[int]) -> Any:
    """Hold the tickets' arrivals, so that nobody claims them meanwhile."""
    query = select(tickets.c.number, tickets.c.customer, tickets.c.service, arrivals.c.state)
    joined = query.join(arrivals, arrivals.c.ticket == tickets.c.number)
    return joined.where(tickets.c.number.in_(numbers)).with_for_update(of=arrivals)


def _newest_documents(connection: Connection, numbers: list[int]) -> dict[int, Any]:
    query = select(documents.c.ticket, documents.c.round, documents.c.body)
    of = (documents.c.ticket.in_(numbers), documents.c.kind == ProblemNotification.kind())
    rounds = connection.execute(query.where(*of).order_by(documents.c.round)).all()
    return {row.ticket: row for row in rounds}


def _is_ours(event: StatusEvent) -> bool:
    """Tell what was put in here from what the other system says."""
    ours = (TicketStatus.HELD, rows.WAITS), (TicketStatus.IN_PROGRESS, _GOES_ON)
    return (event.status, event.reason) in ours


def _why_not(kept: Row[Any], own: Sequence[StatusEvent], ticket: FoldedTicket) -> str | None:
    name = ticket_id(kept.number)
    if kept.state not in _UNTOUCHED:
        return f"{name} is processed here already; what has happened elsewhere since is not taken over"
    notification = ticket.notification
    if (kept.customer, kept.service) != (notification.customer, notification.service):
        return f"System T has it with other contents, as {name}: for {kept.customer} and {kept.service}"
    if list(map(_said, own)) == list(map(_said, ticket.history[: len(own)])):
        return None
    if own[-1].status in FINAL and len(ticket.history) >= len(own):
        return f"{name} is {own[-1].status} here, which is final; elsewhere it was left again"
    return f"System T has it with other contents, as {name}: what is known is not the beginning of this history"


def _said(event: StatusEvent) -> tuple[object, ...]:
    return event.status, event.at, event.reason, event.owner


def _further(
    number: int, ticket: FoldedTicket, past: Sequence[StatusEvent], own: Sequence[StatusEvent], document: Any
) -> Further:
    new = ticket.history[len(own) :]
    if _is_ours(past[-1]) and new:
        new = (StatusEvent(status=TicketStatus.IN_PROGRESS, at=new[0].at, reason=_GOES_ON), *new)
    if new and new[-1].status is TicketStatus.IN_PROGRESS:
        new = (*new, rows.our_hold(new[-1].at))
    return Further(number, ticket, len(own), new, len(past), document.round, document.body)


def _append(connection: Connection, further: Sequence[Further], *, source: str, now: datetime) -> None:
    if not further:
        return
    numbers = [one.number for one in further]
    query = select(timeline.c.ticket, func.max(timeline.c.sequence)).where(timeline.c.ticket.in_(numbers))
    lengths: dict[int, int] = defaultdict(int, {r[0]: r[1] for r in connection.execute(query.group_by("ticket"))})
    for table, new in (
        (ticket_status_history, [row for one in further for row in _events(one)]),
        (timeline, [row for one in further for row in _sentences(one, lengths[one.number], source, now)]),
        (documents, [row for one in further for row in _documents(one, now)]),
    ):
        if new:
            connection.execute(insert(table), new)
    moved = [{"its": one.number, "status": one.history[-1].status.value} for one in further if one.history]
    if moved:
        connection.execute(update(tickets).where(tickets.c.number == bindparam("its")), moved)
    connection.execute(update(arrivals).where(arrivals.c.ticket == bindparam("its")), list(map(_arrival, further)))
    change_places(connection, {one.number: _queue(one) for one in further}, now=now)
    place_arrivals(connection, [one.number for one in further if not one.ticket.settled], now=now)


def _events(one: Further) -> Iterator[dict[str, Any]]:
    for row in rows.history(one.number, replace(one.ticket, history=one.history)):
        yield row | {"sequence": one.sequence + row["sequence"]}


def _sentences(one: Further, length: int, source: str, now: datetime) -> Iterator[dict[str, Any]]:
    since = one.ticket.history[one.known - 1].at
    told = [entry for entry in rows.happenings(one.ticket) if entry[0] > since]
    count = len(one.ticket.history) - one.known
    what = f"{count} further {'change' if count == 1 else 'changes'}" if count else "a changed report"
    told.append((now, f"Imported {what} from {source}."))
    for sequence, (at, event) in enumerate(told, start=length + 1):
        lane = Lane.CUSTOMER_SERVICE.value
        yield {"ticket": one.number, "sequence": sequence, "lane": lane, "event": event, "at": at}


def _documents(one: Further, now: datetime) -> Iterator[dict[str, Any]]:
    """Write the notification as it reads now, where it says something else: the first one stays."""
    for row in rows.document(one.number, one.ticket, now):
        if row["body"] != one.body:
            yield row | {"round": one.round + 1}


def _arrival(one: Further) -> dict[str, Any]:
    return {
        "its": one.number,
        "fingerprint": one.ticket.fingerprint,
        "observed_on": one.ticket.notification.observed_from.date(),
        "state": "history" if one.ticket.settled else "waiting",
    }


def _queue(one: Further) -> dict[str, Any]:
    row = rows.place(one.number, one.ticket, protected=False)
    return {name: row[name] for name in ("open", "priority", "outcome", "closed_at")}
