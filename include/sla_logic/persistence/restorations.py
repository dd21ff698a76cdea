"""The wait for a restoration request: one row for each incident, and that row alone decides.

In time is what was sent at or before the deadline, by the instant of sending; when we look does not matter.
All functions want the incident locked, so that a request and the deadline never both win.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, union_all, update

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.system_t import restorations, tickets

ANSWER_REFUSED = "restoration answer refused"  # in the audit


class UnableToFindRestoration(NotFoundError):
    """The incident does not wait for a restoration request and never did."""


class UnableToReleaseRestoration(ForeseenError):
    """The request can no longer be sent or rejected; `at` is the moment at which that was judged."""

    def __init__(self, says: str, *, at: datetime) -> None:
        super().__init__(says)
        self.at = at


@dataclass(frozen=True)
class RestorationWait:
    """The wait as it stands; without `outcome` it goes on."""

    ticket: str
    opened_at: datetime
    deadline: datetime
    held_because: str | None
    sent_at: datetime | None
    sent_by: str | None
    rejected_at: datetime | None
    rejected_by: str | None
    reason: str | None
    outcome: RestorationOutcome | None
    decided_at: datetime | None

    def judge(self, now: datetime) -> RestorationOutcome | None:
        """Say how the wait ends, or None while a request could still come in time."""
        if self.outcome is not None:
            return self.outcome
        if self.rejected_at is not None:
            return RestorationOutcome.REJECTED
        if self.sent_at is not None:
            return RestorationOutcome.IN_TIME if self.sent_at <= self.deadline else RestorationOutcome.TOO_LATE
        return RestorationOutcome.TOO_LATE if now > self.deadline else None


def find_restoration(connection: Connection, number: int) -> RestorationWait | None:
    """Return the wait of an incident, or None where there never was one."""
    row = connection.execute(select(restorations).where(restorations.c.ticket == number)).one_or_none()
    if row is None:
        return None
    outcome = RestorationOutcome(row.outcome) if row.outcome else None
    return RestorationWait(**(row._asdict() | {"ticket": ticket_id(number), "outcome": outcome}))


def read_restoration(connection: Connection, number: int) -> RestorationWait:
    """Return the wait of an incident; raise `UnableToFindRestoration`."""
    wait = find_restoration(connection, number)
    if wait is None:
        raise UnableToFindRestoration(f"{ticket_id(number)} does not wait for a restoration request.")
    return wait


def decide(connection: Connection, number: int, *, now: datetime) -> tuple[RestorationOutcome | None, bool]:
    """Return how the wait ended, None while it goes on, and whether it was this look that decided."""
    wait = read_restoration(connection, number)
    outcome = wait.judge(now)
    if outcome is None or wait.outcome is not None:
        return outcome, False
    _change(connection, number, {"outcome": outcome.value, "decided_at": now})
    return outcome, True


def release(connection: Connection, number: int, *, by: str, reason: str, now: datetime) -> RestorationWait:
    """Send the held request now; raise `UnableToReleaseRestoration` where it is too late for that."""
    _refuse_unless_held(read_restoration(connection, number), now)
    _change(connection, number, {"sent_at": now, "sent_by": by, "reason": reason})
    return read_restoration(connection, number)


def reject(connection: Connection, number: int, *, by: str, reason: str, now: datetime) -> RestorationWait:
    """Give the held request up; raise `UnableToReleaseRestoration` where it is too late for that."""
    _refuse_unless_held(read_restoration(connection, number), now)
    _change(connection, number, {"rejected_at": now, "rejected_by": by, "reason": reason})
    return read_restoration(connection, number)


def waiting_with(connection: Connection, number: int, *, released: bool, now: datetime) -> list[int]:
    """Return the other held waits that an answer for this incident decides as well, and hold their problems.

    A release frees whoever suffers from nothing that is not released; a rejection is for whoever suffers from the
    same problems and no other. Comes before any incident is locked: whoever holds a problem may wait for incidents
    that wait for a release, never the other way round.
    """
    one = service_problems.c
    mine = select(service_problem_tickets.c.problem).where(service_problem_tickets.c.ticket == number)
    held = select(one.number).where(one.number.in_(mine.scalar_subquery()), one.closed_at.is_(None))
    problems = set(connection.scalars(held.order_by(one.number).with_for_update()))
    if released:
        connection.execute(update(service_problems).where(one.number.in_(problems)).values(released_at=now))
    tied, wait = service_problem_tickets.c, restorations.c
    waiting = select(wait.ticket).where(wait.outcome.is_(None), wait.sent_at.is_(None), wait.rejected_at.is_(None))
    others = select(tied.ticket).where(tied.problem.in_(problems), tied.ticket != number, tied.ticket.in_(waiting))
    query = select(tied.ticket, one.number, one.released_at).join(service_problems, one.number == tied.problem)
    suffers: dict[int, set[int]] = defaultdict(set)
    for row in connection.execute(query.where(tied.ticket.in_(others), one.closed_at.is_(None))):
        suffers[row.ticket].update({row.number} if not released or row.released_at is None else ())
    return sorted(ticket for ticket, left in suffers.items() if left <= (set() if released else problems))


def answered_runs(connection: Connection, *, now: datetime, decided_since: datetime) -> frozenset[str]:
    """Return the runs whose wait can be decided now, or was decided since; one query for all waits."""
    row = restorations.c
    answered = or_(row.sent_at.is_not(None), row.rejected_at.is_not(None), row.deadline < now)
    can_be = select(row.ticket).where(row.outcome.is_(None), answered)
    was = select(row.ticket).where(row.decided_at >= decided_since)
    query = select(tickets.c.run_id).where(tickets.c.number.in_(union_all(can_be, was)))  # each by an index of its own
    return frozenset(connection.scalars(query))


def _refuse_unless_held(wait: RestorationWait, now: datetime) -> None:
    if wait.sent_at is not None:
        why = f"was sent already at {wait.sent_at.isoformat()} by {wait.sent_by}"
    elif wait.rejected_at is not None:
        why = f"was rejected at {wait.rejected_at.isoformat()} by {wait.rejected_by}"
    elif wait.outcome is not None or now > wait.deadline:
        why = f"had to be sent by {wait.deadline.isoformat()}; that was missed"
    else:
        return
    raise UnableToReleaseRestoration(f"The restoration request of {wait.ticket} {why}.", at=now)


def _change(connection: Connection, number: int, values: dict[str, Any]) -> None:
    connection.execute(update(restorations).where(restorations.c.ticket == number).values(values))
