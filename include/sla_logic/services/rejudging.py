"""Judge open incidents again once their next credit tier has passed: the queue's money at stake is out of date."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.persistence.contracts import UnableToFindRecord
from include.sla_logic.persistence.incident_records import lock_tickets
from include.sla_logic.persistence.queue_positions import change_places, judged
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.sla_clocks import read_clocks, read_standing
from include.sla_logic.services.service_assessment import assess_service


def rejudge(connection: Connection, *, now: datetime, limit: int) -> int:
    """Judge incidents again whose next tier has passed while their clocks ran, at most `limit`; return how many.

    Only the queue changes; the documents of the incident stay. No tier passes while a ticket is on hold.
    """
    query = (
        select(queue, tickets.c.number, tickets.c.customer, tickets.c.service)
        .join(tickets, tickets.c.number == queue.c.ticket)
        .where(queue.c.open.is_(True), queue.c.next_tier_at < now, tickets.c.status.not_in(("pending", "held")))
        .order_by(queue.c.next_tier_at)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    if not rows:
        return 0
    numbers = [row.number for row in rows]
    lock_tickets(connection, numbers)
    clocks = read_clocks(connection, numbers, as_of=now)
    changes: dict[int, dict[str, Any]] = {}
    for row in rows:
        runs_out_at = read_standing(row._asdict(), clocks[row.number]).runs_out_at
        if runs_out_at is not None and runs_out_at >= now:  # it was held meanwhile, and has time left
            changes[row.number] = {"next_tier_at": runs_out_at}
        else:
            changes[row.number] = _judged(connection, row, now)
    change_places(connection, changes, now=now)
    return sum("judged_at" in change for change in changes.values())


def _judged(connection: Connection, row: Row[Any], now: datetime) -> dict[str, Any]:
    """Judge the window that was judged before; without an agreement in the register no tier is to come."""
    try:
        found = assess_service(connection, row.customer, row.service, at=row.judged_at, now=now)
        return judged(found.comparison)
    except UnableToFindRecord:
        return {"next_tier_at": None}
