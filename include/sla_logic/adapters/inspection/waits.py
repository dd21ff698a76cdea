"""A request and a deadline never both win (I7)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from include.sla_logic.adapters.folders import ticket_id
from include.sla_logic.adapters.inspection.breach import Breach
from include.sla_logic.adapters.schema.system_t import restorations, steps
from include.sla_logic.domain.restoration import RestorationOutcome

WAIT = "await_restoration_request"
_WENT_ON = {
    RestorationOutcome.IN_TIME: ("track_errors", "terminate_restoration"),
    RestorationOutcome.REJECTED: ("terminate_restoration", "track_errors"),
    RestorationOutcome.TOO_LATE: ("terminate_restoration", "track_errors"),
}


def wait_breaches(connection: Connection) -> Iterator[Breach]:
    """Check every wait: its own instants, and the way that its incident took afterwards."""
    taken = _ways(connection)
    for row in connection.execute(select(restorations).order_by(restorations.c.ticket)):
        for fault in _faults(row, taken.get(row.ticket, {})):
            yield Breach("I7", ticket_id(row.ticket), fault)


def _ways(connection: Connection) -> dict[int, dict[str, str | None]]:
    names = [WAIT, *{name for pair in _WENT_ON.values() for name in pair}]
    query = select(steps.c.ticket, steps.c.task, steps.c.choice).where(and_(steps.c.task.in_(names)))
    ways: dict[int, dict[str, str | None]] = {}
    for row in connection.execute(query):
        ways.setdefault(row.ticket, {})[row.task] = row.choice
    return ways


def _faults(row: Row[Any], way: dict[str, str | None]) -> Iterator[str]:
    if row.sent_at and row.rejected_at:
        yield "its request was both sent and rejected"
    if row.held_because and any(at and at > row.deadline for at in (row.sent_at, row.rejected_at)):
        yield "its request was answered after the deadline"
    if row.outcome is None:
        if way:
            yield "it went on before its wait was decided"
        return
    outcome = RestorationOutcome(row.outcome)
    if outcome is not _earned(row):
        yield f"it is decided as {outcome}, but its instants say otherwise"
    if outcome is RestorationOutcome.TOO_LATE and row.decided_at <= row.deadline:
        yield "it was called too late before its deadline had passed"
    goes, never = _WENT_ON[outcome]
    if way.get(WAIT) != goes or never in way:
        yield f"it is decided as {outcome}, but the incident took another way"


def _earned(row: Row[Any]) -> RestorationOutcome:
    """Say what the instants of the row alone amount to."""
    if row.rejected_at is not None:
        return RestorationOutcome.REJECTED
    in_time = row.sent_at is not None and row.sent_at <= row.deadline
    return RestorationOutcome.IN_TIME if in_time else RestorationOutcome.TOO_LATE
