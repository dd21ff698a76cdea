"""Putting a ticket on hold and resuming it: the clock stops only while somebody else owes the next step."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket, UnableToMoveTicket
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.unit_of_work import UnitOfWork


class ClockOwner(StrEnum):
    """Who owes the next step while a ticket is on hold."""

    CUSTOMER = "customer"
    PROVIDER = "provider"


# TMF621: pending waits for the customer and stops the clock, held is our own pause and does not.
_STATUS = MappingProxyType({ClockOwner.CUSTOMER: TicketStatus.PENDING, ClockOwner.PROVIDER: TicketStatus.HELD})


@dataclass(frozen=True)
class Change:
    """One person's change of a ticket, in words."""

    task: str
    done: str
    by: str
    reason: str


@dataclass(frozen=True)
class Holds:
    """A hold is a status of the ticket, so the history keeps its beginning, end and reason."""

    work: UnitOfWork

    def hold(self, ticket: str, *, owner: ClockOwner, by: str, reason: str) -> TroubleTicket:
        """Put the ticket on hold; raise `UnableToMoveTicket` where it is not in progress."""
        done = f"on hold; the next step is owed by the {owner}"
        return self._move(ticket, _STATUS[owner], Change("ticket on hold", done, by, reason))

    def resume(self, ticket: str, *, by: str, reason: str) -> TroubleTicket:
        """Resume the ticket; raise `UnableToMoveTicket` where it is not on hold."""
        return self._move(ticket, TicketStatus.IN_PROGRESS, Change("ticket resumed", "taken up again", by, reason))

    def _move(self, ticket: str, to: TicketStatus, change: Change) -> TroubleTicket:
        with self.work.writing() as connection:
            number = self.work.lock(connection, ticket)
            file = self.work.open_file(connection, number, task=change.task)
            if to is TicketStatus.IN_PROGRESS and file.ticket.status not in _STATUS.values():
                msg = "%(ticket)s is %(status)s, not on hold."
                raise UnableToMoveTicket(Sentence(msg, ticket=file.ticket.id, status=file.ticket.status))
            if to in _STATUS.values() and file.ticket.status in _STATUS.values():
                msg = "%(ticket)s is on hold already: resume it first."
                raise UnableToMoveTicket(Sentence(msg, ticket=file.ticket.id))
            file.move_ticket(to, reason=f"{change.reason} ({change.by})")
            file.record(f"The ticket is {change.done}, says {change.by}: {change.reason}", lane=file.ticket.assigned_to)
            flush(connection, [file])
            note_act(connection, Act(file.now, change.by, change.task, file.ticket.id, change.reason))
            return file.ticket
