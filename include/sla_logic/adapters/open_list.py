"""The open list: who comes next, with the seconds left on each clock and the money at stake."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.adapters.backlog import why_waiting
from include.sla_logic.adapters.folders import ticket_id
from include.sla_logic.adapters.policy_tables import policies_in_force
from include.sla_logic.adapters.schema.arrivals import arrivals
from include.sla_logic.adapters.schema.columns import from_minor_units
from include.sla_logic.adapters.schema.queue import queue
from include.sla_logic.adapters.schema.system_t import ticket_status_history, tickets
from include.sla_logic.domain.contract.reading import read_fields
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.sla_clock import ClockPolicy, Owner, SlaClock, StatusEvent, read_clock
from include.sla_logic.domain.trouble_ticket import TicketStatus

NEXT_TIER = "next credit tier"
PRIORITY_DUE = "due by priority"


@dataclass(frozen=True)
class OpenTicket:
    """One open ticket in queue order; `seconds_left` until what `until` says, negative once it has passed."""

    ticket: str
    reference: str | None
    customer: str
    service: str
    status: str
    protected: bool
    priority: str | None
    score: int | None
    backlog: str | None
    seconds_left: int | None
    until: str | None
    at_stake: Money | None
    clock: SlaClock
    why: str | None


@cache
def clock_policy() -> ClockPolicy:
    """Return the policy in force for the SLA clock of tickets."""
    text = (files("include.sla_logic") / "policies" / "sla_clock.yaml").read_text("utf-8")
    fields, _ = read_fields(text, name="sla_clock.yaml")
    return ClockPolicy.model_validate(fields)


def read_open_list(
    connection: Connection, *, now: datetime, waiting_only: bool = False, limit: int = 50, offset: int = 0
) -> Sequence[OpenTicket]:
    """Return open tickets in queue order, their clocks read from their histories: two queries for all."""
    query = (
        select(queue, tickets, arrivals.c.state.label("backlog"))
        .join(tickets, tickets.c.number == queue.c.ticket)
        .outerjoin(arrivals, arrivals.c.ticket == queue.c.ticket)
        .where(queue.c.open.is_(True))
        .order_by(queue.c.place)
        .limit(limit)
        .offset(offset)
    )
    rows = connection.execute(query.where(arrivals.c.state == "waiting") if waiting_only else query).all()
    numbers = [row.number for row in rows]
    clocks = read_clocks(connection, numbers, as_of=now)
    why = why_waiting(connection, numbers)
    return [_line(row, clocks[row.number], why.get(row.number)) for row in rows]


def read_clocks(connection: Connection, numbers: Sequence[int], *, as_of: datetime) -> dict[int, SlaClock]:
    """Read the clocks of these tickets from their append-only histories; one query."""
    history = ticket_status_history.c
    found: dict[int, list[StatusEvent]] = defaultdict(list)
    query = select(ticket_status_history).where(history.ticket.in_(numbers)).order_by(history.ticket, history.sequence)
    for row in connection.execute(query):
        owner = Owner(row.owner) if row.owner else None
        event = StatusEvent(status=TicketStatus(row.status), at=row.at, reason=row.reason, owner=owner)
        found[row.ticket].append(event)
    policy = clock_policy()
    return {
        number: read_clock(events, as_of=max(as_of, events[0].at), policy=policy) for number, events in found.items()
    }


def _line(row: Row[Any], clock: SlaClock, why: str | None) -> OpenTicket:
    seconds, until = _left(row, clock)
    stake = None if row.at_stake is None or row.currency is None else from_minor_units(row.at_stake, row.currency)
    return OpenTicket(
        ticket=ticket_id(row.number),
        reference=row.external_reference,
        customer=row.customer,
        service=row.service,
        status=row.status,
        protected=row.protected,
        priority=row.priority,
        score=row.score,
        backlog=row.backlog,
        seconds_left=seconds,
        until=until,
        at_stake=stake,
        clock=clock,
        why=why,
    )


def _left(row: Row[Any], clock: SlaClock) -> tuple[int | None, str | None]:
    """Count from the judgement where there is one, else from when the priority is due; what is held does not count."""
    if row.budget_seconds is not None and row.judged_at is not None:
        runs = row.next_tier_at is not None
        used = int(clock.counted_since(row.judged_at).total_seconds()) if runs else 0
        return row.budget_seconds - used, NEXT_TIER
    if row.priority is None:
        return None, None
    due = policies_in_force().priorities.due[Priority(row.priority)]
    return int((due - clock.net).total_seconds()), PRIORITY_DUE
