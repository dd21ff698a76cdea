"""The SLA clocks of many tickets, read from their histories, for the queue, the open list and the desk.

Clock and row of the queue also say when the team is next mailed about a ticket, and about what. The row remembers what
was mailed, so that each notice is sent once: the largest share of the due time, the tier, that a promise was broken.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from include.sla_logic.domain.notices import NoticeKind
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.sla_clock import SlaClock, StatusEvent, read_clock
from include.sla_logic.domain.standing import NEXT_TIER, PRIORITY_DUE, Standing
from include.sla_logic.persistence.incident_records import status_event
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history

Row = Mapping[str, Any]

# Put together once: each page of the board asks for them.
_HISTORIES = (
    select(ticket_status_history)
    .where(ticket_status_history.c.ticket.in_(bindparam("numbers", expanding=True)))
    .order_by(ticket_status_history.c.ticket, ticket_status_history.c.sequence)
)


@dataclass(frozen=True)
class DueNotice:
    """A notice that is due now; `told` is how the row of the queue remembers it."""

    kind: NoticeKind
    told: Mapping[str, Any]
    standing: Standing | None = None


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


def read_standing(row: Row, clock: SlaClock) -> Standing:
    """Return the clock of a queue row: since its last judgement, else until its priority is due.

    What is held or lies outside the service hours does not count: those of the objective until its next tier, those
    of the priority until it is due. A service that was up again at the judgement uses nothing up.
    """
    if row["budget_seconds"] is not None and row["judged_at"] is not None:
        return tier_standing(row, clock)
    return due_standing(row, clock) or Standing.of(clock, None, None, ServiceHours(), comes=False)


def tier_standing(row: Row, clock: SlaClock, *, before: timedelta = timedelta(0)) -> Standing:
    """Return the clock of a judged row until its next credit tier, or until so long before it."""
    hours, runs = _read_hours(row["tier_hours"]) or ServiceHours(), row["next_tier_at"] is not None
    used = clock.counted_since(row["judged_at"], hours) if runs else timedelta(0)
    left = timedelta(seconds=row["budget_seconds"]) - used - before
    return Standing.of(clock, left, NEXT_TIER, hours, comes=runs)


def due_standing(row: Row, clock: SlaClock, *, percent: int = 100) -> Standing | None:
    """Return the clock until the priority is due, or until so much of that time is used up; None without priority."""
    if row["priority"] is None:
        return None
    priority, policies = Priority(row["priority"]), policies_in_force()
    hours = policies.hours_of(priority, _read_hours(row["contract_hours"]))
    left = policies.priorities.due[priority] * percent / 100 - clock.counted_since(clock.opened_at, hours)
    return Standing.of(clock, left, PRIORITY_DUE, hours, comes=True)


def with_due_notices(now: datetime) -> Select[Any]:
    """Return the query for the tickets about which a notice may be due, the longest due first."""
    return select(queue.c.ticket).where(queue.c.notice_at <= now).order_by(queue.c.notice_at)


def next_notice_at(row: Row, clock: SlaClock) -> datetime | None:
    """Return when the next notice falls due if the clock runs on; it has passed where one is due already."""
    moments = [row["write_by"] if policies_in_force().notices.broken_promises else None]
    shares = _shares_left(row)
    if shares and (standing := due_standing(row, clock, percent=shares[0])):
        moments.append(_moment(standing, clock))
    before = policies_in_force().notices.before_next_tier
    if before is not None and _tier_comes(row, clock):
        moments.append(_moment(tier_standing(row, clock, before=before), clock))
    return min((moment for moment in moments if moment is not None), default=None)


def notices_due(row: Row, clock: SlaClock) -> list[DueNotice]:
    """Return what is due; of several shares of the due time that have passed, the largest alone."""
    found = []
    passed = [
        share
        for share in _shares_left(row)
        if (standing := due_standing(row, clock, percent=share)) and _is_due(standing, clock)
    ]
    if passed:
        found.append(DueNotice(NoticeKind.DUE_TIME, {"noticed_share": passed[-1]}, due_standing(row, clock)))
    before = policies_in_force().notices.before_next_tier
    if before is not None and _tier_comes(row, clock) and _is_due(tier_standing(row, clock, before=before), clock):
        found.append(DueNotice(NoticeKind.NEXT_TIER, {"noticed_tier": _tier(row)}, tier_standing(row, clock)))
    promised = row["write_by"]
    if promised is not None and promised <= clock.as_of and policies_in_force().notices.broken_promises:
        found.append(DueNotice(NoticeKind.BROKEN_PROMISE, {"write_by": None}))
    return found


def _shares_left(row: Row) -> list[int]:
    return [share for share in policies_in_force().notices.at_shares if share > (row["noticed_share"] or 0)]


def _tier_comes(row: Row, clock: SlaClock) -> bool:
    """Tell whether a tier is still to come in its window, and was not told; one that has passed is judged again."""
    if row["next_tier_at"] is None or row["budget_seconds"] is None or row["noticed_tier"] == _tier(row):
        return False
    reached_at = tier_standing(row, clock).runs_out_at
    return reached_at is not None and reached_at > clock.as_of and not _is_over(row, reached_at)


def _is_over(row: Row, moment: datetime) -> bool:
    return row["window_end"] is not None and row["window_end"] <= moment


def _tier(row: Row) -> str:
    """Name the tier in its window."""
    end = row["window_end"]
    return f"{row['next_tier'] or row['objective']}{f', window until {end:%Y-%m-%d %H:%M} UTC' if end else ''}"


def _is_due(standing: Standing, clock: SlaClock) -> bool:
    """Tell whether a clock that is not stopped by a hold has come so far."""
    return clock.running and standing.seconds_left is not None and standing.seconds_left <= 0


def _moment(standing: Standing, clock: SlaClock) -> datetime | None:
    return clock.as_of if _is_due(standing, clock) else standing.runs_out_at
