"""Incidents that could go on and do not: their run has died, or nobody looks at its wait any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from include.sla_logic.adapters.audit import Act, note_act
from include.sla_logic.adapters.cohorts import CARRIED
from include.sla_logic.adapters.folders import ticket_id
from include.sla_logic.adapters.inspection.incidents import END
from include.sla_logic.adapters.schema.arrivals import arrivals
from include.sla_logic.adapters.schema.cohorts import cohort_members
from include.sla_logic.adapters.schema.system_t import audit, restorations, steps, tickets
from include.sla_logic.domain.trouble_ticket import TicketStatus

TAKEN_UP = "run taken up again"
WATCHDOG = "watchdog"


@dataclass(frozen=True)
class Stranded:
    """An incident that has stood still since `since`, after `last_step`; taken up so often, last at that moment.

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
        """Return when anybody last did anything about it."""
        return max(self.since, self.taken_up_at) if self.taken_up_at else self.since


def stranded_incidents(connection: Connection, *, now: datetime, patience: timedelta) -> Sequence[Stranded]:
    """Return the incidents that have stood still for longer than `patience` though nothing keeps them, oldest first.

    A wait whose deadline is in the future and that nobody has answered keeps its incident; so does nothing else.
    """
    last = (
        select(steps.c.ticket, func.max(steps.c.done_at).label("at"), func.max(steps.c.id).label("step"))
        .group_by(steps.c.ticket)
        .subquery()
    )
    ended = select(steps.c.ticket).where(steps.c.task == END)
    carried = select(cohort_members.c.ticket, func.max(cohort_members.c.run_id).label("run_id"))
    cohort = carried.where(cohort_members.c.state == CARRIED).group_by(cohort_members.c.ticket).subquery()
    not_begun = select(arrivals.c.ticket).where(arrivals.c.state != "started")
    wait = restorations.c
    query = (
        select(tickets.c.number, tickets.c.run_id, tickets.c.created_at, last.c.at, steps.c.task)
        .add_columns(
            wait.deadline,
            wait.sent_at,
            wait.rejected_at,
            wait.outcome,
            cohort.c.run_id.label("cohort"),
            arrivals.c.started_at,
        )
        .outerjoin(last, last.c.ticket == tickets.c.number)
        .outerjoin(steps, steps.c.id == last.c.step)
        .outerjoin(restorations, wait.ticket == tickets.c.number)
        .outerjoin(cohort, cohort.c.ticket == tickets.c.number)
        .outerjoin(arrivals, arrivals.c.ticket == tickets.c.number)
        .where(
            tickets.c.parent.is_(None),
            tickets.c.status != TicketStatus.CANCELLED.value,
            tickets.c.number.not_in(ended),
            tickets.c.number.not_in(not_begun),
        )
        .order_by(tickets.c.number)
    )
    attempts = _attempts(connection)
    found = []
    for row in connection.execute(query):
        moved = [row.created_at if row.at is None else row.at]
        if row.started_at is not None:  # it may have waited in the backlog for years
            moved.append(row.started_at)
        if row.deadline is not None and row.outcome is None:
            moved.append(min(at for at in (row.deadline, row.sent_at, row.rejected_at) if at is not None))
        since, ticket = max(moved), ticket_id(row.number)
        if since + patience < now:
            times, last_time = attempts.get(ticket, (0, None))
            found.append(Stranded(ticket, row.run_id, row.task, since, times, last_time, row.cohort))
    return found


def note_taken_up(connection: Connection, stranded: Stranded, *, by: str, how: str, now: datetime) -> None:
    """Keep that the incident's run was started again, so that nobody does it for ever."""
    note_act(connection, Act(now, by, TAKEN_UP, stranded.ticket, how))


def _attempts(connection: Connection) -> dict[str, tuple[int, datetime | None]]:
    """Return how often each incident was taken up again, and when last."""
    query = select(audit.c.subject, func.count(), func.max(audit.c.at)).where(audit.c.action == TAKEN_UP)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query.group_by(audit.c.subject))}
