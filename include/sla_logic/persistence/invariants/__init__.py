"""What must be true of an operations database at every moment, checked by reading alone.

The same checks serve the operator (`sla doctor`) and every fault test.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.persistence.invariants.caps import cap_breaches
from include.sla_logic.persistence.invariants.incidents import incident_breaches, unsettled_incidents
from include.sla_logic.persistence.invariants.messages import message_breaches
from include.sla_logic.persistence.invariants.money import money_breaches
from include.sla_logic.persistence.invariants.outcomes import outcome_breaches
from include.sla_logic.persistence.invariants.problems import problem_breaches
from include.sla_logic.persistence.invariants.violation import Breach
from include.sla_logic.persistence.invariants.waits import wait_breaches

__all__ = ["Breach", "inspect", "unsettled_incidents"]


def inspect(connection: Connection) -> Sequence[Breach]:
    """Return every breach of what holds at every moment, however many incidents are under way."""
    return list(_all(connection))


def inspect_settled(connection: Connection, *, now: datetime) -> Sequence[Breach]:
    """Return the breaches of a house in which no run is under way: whoever has not ended must be waiting."""
    return [*_all(connection), *unsettled_incidents(connection, now=now)]


def _all(connection: Connection) -> Iterator[Breach]:
    yield from incident_breaches(connection)
    yield from outcome_breaches(connection)
    yield from money_breaches(connection)
    yield from cap_breaches(connection)
    yield from message_breaches(connection)
    yield from wait_breaches(connection)
    yield from problem_breaches(connection)
