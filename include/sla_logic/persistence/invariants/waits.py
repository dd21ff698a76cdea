"""A request and its deadline never both win, and every refused answer came too late (I7)."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.restorations import ANSWER_REFUSED
from include.sla_logic.persistence.schema.system_t import audit, restorations, steps
from include.sla_logic.process.graph import WAIT

_ANSWERS = {"restoration released": "sent_at", "restoration rejected": "rejected_at"}
_WENT_ON = {
    RestorationOutcome.IN_TIME: ("track_errors", "terminate_restoration"),
    RestorationOutcome.REJECTED: ("terminate_restoration", "track_errors"),
    RestorationOutcome.TOO_LATE: ("terminate_restoration", "track_errors"),
}


def check_waits(connection: Connection) -> Iterator[Violation]:
    """Check the instants of every wait, and the way that its incident took afterwards."""
    taken, acts = _ways(connection), _acts(connection)
    for row in connection.execute(select(restorations).order_by(restorations.c.ticket)):
        ticket = ticket_id(row.ticket)
        for fault in (*_faults(row, taken.get(row.ticket, {})), *_contradictions(row, acts.pop(ticket, ()))):
            yield Violation("I7", ticket, fault)
    for ticket in acts:
        yield Violation("I7", ticket, "a request was answered where nothing waits")


def _ways(connection: Connection) -> dict[int, dict[str, str | None]]:
    names = [WAIT, *{name for pair in _WENT_ON.values() for name in pair}]
    query = select(steps.c.ticket, steps.c.task, steps.c.choice).where(and_(steps.c.task.in_(names)))
    ways: dict[int, dict[str, str | None]] = {}
    for row in connection.execute(query):
        ways.setdefault(row.ticket, {})[row.task] = row.choice
    return ways


def _acts(connection: Connection) -> dict[str, list[Row[Any]]]:
    acts: dict[str, list[Row[Any]]] = {}
    for act in connection.execute(select(audit).where(audit.c.action.in_((*_ANSWERS, ANSWER_REFUSED)))):
        acts.setdefault(act.subject, []).append(act)
    return acts


def _contradictions(row: Row[Any], acts: Sequence[Row[Any]]) -> Iterator[str]:
    """Compare what the audit says of operators with the row that decides."""
    for act in acts:
        if act.action in _ANSWERS and getattr(row, _ANSWERS[act.action]) != act.at:
            yield f"the audit has it as {act.action}, its own instants have not"
        if act.action == ANSWER_REFUSED and not _was_over(row, act):
            yield "an answer was refused though its request was open and its deadline had not passed"


def _was_over(row: Row[Any], act: Row[Any]) -> bool:
    answered = any(at is not None and at <= act.at for at in (row.sent_at, row.rejected_at))
    return answered or act.at > row.deadline


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
    """Return the outcome that follows from the instants of the row."""
    if row.rejected_at is not None:
        return RestorationOutcome.REJECTED
    in_time = row.sent_at is not None and row.sent_at <= row.deadline
    return RestorationOutcome.IN_TIME if in_time else RestorationOutcome.TOO_LATE
