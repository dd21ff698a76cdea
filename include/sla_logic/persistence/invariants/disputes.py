"""Nothing is booked for a window while it is disputed (I12)."""

from collections.abc import Iterator

from sqlalchemy import Connection, and_, func, or_, select

from include.sla_logic.persistence.counted_credits import COUNTS
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.disputes import disputes


def check_disputes(connection: Connection) -> Iterator[Violation]:
    """Name what was booked between the recording of a dispute and its decision."""
    d, c = disputes.c, applied_billing_credits.c
    booked_at = func.coalesce(c.decided_at, c.recorded_at)
    touching = and_(c.customer == d.customer, c.service == d.service)
    touching &= and_(c.window_start < d.window_end, c.window_end > d.window_start)
    meanwhile = and_(booked_at > d.recorded_at, or_(d.decided_at.is_(None), booked_at < d.decided_at))
    query = select(c.id, d.number).join(disputes, touching).where(c.state.in_(COUNTS), meanwhile)
    for row in connection.execute(query.order_by(c.id, d.number)):
        yield Violation("I12", row.id, f"was booked while its window was disputed (DP-{row.number})")
