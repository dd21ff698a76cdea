"""The rows of an imported ticket, table by table."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.queue_order import place_in_queue
from include.sla_logic.domain.sla_clock import Owner, StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.importers.tickets.event_log import ImportedTicket
from include.sla_logic.importers.tickets.status_history import SETTLED
from include.sla_logic.persistence.policy_tables import policies_in_force

IMPORTED = "imported"
WAITS = "Waits in the backlog."
Rows = Iterable[dict[str, Any]]


def document(number: int, ticket: ImportedTicket, now: datetime) -> Rows:
    """Return what the customer reported, as the first document."""
    notification = ticket.notification
    yield {
        "ticket": number,
        "kind": notification.kind(),
        "round": 1,
        "schema_version": notification.schema_version,
        "body": ticket.body,
        "task": IMPORTED,
        "written_at": now,
    }


def history(number: int, ticket: ImportedTicket) -> Rows:
    """Return the status changes."""
    for sequence, event in enumerate(ticket.history, start=1):
        yield {
            "ticket": number,
            "sequence": sequence,
            "status": event.status.value,
            "reason": event.reason,
            "at": event.at,
            "owner": event.owner.value if event.owner else None,
        }


def timeline(number: int, ticket: ImportedTicket, source: str, now: datetime) -> Rows:
    """Return reopenings and changed priorities when they happened, and last the import."""
    for sequence, (at, event) in enumerate([*timeline_events(ticket), (now, f"Imported from {source}.")], start=1):
        yield {
            "ticket": number,
            "sequence": sequence,
            "lane": Lane.CUSTOMER_SERVICE.value,
            "event": event,
            "at": at,
        }


def timeline_events(ticket: ImportedTicket) -> list[tuple[datetime, str]]:
    """Return the reopenings and changed priorities, oldest first."""
    return sorted([*_reopenings(ticket), *_changed_priorities(ticket)], key=lambda entry: entry[0])


def our_hold(at: datetime) -> StatusEvent:
    """Return the hold in which a ticket that is in progress elsewhere waits for a run of ours.

    It begins with the last known change, so that later changes in the other system lie after it.
    """
    return StatusEvent(status=TicketStatus.HELD, at=at, reason=WAITS, owner=Owner.PROVIDER)


def _reopenings(ticket: ImportedTicket) -> Iterator[tuple[datetime, str]]:
    for before, after in pairwise(ticket.history):
        if before.status in SETTLED and after.status not in SETTLED:
            yield after.at, "Reopened in the other system."


def _changed_priorities(ticket: ImportedTicket) -> Iterator[tuple[datetime, str]]:
    matrix = policies_in_force().priorities
    for before, after in pairwise(ticket.ratings):
        old, new = (matrix.priority(rated.impact, rated.urgency) for rated in (before, after))
        if old is not new:
            yield after.at, f"Priority changed from {old} to {new} in the other system."


def queue_position(number: int, ticket: ImportedTicket, *, protected: bool) -> dict[str, Any]:
    """Return the row of the queue; the position of a waiting ticket is computed when all are imported."""
    policy = policies_in_force().priorities
    first, last = (policy.priority(rated.impact, rated.urgency) for rated in (ticket.ratings[0], ticket.ratings[-1]))
    return {
        "ticket": number,
        "open": not ticket.settled,
        "place": place_in_queue(
            number,
            protected=protected,
            priority=last,
            runs_out_at=None,
            score=None,
            opened_at=ticket.history[0].at,
        ),
        "protected": protected,
        "priority": last.value,
        "original_priority": first.value,
        "outcome": IMPORTED if ticket.settled else None,
        "closed_at": ticket.history[-1].at if ticket.settled else None,
    }
