"""The SLA clocks of many tickets, read from their histories, for the queue, the open list and the desk."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, select

from include.sla_logic.domain.contract.reading import read_fields
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.sla_clock import ClockPolicy, Owner, SlaClock, StatusEvent, read_clock
from include.sla_logic.persistence.incident_records import status_event
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema.system_t import ticket_status_history

NEXT_TIER = "next credit tier"
PRIORITY_DUE = "due by priority"


@dataclass(frozen=True)
class Standing:
    """The state of one clock: the time left until an event, below zero once it has passed; net is the counted time.

    `running` says that the seconds run down; where a hold keeps them, `stopped_by` says who has to act.
    """

    left: timedelta | None
    until: str | None
    running: bool
    stopped_by: Owner | None
    as_of: datetime
    net: timedelta

    @property
    def seconds_left(self) -> int | None:
        """Return whole seconds."""
        return None if self.left is None else int(self.left.total_seconds())

    @property
    def runs_out_at(self) -> datetime | None:
        """Return the moment at which nothing is left; None while the clock is stopped."""
        return self.as_of + self.left if self.running and self.left is not None else None


@cache
def clock_policy() -> ClockPolicy:
    """Return the policy in force for the SLA clock of tickets."""
    text = (files("include.sla_logic") / "policies" / "sla_clock.yaml").read_text("utf-8")
    fields, _ = read_fields(text, name="sla_clock.yaml")
    return ClockPolicy.model_validate(fields)


def read_clocks(connection: Connection, numbers: Sequence[int], *, as_of: datetime) -> dict[int, SlaClock]:
    """Read the clocks of these tickets from their append-only histories; one query."""
    return {number: clock_of(events, as_of=as_of) for number, events in read_histories(connection, numbers).items()}


def clock_of(events: Sequence[StatusEvent], *, as_of: datetime) -> SlaClock:
    """Return the clock that follows from a ticket's history."""
    return read_clock(events, as_of=max(as_of, events[0].at), policy=clock_policy())


def read_histories(connection: Connection, numbers: Sequence[int]) -> dict[int, list[StatusEvent]]:
    """Return the status changes of these tickets, oldest first."""
    history = ticket_status_history.c
    found: dict[int, list[StatusEvent]] = defaultdict(list)
    query = select(ticket_status_history).where(history.ticket.in_(numbers)).order_by(history.ticket, history.sequence)
    for row in connection.execute(query):
        found[row.ticket].append(status_event(row))
    return dict(found)


def read_standing(row: Mapping[str, Any], clock: SlaClock) -> Standing:
    """Return the clock of a queue row: since its last judgement, else until its priority is due.

    What is held does not count; a service that was up again at the judgement uses nothing up.
    """
    hold = clock.holds[-1] if clock.holds and clock.holds[-1].end is None else None
    stopped_by = hold.owner if hold and hold.stops_the_clock else None
    left, until, runs = _left(row, clock)
    return Standing(left, until, runs and clock.running, stopped_by, clock.as_of, clock.net)


def _left(row: Mapping[str, Any], clock: SlaClock) -> tuple[timedelta | None, str | None, bool]:
    if row["budget_seconds"] is not None and row["judged_at"] is not None:
        runs = row["next_tier_at"] is not None
        used = clock.counted_since(row["judged_at"]) if runs else timedelta(0)
        return timedelta(seconds=row["budget_seconds"]) - used, NEXT_TIER, runs
    if row["priority"] is None:
        return None, None, False
    return policies_in_force().priorities.due[Priority(row["priority"])] - clock.net, PRIORITY_DUE, True
