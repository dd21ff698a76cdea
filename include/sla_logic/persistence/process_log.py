"""Rows from which the process log is made: of a few incidents at a time, and of what belongs to no incident."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, not_, select

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema import reference as known
from include.sla_logic.persistence.schema.accounts import applied_billing_credits as credits_
from include.sla_logic.persistence.schema.installation import installation
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.settlement import settlement_rounds, settlement_statements
from include.sla_logic.persistence.schema.system_t import (
    audit,
    outbox,
    restorations,
    steps,
    ticket_status_history,
    tickets,
)

AT_ONCE = 500
Rows = Sequence[Any]

_LEAVES_FOR = ("mail", "billing")  # what partners' listeners are told is no part of the process
_MESSAGE = [outbox.c[name] for name in ("id", "key", "ticket", "kind", "state", "created_at", "sent_at")]
_CASE = [queue.c[name] for name in ("contract", "priority", "cause", "outcome")]
_PROBLEM = [service_problems.c[name] for name in ("number", "resource", "type_of_problem", "analysed_as")]
_PROBLEM += [service_problems.c[name] for name in ("opened_at", "released_at", "closed_at")]


class UnableToReadPeriod(InvalidInputError):
    """The period ends before it begins."""


def reported_between(since: datetime | None, until: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `tickets` for those of `[since, until)`; raise `UnableToReadPeriod`."""
    return _between(tickets.c.created_at, since, until)


def _between(column: Any, since: datetime | None, until: datetime | None) -> tuple[ColumnElement[bool], ...]:
    if since and until and until <= since:
        raise UnableToReadPeriod(f"The period is empty: it ends at {until.isoformat()}, not after {since.isoformat()}.")
    return (*([column >= since] if since else []), *([column < until] if until else []))


def pseudonym_key(connection: Connection) -> str:
    """Return the secret of this database's pseudonyms, 64 hexadecimal digits."""
    return str(connection.execute(select(installation.c.pseudonym_key)).scalar_one())


def incidents_by_portion(connection: Connection, since: datetime | None, until: datetime | None) -> Iterator[Rows]:
    """Yield the tickets that were reported in the period, in the order of their numbers, with what the queue says."""
    query = select(tickets, *_CASE).outerjoin(queue, queue.c.ticket == tickets.c.number)
    yield from _portions(connection, query.where(*reported_between(since, until)), tickets.c.number)


def rounds_by_portion(connection: Connection, since: datetime | None, until: datetime | None) -> Iterator[Rows]:
    """Yield the rounds of settlement that were recorded in the period."""
    query = select(settlement_rounds).where(*_between(settlement_rounds.c.recorded_at, since, until))
    yield from _portions(connection, query, settlement_rounds.c.number)


def other_messages_by_portion(connection: Connection, since: datetime | None, until: datetime | None) -> Iterator[Rows]:
    """Yield the messages of the period that belong to no incident, with customer and service of a settled window."""
    about = settlement_statements.c
    query = select(*_MESSAGE, about.customer, about.service).outerjoin(settlement_statements, about.key == outbox.c.key)
    wanted = (outbox.c.ticket.is_(None), outbox.c.kind.in_(_LEAVES_FOR), *_between(outbox.c.created_at, since, until))
    yield from _portions(connection, query.where(*wanted), outbox.c.id)


def other_acts_by_portion(connection: Connection, since: datetime | None, until: datetime | None) -> Iterator[Rows]:
    """Yield the acts of the period that are about no incident that is known."""
    runs = select(tickets.c.run_id).where(tickets.c.run_id == audit.c.subject)
    query = select(audit).where(not_(runs.exists()), *_between(audit.c.at, since, until))
    for rows in _portions(connection, query, audit.c.id):
        named = {number for row in rows if (number := ticket_number(row.subject)) is not None}
        ours = {ticket_id(n) for n in connection.scalars(select(tickets.c.number).where(tickets.c.number.in_(named)))}
        yield [row for row in rows if row.subject not in ours]


def _portions(connection: Connection, query: Select[Any], key: Any) -> Iterator[Rows]:
    last, ordered = -1, query.order_by(key).limit(AT_ONCE)
    while rows := connection.execute(ordered.where(key > last)).all():
        yield rows
        last = getattr(rows[-1], key.name)


def rows_of(connection: Connection, incidents: Rows) -> dict[str, Rows]:
    """Return what is kept of these incidents, by the name of its table."""
    numbers = [row.number for row in incidents]
    subjects = [name for row in incidents for name in (ticket_id(row.number), row.run_id)]
    tied = select(service_problem_tickets, service_problems.c.resource).join(service_problems)
    return {
        "steps": _of(connection, steps, numbers),
        "history": _of(connection, ticket_status_history, numbers),
        "waits": _of(connection, restorations, numbers),
        "messages": connection.execute(select(*_MESSAGE).where(outbox.c.ticket.in_(numbers))).all(),
        "acts": connection.execute(select(audit).where(audit.c.subject.in_(subjects))).all(),
        "credits": credits_of(connection, [ticket_id(number) for number in numbers]),
        "tied": connection.execute(tied.where(service_problem_tickets.c.ticket.in_(numbers))).all(),
        "problems": connection.execute(select(*_PROBLEM).where(service_problems.c.analysed_as.in_(numbers))).all(),
    }


def _of(connection: Connection, table: Table, numbers: Sequence[int]) -> Rows:
    return connection.execute(select(table).where(table.c.ticket.in_(numbers))).all()


def credits_of(connection: Connection, names: Sequence[str]) -> Rows:
    """Return the credits that these incidents (TT-…) or rounds of settlement (SR-…) brought."""
    return connection.execute(select(credits_).where(credits_.c.ticket.in_(names)).order_by(credits_.c.id)).all()


def known_of(connection: Connection, kind: str, ids: Sequence[str]) -> Rows:
    """Return the rows of these customers, services or resources; the register may not know all."""
    table: Table = getattr(known, kind)
    found = (connection.execute(select(table).where(table.c.id.in_(part))).all() for part in portions(ids))
    return [row for rows in found for row in rows]


def topology_of(connection: Connection, services: Sequence[str]) -> Rows:
    """Return which resources these services run on."""
    runs = known.topology
    query = select(runs.c.service, runs.c.resource).order_by(runs.c.service, runs.c.position)
    return [
        row for part in portions(services) for row in connection.execute(query.where(runs.c.service.in_(part))).all()
    ]


def problems_numbered(connection: Connection, numbers: Sequence[int]) -> Rows:
    """Return these service problems."""
    query = select(*_PROBLEM).order_by(service_problems.c.number)
    found = (connection.execute(query.where(service_problems.c.number.in_(part))).all() for part in portions(numbers))
    return [row for rows in found for row in rows]
