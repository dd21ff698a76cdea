"""The trouble ticket of System T: TMF621 states and the moves between them."""

from enum import StrEnum
from types import MappingProxyType

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.sentence import Sentence


class TicketStatus(StrEnum):
    """TMF621 TroubleTicketStatusType."""

    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "inProgress"
    PENDING = "pending"
    HELD = "held"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


_S = TicketStatus
OPEN = (_S.ACKNOWLEDGED, _S.IN_PROGRESS, _S.PENDING, _S.HELD)  # all others are settled
MOVES = MappingProxyType(
    {
        _S.ACKNOWLEDGED: frozenset({_S.IN_PROGRESS, _S.REJECTED, _S.CANCELLED}),
        _S.IN_PROGRESS: frozenset({_S.PENDING, _S.HELD, _S.RESOLVED, _S.CANCELLED}),
        _S.PENDING: frozenset({_S.IN_PROGRESS, _S.CANCELLED}),
        _S.HELD: frozenset({_S.IN_PROGRESS, _S.CANCELLED}),
        _S.RESOLVED: frozenset({_S.CLOSED, _S.IN_PROGRESS}),
        _S.CLOSED: frozenset(),
        _S.REJECTED: frozenset(),
        _S.CANCELLED: frozenset(),
    }
)


class UnableToMoveTicket(ForeseenError):
    """The status model of TMF621 has no such move."""


class TroubleTicket(Value):
    """One trouble ticket in its present state, without its history; a proactive one was opened by an alarm."""

    id: str
    external_reference: str | None
    run_id: str
    customer: str
    service: str
    status: TicketStatus
    assigned_to: Lane
    escalated: bool = False
    parent: str | None = None
    created_at: AwareDatetime
    proactive: bool = False


def check_move(now: TicketStatus, to: TicketStatus) -> None:
    """Raise `UnableToMoveTicket` unless the ticket may go from one status to the other."""
    if to not in MOVES[now]:
        msg = "A ticket that is %(now)s cannot become %(to)s; it can become %(allowed)s."
        allowed = tuple(sorted(MOVES[now])) or Sentence("nothing")
        raise UnableToMoveTicket(Sentence(msg, now=now, to=to, allowed=allowed))
