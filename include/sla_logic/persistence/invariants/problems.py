"""One cause is analysed and restored once for all incidents that are tied to it, and each order has its answer (I9)."""

from collections.abc import Iterator

from sqlalchemy import Connection, exists, or_, select

from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.reference import network_orders, network_orders_sent
from include.sla_logic.persistence.schema.system_t import steps
from include.sla_logic.persistence.service_problems import problem_id
from include.sla_logic.process.graph import END

p, ties = service_problems.c, service_problem_tickets.c


def check_problems(connection: Connection) -> Iterator[Violation]:
    """Check all service problems with a few queries, whatever their number."""
    yield from _analysed_by_a_stranger(connection)
    yield from _forgotten(connection)
    yield from _restored_twice(connection)
    yield from _unanswered(connection)


def _analysed_by_a_stranger(connection: Connection) -> Iterator[Violation]:
    tied = exists().where(ties.problem == p.number, ties.ticket == p.analysed_as)
    for row in connection.execute(select(p.number, p.analysed_as).where(~tied).order_by(p.number)):
        says = f"was analysed as {ticket_id(row.analysed_as)}, which is not tied to it"
        yield Violation("I9", problem_id(row.number), says)


def _forgotten(connection: Connection) -> Iterator[Violation]:
    """Name the open problems whose incidents have all ended: the last of them should have closed it."""
    ended = exists().where(steps.c.ticket == ties.ticket, steps.c.task == END)
    active = exists().where(ties.problem == p.number, ~ended)
    for number in connection.scalars(select(p.number).where(p.closed_at.is_(None), ~active).order_by(p.number)):
        yield Violation("I9", problem_id(number), "is open though all its incidents have ended")


def _restored_twice(connection: Connection) -> Iterator[Violation]:
    """Name the incidents that ordered a restoration of their own though an open problem of theirs covers it."""
    order = network_orders.c
    query = (
        select(order.order_key, p.number, ties.ticket)
        .join(service_problems, p.resource == order.resource)
        .join(service_problem_tickets, ties.problem == p.number)
        .where(order.at > ties.tied_at, or_(p.closed_at.is_(None), order.at < p.closed_at))
    )
    for row in connection.execute(query.order_by(p.number, order.order_key)):
        if ticket_number(name_in(row.order_key).partition(":")[0]) == row.ticket:
            says = f"{ticket_id(row.ticket)}, which is tied to it, has ordered {row.order_key} for itself"
            yield Violation("I9", problem_id(row.number), says)


def _unanswered(connection: Connection) -> Iterator[Violation]:
    """Name the orders of ended incidents and closed problems of which nobody knows whether they were carried out."""
    sent, order = network_orders_sent.c, network_orders.c
    query = select(sent.order_key).where(~exists().where(order.order_key == sent.order_key))
    keys = {key: name_in(key).partition(":")[0] for key in connection.scalars(query.order_by(sent.order_key))}
    if not keys:
        return
    tickets = {number for subject in keys.values() if (number := ticket_number(subject)) is not None}
    query = select(steps.c.ticket).where(steps.c.task == END, steps.c.ticket.in_(tickets))
    over = {ticket_id(number) for number in connection.scalars(query)}
    query = select(p.number).where(p.closed_at.is_not(None))
    over |= {problem_id(number) for number in connection.scalars(query)} & set(keys.values())
    for key, subject in keys.items():
        if subject in over:
            yield Violation("I9", subject, f"has ended, and the network has not answered its order {key}")
