"""One incident per reference, one end per incident, histories without gaps, counts as kept (I1, I2, I6, I14)."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, pairwise

from sqlalchemy import Column, Connection, Table, and_, func, or_, select

from include.sla_logic.domain.trouble_ticket import MOVES, OPEN, TicketStatus
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import (
    documents,
    restorations,
    steps,
    ticket_status_history,
    tickets,
    timeline,
)
from include.sla_logic.persistence.ticket_counts import differences
from include.sla_logic.process.graph import END

_CLOSED = "ClosedIncident"


def check_incidents(connection: Connection) -> Iterator[Violation]:
    """Check all tickets with a few queries, whatever their number."""
    yield from _twice(connection, tickets.c.external_reference, "references")
    yield from _twice(connection, tickets.c.run_id, "runs")
    yield from _without_notification(connection)
    yield from _ends(connection)
    yield from _gaps(connection, timeline)
    yield from _gaps(connection, ticket_status_history)
    yield from _rounds(connection)
    yield from _moves(connection)
    yield from _places(connection)
    yield from _counts(connection)


def unsettled_incidents(connection: Connection, *, now: datetime) -> Iterator[Violation]:
    """Name each incident that has not ended and waits neither with a deadline in the future nor in the backlog.

    A request that was answered waits for nothing any more, though its wait may not be decided.
    """
    wait = restorations.c
    unanswered = wait.sent_at.is_(None), wait.rejected_at.is_(None), wait.outcome.is_(None)
    waits = select(wait.ticket).where(*unanswered, wait.deadline >= now)
    ended = select(steps.c.ticket).where(steps.c.task == END)
    not_begun = select(arrivals.c.ticket).where(arrivals.c.state != "started")
    query = (
        select(tickets.c.number)
        .where(
            tickets.c.parent.is_(None),
            tickets.c.status != TicketStatus.CANCELLED.value,
            tickets.c.number.not_in(waits),
            tickets.c.number.not_in(ended),
            tickets.c.number.not_in(not_begun),
        )
        .order_by(tickets.c.number)
    )
    for number in connection.scalars(query):
        yield Violation(
            "I2", ticket_id(number), "has neither ended nor waits for anything with a deadline in the future"
        )


def _twice(connection: Connection, column: Column[str], called: str) -> Iterator[Violation]:
    """Look for duplicates that a unique key should have prevented; child tickets have no external reference."""
    count = func.count().label("count")
    query = select(column, count).where(column.is_not(None)).group_by(column).having(count > 1)
    for row in connection.execute(query):
        yield Violation("I1", str(row[0]), f"is one of the {called} that have {row[1]} tickets")


def _without_notification(connection: Connection) -> Iterator[Violation]:
    told = select(documents.c.ticket).where(documents.c.kind == "ProblemNotification")
    for number in connection.scalars(select(tickets.c.number).where(tickets.c.number.not_in(told))):
        yield Violation("I1", ticket_id(number), "has no notification in its case file")


def _ends(connection: Connection) -> Iterator[Violation]:
    """Compare closing documents with closing steps: an incident has one of each, or none."""
    closings = _count(connection, documents, documents.c.kind == _CLOSED)
    ends = _count(connection, steps, steps.c.task == END)
    for number in sorted(closings.keys() | ends.keys()):
        found = closings.get(number, 0), ends.get(number, 0)
        if found != (1, 1):
            yield Violation("I2", ticket_id(number), f"has {found[0]} closing documents and {found[1]} closing steps")


def _count(connection: Connection, table: Table, condition: object) -> dict[int, int]:
    query = select(table.c.ticket, func.count()).where(condition).group_by(table.c.ticket)  # type: ignore[arg-type]
    return {row[0]: row[1] for row in connection.execute(query)}


def _gaps(connection: Connection, table: Table) -> Iterator[Violation]:
    number, last, first = func.count(), func.max(table.c.sequence), func.min(table.c.sequence)
    query = select(table.c.ticket).group_by(table.c.ticket).having(or_(last != number, first != 1))
    for ticket in connection.scalars(query):
        yield Violation("I6", ticket_id(ticket), f"has gaps in its {table.name}")
    kept = select(table.c.ticket)
    for ticket in connection.scalars(select(tickets.c.number).where(tickets.c.number.not_in(kept))):
        yield Violation("I6", ticket_id(ticket), f"has no {table.name}")


def _rounds(connection: Connection) -> Iterator[Violation]:
    table = documents.c
    number, last = func.count(), func.max(table.round)
    query = select(table.ticket, table.kind).group_by(table.ticket, table.kind).having(last != number)
    for row in connection.execute(query):
        yield Violation("I6", ticket_id(row.ticket), f"has gaps in the rounds of {row.kind}")


def _moves(connection: Connection) -> Iterator[Violation]:
    """Follow each history along the moves that TMF621 allows, to the current status."""
    history = ticket_status_history
    query = (
        select(history.c.ticket, history.c.status, tickets.c.status.label("today"))
        .join(tickets, and_(tickets.c.number == history.c.ticket))
        .order_by(history.c.ticket, history.c.sequence)
    )
    for number, rows in groupby(connection.execute(query), key=lambda row: row.ticket):
        taken = list(rows)
        statuses = [TicketStatus(row.status) for row in taken]
        for before, after in pairwise(statuses):
            if after not in MOVES[before]:
                yield Violation("I6", ticket_id(number), f"went from {before} to {after}, which is no move")
        if statuses[-1] != taken[-1].today:
            yield Violation("I6", ticket_id(number), f"is {taken[-1].today}, its history ends with {statuses[-1]}")


def _places(connection: Connection) -> Iterator[Violation]:
    """Compare the queue with the tickets: lists count by status what the queue shows as open or settled."""
    query = select(tickets.c.number, tickets.c.status, queue.c.open).join(queue, queue.c.ticket == tickets.c.number)
    for row in connection.execute(query.where(tickets.c.status.in_(OPEN) != queue.c.open).order_by(tickets.c.number)):
        place = "open" if row.open else "settled"
        yield Violation("I6", ticket_id(row.number), f"is {row.status}, and {place} in the queue")


def _counts(connection: Connection) -> Iterator[Violation]:
    for customer, status, missing in differences(connection):
        whose = customer or "all customers"
        yield Violation(
            "I14", whose, f"the kept count of {status} tickets is {abs(missing)} too {'low' if missing > 0 else 'high'}"
        )
