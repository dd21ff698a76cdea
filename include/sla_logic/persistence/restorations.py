"""The wait for a restoration request: one row for each incident, and that row alone decides.

In time is what was sent at or before the deadline, by the instant of sending; when we look does not matter.
All functions want the incident locked, so that a request and the deadline never both win.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Connection, bindparam, func, or_, select, union_all, update

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.cohort_members import CARRIED
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.system_t import restorations, tickets

ANSWER_REFUSED = "restoration answer refused"  # in the audit


class UnableToFindRestoration(NotFoundError):
    """The incident does not wait for a restoration request and never did."""


class UnableToReleaseRestoration(ForeseenError):
    """The request can no longer be sent or rejected; `at` is the moment of that decision."""

    def __init__(self, says: str, *, at: datetime) -> None:
        super().__init__(says)
        self.at = at


@dataclass(frozen=True)
class RestorationWait:
    """The state of the wait; without `outcome` it goes on."""

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


@dataclass(frozen=True)
class Decision:
    """How a wait ended, None while it goes on, and whether it was this look that decided."""

    outcome: RestorationOutcome | None
    just_now: bool


@dataclass(frozen=True)
class Answered:
    """What became of requests that a person answered: the waits as they stand now, and those that were refused."""

    waits: dict[int, RestorationWait]
    refused: dict[int, UnableToReleaseRestoration]


def find_restorations(connection: Connection, numbers: Sequence[int]) -> dict[int, RestorationWait]:
    """Return the waits of those of these incidents that have one."""
    return {
        row.ticket: RestorationWait(
            **(
                row._asdict()
                | {
                    "ticket": ticket_id(row.ticket),
                    "outcome": RestorationOutcome(row.outcome) if row.outcome else None,
                }
            )
        )
        for row in connection.execute(select(restorations).where(restorations.c.ticket.in_(numbers)))
    }


def read_restoration(connection: Connection, number: int) -> RestorationWait:
    """Return the wait of an incident; raise `UnableToFindRestoration`."""
    return _read(connection, [number])[number]


def decide(connection: Connection, numbers: Sequence[int], *, now: datetime) -> dict[int, Decision]:
    """Decide the waits of these incidents where they can be decided; raise `UnableToFindRestoration`."""
    waits = _read(connection, numbers)
    decisions = {
        number: Decision(outcome := wait.judge(now), outcome is not None and wait.outcome is None)
        for number, wait in waits.items()
    }
    fresh = {
        number: {"outcome": str(one.outcome), "decided_at": now} for number, one in decisions.items() if one.just_now
    }
    _change(connection, fresh)
    return decisions


def release(connection: Connection, whys: Mapping[int, str], *, by: str, now: datetime) -> Answered:
    """Send held requests now, each for its reason; what is too late is returned as a refusal."""
    return _answer(connection, whys, now, lambda why: {"sent_at": now, "sent_by": by, "reason": why})


def reject(connection: Connection, whys: Mapping[int, str], *, by: str, now: datetime) -> Answered:
    """Reject held requests, each for its reason; what is too late is returned as a refusal."""
    return _answer(connection, whys, now, lambda why: {"rejected_at": now, "rejected_by": by, "reason": why})


def _answer(
    connection: Connection, whys: Mapping[int, str], now: datetime, values: Callable[[str], dict[str, Any]]
) -> Answered:
    waits = _read(connection, list(whys))
    refused = {number: why for number, wait in waits.items() if (why := refusal_of(wait, now)) is not None}
    _change(connection, {number: values(why) for number, why in whys.items() if number not in refused})
    return Answered(find_restorations(connection, [one for one in whys if one not in refused]), refused)


def _read(connection: Connection, numbers: Sequence[int]) -> dict[int, RestorationWait]:
    waits = find_restorations(connection, numbers)
    for missing in sorted(set(numbers) - set(waits)):
        msg = "%(ticket)s does not wait for a restoration request."
        raise UnableToFindRestoration(Sentence(msg, ticket=ticket_id(missing)))
    return waits


def waiting_with(connection: Connection, number: int, *, released: bool, now: datetime) -> list[int]:
    """Return the other held waits that an answer for this incident decides as well, and lock their problems.

    A release applies to incidents whose problems are all released; a rejection to incidents with the same problems.
    Call it before locking any incident: problems are locked before incidents that wait for a release, never after.
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
    """Return the incidents' own runs whose wait can be decided now, or was decided since; one query for all waits."""
    query = select(tickets.c.run_id).where(tickets.c.number.in_(_answered(now, decided_since)))
    return frozenset(connection.scalars(query))


def answered_cohorts(connection: Connection, *, now: datetime, decided_since: datetime) -> frozenset[str]:
    """Return the runs that carry such incidents together with others; one query for all."""
    member = cohort_members.c
    query = select(member.run_id).where(member.state == CARRIED, member.ticket.in_(_answered(now, decided_since)))
    return frozenset(connection.scalars(query.distinct()))


def first_deadline(connection: Connection, numbers: Sequence[int]) -> datetime:
    """Return when the first of these waits ends without an answer."""
    deadline: datetime = connection.scalars(
        select(func.min(restorations.c.deadline)).where(restorations.c.ticket.in_(numbers))
    ).one()
    return deadline


def _answered(now: datetime, decided_since: datetime) -> CompoundSelect[int]:
    """Select what was answered or is past its deadline, and what was decided, each by an index of its own."""
    row = restorations.c
    answered = or_(row.sent_at.is_not(None), row.rejected_at.is_not(None), row.deadline < now)
    can_be = select(row.ticket).where(row.outcome.is_(None), answered)
    return union_all(can_be, select(row.ticket).where(row.decided_at >= decided_since))


def refusal_of(wait: RestorationWait, now: datetime) -> UnableToReleaseRestoration | None:
    """Say why a request can no longer be sent or rejected; None while it can."""
    if wait.sent_at is not None:
        msg = "The restoration request of %(ticket)s was sent already at %(at)s by %(who)s."
        said = Sentence(msg, ticket=wait.ticket, at=wait.sent_at, who=wait.sent_by)
    elif wait.rejected_at is not None:
        msg = "The restoration request of %(ticket)s was rejected at %(at)s by %(who)s."
        said = Sentence(msg, ticket=wait.ticket, at=wait.rejected_at, who=wait.rejected_by)
    elif wait.outcome is not None or now > wait.deadline:
        msg = "The restoration request of %(ticket)s had to be sent by %(at)s; that was missed."
        said = Sentence(msg, ticket=wait.ticket, at=wait.deadline)
    else:
        return None
    return UnableToReleaseRestoration(said, at=now)


def _change(connection: Connection, changes: Mapping[int, dict[str, Any]]) -> None:
    """Write the same columns of several waits in one statement."""
    if changes:
        rows = [{"its_ticket": number, **values} for number, values in changes.items()]
        connection.execute(update(restorations).where(restorations.c.ticket == bindparam("its_ticket")), rows)


class WaitRegister:
    """The waits of the incidents of a batch, looked up when the first is asked for."""

    def __init__(self, batch: Batch) -> None:
        self._waits = find_restorations(batch.connection, batch.numbers)

    def outcome(self, number: int) -> RestorationOutcome | None:
        """Return how the wait of an incident ended; None while it is not decided, or was never opened."""
        wait = self._waits.get(number)
        return None if wait is None else wait.outcome
