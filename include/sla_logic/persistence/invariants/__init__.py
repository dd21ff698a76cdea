"""What must be true of an operations database at every moment, checked by reading alone.

The same checks serve the operator (`sla doctor`) and every fault test.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.persistence.invariants.agreements import check_agreements
from include.sla_logic.persistence.invariants.caps import check_caps
from include.sla_logic.persistence.invariants.disputes import check_disputes
from include.sla_logic.persistence.invariants.incidents import check_incidents, unsettled_incidents
from include.sla_logic.persistence.invariants.letter_archive import check_archive
from include.sla_logic.persistence.invariants.listeners import check_listeners
from include.sla_logic.persistence.invariants.messages import check_messages
from include.sla_logic.persistence.invariants.money import check_money
from include.sla_logic.persistence.invariants.outcomes import check_outcomes
from include.sla_logic.persistence.invariants.problems import check_problems
from include.sla_logic.persistence.invariants.settlement import check_settlement
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.invariants.waits import check_waits
from include.sla_logic.persistence.invariants.ways import check_ways
from include.sla_logic.persistence.invariants.windows import check_windows

__all__ = ["Violation", "check", "check_settled"]


def check(connection: Connection) -> Sequence[Violation]:
    """Return every violation of what holds at every moment, however many incidents are active."""
    return list(_all(connection))


def check_settled(connection: Connection, *, now: datetime) -> Sequence[Violation]:
    """Return the violations where no run is active: an incident that has not ended must be waiting."""
    return [*_all(connection), *unsettled_incidents(connection, now=now)]


def _all(connection: Connection) -> Iterator[Violation]:
    yield from check_incidents(connection)
    yield from check_outcomes(connection)
    yield from check_ways(connection)
    yield from check_agreements(connection)
    yield from check_money(connection)
    yield from check_windows(connection)
    yield from check_caps(connection)
    yield from check_settlement(connection)
    yield from check_disputes(connection)
    yield from check_messages(connection)
    yield from check_archive(connection)
    yield from check_listeners(connection)
    yield from check_waits(connection)
    yield from check_problems(connection)
