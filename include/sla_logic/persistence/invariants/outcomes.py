"""Every ended incident has one of the named outcomes, and one that its way through the process leads to (I2)."""

import json
from collections import defaultdict
from collections.abc import Iterator
from types import MappingProxyType

from sqlalchemy import Connection, select

from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.system_t import documents, restorations, steps
from include.sla_logic.process.graph import WAIT

_CORRECTED = frozenset({Outcome.RESTORED, Outcome.CORRECTION_NOT_VERIFIED})
# The last step on each way that leads to an outcome.
_WAYS = MappingProxyType(
    {
        "send_actual_service_performance": frozenset(
            {Outcome.NO_PROBLEM_FOUND, Outcome.NOT_EXAMINED, Outcome.CORRECTION_NOT_VERIFIED}
        ),
        "undertake_minor_corrections": _CORRECTED,
        "undertake_restoration": _CORRECTED,
        "terminate_restoration": frozenset({Outcome.RESTORATION_TOO_LATE, Outcome.RESTORATION_REJECTED}),
    }
)
_WAITS = MappingProxyType(
    {
        RestorationOutcome.IN_TIME: _CORRECTED,
        RestorationOutcome.TOO_LATE: frozenset({Outcome.RESTORATION_TOO_LATE}),
        RestorationOutcome.REJECTED: frozenset({Outcome.RESTORATION_REJECTED}),
    }
)


def check_outcomes(connection: Connection) -> Iterator[Violation]:
    """Compare each closing document with the steps that were done and with the decision of the wait."""
    taken = defaultdict(set)
    for row in connection.execute(select(steps.c.ticket, steps.c.task).where(steps.c.task.in_([*_WAYS, WAIT]))):
        taken[row.ticket].add(row.task)
    waits = connection.execute(select(restorations.c.ticket, restorations.c.outcome))
    decided = {row.ticket: row.outcome for row in waits}
    closings = select(documents.c.ticket, documents.c.body).where(documents.c.kind == "ClosedIncident")
    for ticket, body in connection.execute(closings.order_by(documents.c.ticket)):
        outcome = json.loads(body)["outcome"]
        ways = [way for way in _WAYS if way in taken[ticket]]
        wait = decided.get(ticket) if WAIT in taken[ticket] else None
        for fault in _faults(outcome, ways, wait):
            yield Violation("I2", ticket_id(ticket), fault)


def _faults(outcome: str, ways: list[str], wait: str | None) -> Iterator[str]:
    if outcome not in set(Outcome):
        yield f"ended as {outcome!r}, which is no outcome"
        return
    if len(ways) != 1:
        yield f"ended after {len(ways)} ways: {', '.join(ways) or 'none'}"
    elif outcome not in _WAYS[ways[0]]:
        yield f"ended as {outcome}, which {ways[0]} does not lead to"
    if wait is not None and outcome not in _WAITS[RestorationOutcome(wait)]:
        yield f"ended as {outcome}, but its wait was decided as {wait}"
