"""The SLA clocks of many tickets, read from their histories, for the queue, the open list and the desk."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, select

from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.sla_clock import SlaClock, StatusEvent, read_clock
from include.sla_logic.domain.standing import NEXT_TIER, PRIORITY_DUE, Standing
from include.sla_logic.persistence.incident_records import status_event
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history

# Put together once: each page of the board asks for them.
_HISTORIES = (
    select(ticket_status_history)
    .where(ticket_status_history.c.ticket.in_(bindparam("numbers", expanding=True)))
    .order_by(ticket_status_history.c.ticket, ticket_status_history.c.sequence)
)


def as_kept(hours: ServiceHours | None) -> str | None:
    """Return service hours as the queue keeps them."""
    return None if hours is None else hours.model_dump_json()


@lru_cache(maxsize=1024)
def _read_hours(kept: str | None) -> ServiceHours | None:
    return None if kept is None else ServiceHours.model_validate_json(kept)


def clock_hours(contract_hours: str | None) -> ServiceHours:
    """Return in which hours the clock of a ticket runs, under a contract with these hours."""
    policy = policies_in_force().sla_clock
    return policy.hours_for(policy.service_hours, _read_hours(contract_hours))


def read_clocks(connection: Connection, numbers: Sequence[int], *, as_of: datetime) -> dict[int, SlaClock]:
    """Read the clocks of these tickets from their append-only histories; one query, and one for their contracts."""
    policy = policies_in_force().sla_clock
    contracts: dict[int, str | None] = {}
    if policy.service_hours:
        query = select(queue.c.ticket, queue.c.contract_hours).where(queue.c.ticket.in_(numbers))
        contracts = {row.ticket: row.contract_hours for row in connection.execute(query)}
    return {
        number: clock_of(events, as_of=as_of, hours=clock_hours(contracts.get(number)))
        for number, events in read_histories(connection, numbers).items()
    }


def clock_of(events: Sequence[StatusEvent], *, as_of: datetime, hours: ServiceHours) -> SlaClock:
    """Return the clock that follows from a ticket's history, in the hours in which it runs."""
    return read_clock(events, as_of=max(as_of, events[0].at), policy=policies_in_force().sla_clock, hours=hours)


def read_histories(connection: Connection, numbers: Sequence[int]) -> dict[int, list[StatusEvent]]:
    """Return the status changes of these tickets, oldest first."""
    found: dict[int, list[StatusEvent]] = defaultdict(list)
    for row in connection.execute(_HISTORIES, {"numbers": numbers}):
        found[row.ticket].append(status_event(row))
    return dict(found)


def read_standings(connection: Connection, numbers: Sequence[int], *, now: datetime) -> dict[int, Standing]:
    """Return how the clocks of these tickets stand, as far as they are open."""
    wanted = select(queue).where(queue.c.ticket.in_(numbers), queue.c.open.is_(True))
    rows = {row["ticket"]: row for row in connection.execute(wanted).mappings()}
    clocks = read_clocks(connection, list(rows), as_of=now)
    return {number: read_standing(dict(row), clocks[number]) for number, row in rows.items()}


def read_standing(row: Mapping[str, Any], clock: SlaClock) -> Standing:
    """Return the clock of a queue row: since its last judgement, else until its priority is due.

    What is held or lies outside the service hours does not count: those of the objective until its next tier, those
    of the priority until it is due. A service that was up again at the judgement uses nothing up.
    """
    if row["budget_seconds"] is not None and row["judged_at"] is not None:
        return tier_standing(row, clock)
    return due_standing(row, clock) or Standing.of(clock, None, None, ServiceHours(), comes=False)


def tier_standing(row: Mapping[str, Any], clock: SlaClock, *, before: timedelta = timedelta(0)) -> Standing:
    """Return the clock of a judged row until its next credit tier, or until so long before it."""
    hours, runs = _read_hours(row["tier_hours"]) or ServiceHours(), row["next_tier_at"] is not None
    used = clock.counted_since(row["judged_at"], hours) if runs else timedelta(0)
    left = timedelta(seconds=row["budget_seconds"]) - used - before
    return Standing.of(clock, left, NEXT_TIER, hours, comes=runs)


def due_standing(row: Mapping[str, Any], clock: SlaClock, *, percent: int = 100) -> Standing | None:
    """Return the clock until the priority is due, or until so much of that time is used up; None without priority."""
    if row["priority"] is None:
        return None
    priority, policies = Priority(row["priority"]), policies_in_force()
    hours = policies.hours_of(priority, _read_hours(row["contract_hours"]))
    left = policies.priorities.due[priority] * percent / 100 - clock.counted_since(clock.opened_at, hours)
    return Standing.of(clock, left, PRIORITY_DUE, hours, comes=True)
