"""Judge open incidents again whose money at stake is out of date: a tier, a window or a cap was used up since."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, not_, or_, select

from include.sla_logic.domain.sla_clock import Owner
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.contracts import UnableToFindRecord
from include.sla_logic.persistence.counted_credits import COUNTS
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.queue_positions import change_places, judged
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets
from include.sla_logic.persistence.sla_clocks import read_clocks, read_standing
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.services.service_assessment import assess_service


def rejudge(connection: Connection, *, now: datetime, limit: int) -> int:
    """Judge incidents again whose next tier or window has passed, at most `limit`; return how many.

    So is one whose customer's service was credited since: that uses up the cap. Only the queue changes; the documents
    of the incident stay. No tier passes while a hold stops the clock. After the end of a window, what is still down
    counts in the window of now; of the window that is over nothing is at stake.
    """
    rows = connection.execute(_out_of_date(now).limit(limit)).all()
    if not rows:
        return 0
    numbers = [row.number for row in rows]
    lock_tickets(connection, numbers)
    clocks = read_clocks(connection, numbers, as_of=now)
    changes: dict[int, dict[str, Any]] = {}
    for row in rows:
        runs_out_at = read_standing(row._asdict(), clocks[row.number]).runs_out_at
        is_over = row.window_end is not None and row.window_end <= now
        in_time = not is_over and not row.credited
        if in_time and runs_out_at is not None and runs_out_at >= now:  # it was held meanwhile, and has time left
            changes[row.number] = {"next_tier_at": runs_out_at}
        else:
            changes[row.number] = _judged(connection, row, now)
    change_places(connection, changes, now=now)
    return sum("judged_at" in change for change in changes.values())


def _out_of_date(now: datetime) -> Select[Any]:
    credited = _credited_since()
    return (
        select(queue, tickets.c.number, tickets.c.customer, tickets.c.service, credited.label("credited"))
        .join(tickets, tickets.c.number == queue.c.ticket)
        .where(
            queue.c.open.is_(True),
            or_(
                queue.c.next_tier_at < now,
                queue.c.window_end <= now,
                and_(queue.c.at_stake.is_not(None), queue.c.window_end.is_(None)),  # judged by an earlier release
                credited,
            ),
            not_(_is_stopped()),
        )
        .order_by(queue.c.next_tier_at)
    )


def _is_stopped() -> ColumnElement[bool]:
    """Tell whether the hold of a ticket stops its clock, as `StatusEvent.held_by` and the policy of clocks have it."""
    last, pending = ticket_status_history.c, TicketStatus.PENDING
    owner = select(last.owner).where(last.ticket == tickets.c.number).order_by(last.sequence.desc()).limit(1)
    unless_said = case((tickets.c.status == pending.value, Owner.CUSTOMER.value), else_=Owner.PROVIDER.value)
    stops = func.coalesce(owner.correlate(tickets).scalar_subquery(), unless_said).in_(
        [each.value for each in policies_in_force().sla_clock.stops_for]
    )
    return and_(tickets.c.status.in_((pending.value, TicketStatus.HELD.value)), stops)


def _credited_since() -> ColumnElement[bool]:
    credit = applied_billing_credits.c
    theirs = and_(credit.customer == tickets.c.customer, credit.service == tickets.c.service)
    since = and_(credit.state.in_(COUNTS), queue.c.judged_at < func.coalesce(credit.decided_at, credit.recorded_at))
    return and_(queue.c.at_stake.is_not(None), exists().where(theirs, since).correlate(queue, tickets))


_NOTHING: dict[str, Any] = dict.fromkeys(("next_tier_at", "next_tier", "at_stake", "budget_seconds", "window_end"))


def _judged(connection: Connection, row: Row[Any], now: datetime) -> dict[str, Any]:
    """Judge the window of now; without an agreement in the register, or an outage that goes on, no tier is to come."""
    at = row.judged_at if row.window_end is None else now
    try:
        found = assess_service(connection, row.customer, row.service, at=at, now=now).comparison
    except UnableToFindRecord:
        return _NOTHING
    if row.window_end is not None and found.window.end != row.window_end and not found.provisional_objectives:
        return _NOTHING
    return judged(found)
