"""Stalled incidents: their run has died, or their wait is over and not decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, or_, select

from include.sla_logic.persistence.active_incidents import INCIDENTS, active
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.cohort_members import CARRIED
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.system_t import audit, restorations, steps, tickets
from include.sla_logic.process.graph import END

TAKEN_UP = "run taken up again"
WATCHDOG = "watchdog"
_NEVER: tuple[int, datetime | None] = (0, None)


@dataclass(frozen=True)
class StalledIncident:
    """An incident without progress since `since`, after `last_step`; how often it was resumed, and when last.

    `cohort` is the run that carries it together with others, if one does.
    """

    ticket: str
    run_id: str
    last_step: str | None
    since: datetime
    taken_up: int
    taken_up_at: datetime | None
    cohort: str | None = None

    @property
    def quiet_since(self) -> datetime:
        """Return the moment of the last progress or attempt."""
        return max(self.since, self.taken_up_at) if self.taken_up_at else self.since


def stalled_incidents(connection: Connection, *, now: datetime, patience: timedelta) -> Sequence[StalledIncident]:
    """Return the incidents without progress for longer than `patience` that wait for nothing, by number.

    Only an unanswered wait with a deadline in the future keeps an incident from being stalled.
    """
    rows = connection.execute(_could_go_on().where(*_quiet(now - patience)))
    still = [(row, since) for row in rows if (since := _last_moved(row)) + patience < now]
    attempts = _attempts(connection, [ticket_id(row.number) for row, _ in still])
    return [
        StalledIncident(
            ticket=(ticket := ticket_id(row.number)),
            run_id=row.run_id,
            last_step=row.task,
            since=since,
            taken_up=attempts.get(ticket, _NEVER)[0],
            taken_up_at=attempts.get(ticket, _NEVER)[1],
            cohort=row.cohort,
        )
        for row, since in still
    ]


def _could_go_on() -> Select[Any]:
    """Select the active incidents, each with its last step, its wait, its cohort and its start."""
    of, wait, member = tickets.c.number, restorations.c, cohort_members.c
    own = select(steps).where(steps.c.ticket == of)
    last = own.with_only_columns(func.max(steps.c.done_at)).scalar_subquery()
    task = own.with_only_columns(steps.c.task).order_by(steps.c.id.desc()).limit(1).scalar_subquery()
    cohort = select(func.max(member.run_id)).where(member.ticket == of, member.state == CARRIED).scalar_subquery()
    return (
        select(of, tickets.c.run_id, tickets.c.created_at, last.label("at"), task.label("task"))
        .add_columns(wait.deadline, wait.sent_at, wait.rejected_at, wait.outcome)
        .add_columns(cohort.label("cohort"), arrivals.c.started_at)
        .select_from(INCIDENTS)
        .outerjoin(restorations, wait.ticket == of)
        .outerjoin(arrivals, arrivals.c.ticket == of)
        .where(active(), ~exists().where(steps.c.ticket == of, steps.c.task == END))
        .order_by(of)
    )


def _quiet(since: datetime) -> Iterator[ColumnElement[bool]]:
    """Return the conditions for incidents without progress since then whose wait, if any, was over by then."""
    wait = restorations.c
    yield ~exists().where(steps.c.ticket == tickets.c.number, steps.c.done_at >= since)
    over = or_(wait.deadline < since, wait.sent_at < since, wait.rejected_at < since)
    yield or_(wait.ticket.is_(None), wait.outcome.is_not(None), over)


def _last_moved(row: Row[Any]) -> datetime:
    """Return since when the incident could have continued: its last step, its start, or the end of its wait."""
    moved: list[datetime] = [row.created_at if row.at is None else row.at]
    if row.started_at is not None:  # it may have waited in the backlog for years
        moved.append(row.started_at)
    if row.deadline is not None and row.outcome is None:
        moved.append(min(at for at in (row.deadline, row.sent_at, row.rejected_at) if at is not None))
    return max(moved)


def note_resumed(connection: Connection, stalled: StalledIncident, *, by: str, how: str, now: datetime) -> None:
    """Record that the incident's run was started again, so that attempts can be counted."""
    note_act(connection, Act(now, by, TAKEN_UP, stalled.ticket, how))


def _attempts(connection: Connection, incidents: Sequence[str]) -> dict[str, tuple[int, datetime | None]]:
    """Return how often each of these incidents was resumed, and when last, by ticket."""
    query = select(audit.c.subject, func.count(), func.max(audit.c.at)).where(audit.c.action == TAKEN_UP)
    found: dict[str, tuple[int, datetime | None]] = {}
    for some in portions(incidents):
        these = query.where(audit.c.subject.in_(some))
        found |= {row[0]: (row[1], row[2]) for row in connection.execute(these.group_by(audit.c.subject))}
    return found
