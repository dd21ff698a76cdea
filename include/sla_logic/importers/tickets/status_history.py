"""The status changes of an imported ticket, completed to moves that TMF621 allows."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.sla_clock import Owner, StatusEvent
from include.sla_logic.domain.trouble_ticket import MOVES, TicketStatus
from include.sla_logic.importers.rejection import UnableToImportRow

FINAL = frozenset({TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.REJECTED})
SETTLED = FINAL | {TicketStatus.RESOLVED}


def check_order(opened_at: datetime, events: Sequence[StatusEvent]) -> None:
    """Refuse a log whose times run backward: nothing tells which of them is wrong."""
    before = opened_at
    for event in events:
        if event.at < before:
            msg = "%(at)s lies before %(before)s, which it follows"
            raise UnableToImportRow("at", Sentence(msg, at=event.at.isoformat(), before=before.isoformat()))
        before = event.at


def with_total_hold(opened_at: datetime, last: StatusEvent, seconds: int, owner: Owner) -> list[StatusEvent]:
    """Return a hold of that length from the opening on, and what the ticket came to; refuse one that is too long."""
    resumed = opened_at + timedelta(seconds=seconds)
    if resumed > last.at:
        msg = "%(seconds)s s on hold are more than lie before %(at)s"
        raise UnableToImportRow("held_for", Sentence(msg, seconds=str(seconds), at=last.at.isoformat()))
    reason = "On hold in the other system; when is not known, only for how long."
    held = TicketStatus.PENDING if owner is Owner.CUSTOMER else TicketStatus.HELD
    hold = StatusEvent(status=held, at=opened_at, reason=reason, owner=owner)
    return [hold, StatusEvent(status=TicketStatus.IN_PROGRESS, at=resumed, reason="Resumed."), last]


def legal_history(opened_at: datetime, events: Sequence[StatusEvent]) -> Iterator[StatusEvent]:
    """Return a history of moves that TMF621 allows; moves that the other system left out are added at the same instant.

    A final state that was left again becomes resolved, so that the reopening shows.
    """
    now = StatusEvent.model_construct(
        status=TicketStatus.ACKNOWLEDGED, at=opened_at, reason="Opened in the other system.", owner=None
    )
    yield now
    for event in _with_last_end_only(events):
        if (event.status, event.owner) == (now.status, now.owner) and _same_reason(now, event):
            continue
        for status in _path(now.status, event.status):
            now = event if status is event.status else _passed_by(status, event)
            yield now


def _passed_by(status: TicketStatus, event: StatusEvent) -> StatusEvent:
    """Return a state that the other system left out on the way to the event's."""
    return StatusEvent.model_construct(status=status, at=event.at, reason=event.reason, owner=None)


def _same_reason(now: StatusEvent, event: StatusEvent) -> bool:
    return event.held_by is None or now.reason == event.reason


def _with_last_end_only(events: Sequence[StatusEvent]) -> Iterator[StatusEvent]:
    last_open = max((index for index, event in enumerate(events) if event.status not in FINAL), default=-1)
    for index, event in enumerate(events):
        early = event.status in FINAL and index < last_open
        yield event.model_copy(update={"status": TicketStatus.RESOLVED}) if early else event


@cache
def _path(now: TicketStatus, to: TicketStatus) -> tuple[TicketStatus, ...]:
    """Return the shortest path of at least one move, through no final state."""
    waiting: deque[tuple[TicketStatus, ...]] = deque([(now,)])
    while waiting:
        path = waiting.popleft()
        if len(path) > len(TicketStatus):
            break
        for status in sorted(MOVES[path[-1]]):
            if status == to:
                return (*path[1:], status)
            if status not in SETTLED or to in FINAL:
                waiting.append((*path, status))
    raise UnableToImportRow("state", f"a ticket that is {now} cannot become {to}")


def resolved_at(history: Sequence[StatusEvent]) -> datetime:
    """Return when it was last settled: the first of the settled states at the end."""
    since = history[-1].at
    for event in reversed(history):
        if event.status not in SETTLED:
            break
        since = event.at
    return since
