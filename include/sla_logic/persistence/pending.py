"""What a step has written of an incident, until it is flushed."""

from dataclasses import dataclass, field
from datetime import datetime

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.incident_records import Step


@dataclass(frozen=True)
class Entry:
    """One sentence of the timeline."""

    lane: Lane
    event: str


@dataclass(frozen=True)
class Move:
    """One change of the ticket's status."""

    status: TicketStatus
    reason: str


@dataclass(frozen=True)
class Wait:
    """A wait for a restoration request, as it is opened."""

    deadline: datetime
    held_because: str | None


@dataclass
class Pending:
    """What one step has written of one incident and what is not flushed yet."""

    documents: list[tuple[int, Document]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    ties: list[tuple[int, int]] = field(default_factory=list)  # number of the problem, and priority
    has_left: bool = False  # the incident has ended, as far as its service problems are concerned
