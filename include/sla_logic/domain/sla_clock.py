"""The SLA clock of a ticket: calculated from its status history on each read, never stored as a counter.

Priorities are no part of what it is worked out from, so re-prioritising can lose nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.policy_hours import ALWAYS, HoursTable, WrittenHours
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.trouble_ticket import TicketStatus

_ZERO = timedelta(0)
_ALL_HOURS = ServiceHours()
_ON_HOLD = frozenset({TicketStatus.PENDING, TicketStatus.HELD})
_FINAL = frozenset({TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.REJECTED})
_SETTLED = _FINAL | {TicketStatus.RESOLVED}


class Owner(StrEnum):
    """Who has to act while a ticket is on hold."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"


class UnableToReadClock(ForeseenError):
    """There is no history from which the clock could be read."""


class ClockPolicy(HoursTable):
    """Whose holds stop the clock, in which hours it runs, and whether the time until a reopening counts."""

    version: str
    stops_for: frozenset[Owner]
    counts_until_reopened: bool
    service_hours: WrittenHours = ALWAYS


class StatusEvent(Value):
    """One status that the ticket took; `owner` says who has to act where it is on hold."""

    status: TicketStatus
    at: AwareDatetime
    reason: str = ""
    owner: Owner | None = None

    @property
    def held_by(self) -> Owner | None:
        """Return whose hold this is: a pending ticket waits for the customer, unless the history says otherwise."""
        if self.status not in _ON_HOLD:
            return None
        return self.owner or (Owner.CUSTOMER if self.status is TicketStatus.PENDING else Owner.PROVIDER)


class Hold(Value):
    """One stretch on hold, half-open; `end` is None while it lasts."""

    start: AwareDatetime
    end: AwareDatetime | None
    owner: Owner
    reason: str
    stops_the_clock: bool


class Span(Value):
    """A stretch of time that counts, half-open."""

    start: AwareDatetime
    end: AwareDatetime


class SlaClock(Value):
    """What the clock shows at `as_of`: gross is all time until the settlement, net what of it counts.

    `counted` is what no hold stops; of it, net is what lies in the service hours. `running` says that no hold stops
    the clock; outside its service hours it stands all the same, and `stands_until` says for how long.
    """

    opened_at: AwareDatetime
    as_of: AwareDatetime
    settled_at: AwareDatetime | None
    gross: timedelta
    net: timedelta
    holds: tuple[Hold, ...]
    counted: tuple[Span, ...]
    reopened: int
    running: bool
    stands_until: AwareDatetime | None = None

    def counted_since(self, moment: datetime, hours: ServiceHours = _ALL_HOURS) -> timedelta:
        """Return how much of the time after that moment counts, in these hours."""
        return _passed([(max(span.start, moment), span.end) for span in self.counted if span.end > moment], hours)


def _passed(counted: Iterable[tuple[datetime, datetime]], hours: ServiceHours) -> timedelta:
    if not hours.openings:
        return sum((end - start for start, end in counted), _ZERO)
    return timedelta(seconds=hours.counted((to_seconds(start), to_seconds(end)) for start, end in counted))


def read_clock(
    history: Sequence[StatusEvent], *, as_of: datetime, policy: ClockPolicy, hours: ServiceHours = _ALL_HOURS
) -> SlaClock:
    """Read the clock at a moment from the status changes up to it, oldest first; it runs in these hours alone.

    A change that is dated before the one it follows (clocks of two machines differ) counts as made at the same
    moment. Raises `UnableToReadClock` where nothing had happened yet.
    """
    past = _in_order([event for event in history if event.at <= as_of])
    if not past:
        raise UnableToReadClock(f"The ticket has no history before {as_of.isoformat()}.")
    last_open = max((index for index, event in enumerate(past) if not _settled(event)), default=-1)
    counted = [
        (event.at, end)
        for index, (event, end) in enumerate(zip(past, [*(event.at for event in past[1:]), as_of], strict=True))
        if end > event.at and _counts(event, policy, reopened=index < last_open)
    ]
    settled_at = _settled_at(past)
    running = _counts(past[-1], policy, reopened=False)
    return SlaClock(
        opened_at=past[0].at,
        as_of=as_of,
        settled_at=settled_at,
        gross=(settled_at or as_of) - past[0].at,
        net=_passed(counted, hours),
        holds=tuple(_holds(past, policy)),
        counted=tuple(Span(start=start, end=end) for start, end in counted),
        reopened=sum(_settled(now) and not _settled(after) for now, after in pairwise(past)),
        running=running,
        stands_until=hours.stands_until(as_of) if running else None,
    )


def _in_order(history: Sequence[StatusEvent]) -> list[StatusEvent]:
    ordered: list[StatusEvent] = []
    for event in history:
        late = bool(ordered) and event.at < ordered[-1].at
        ordered.append(event.model_copy(update={"at": ordered[-1].at}) if late else event)
    return ordered


def _settled(event: StatusEvent) -> bool:
    return event.status in _SETTLED


def _counts(event: StatusEvent, policy: ClockPolicy, *, reopened: bool) -> bool:
    if _settled(event):
        return reopened and policy.counts_until_reopened
    return event.held_by is None or event.held_by not in policy.stops_for


def _settled_at(past: Sequence[StatusEvent]) -> datetime | None:
    """Return the moment of the last settlement that was not reopened."""
    since = None
    for event in past:
        since = (since or event.at) if _settled(event) else None
    return since


def _holds(past: Sequence[StatusEvent], policy: ClockPolicy) -> list[Hold]:
    ends = [*(event.at for event in past[1:]), None]
    return [
        Hold(start=event.at, end=end, owner=owner, reason=event.reason, stops_the_clock=owner in policy.stops_for)
        for event, end in zip(past, ends, strict=True)
        if (owner := event.held_by) is not None
    ]
