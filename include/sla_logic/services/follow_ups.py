"""Acts on incidents whose run has ended: to record work, measure, resolve, reopen and write to the customer again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from include.sla_logic.domain.closed_incident import ClosedIncident
from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import find_number
from include.sla_logic.persistence.invariants.messages import WRITES_AGAIN
from include.sla_logic.persistence.queue_positions import note_decided_credit
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import Answers, UnitOfWork
from include.sla_logic.process import following_up
from include.sla_logic.process.following_up import UnableToFollowUp
from include.sla_logic.services.incidents import with_answers

_WRITTEN_AGAIN, _RESOLVED = WRITES_AGAIN
_BOOKED = frozenset({CreditState.BOOKED, CreditState.PROVISIONAL})


class _Said(NamedTuple):
    """Who does what, and why or what exactly, for the audit."""

    by: str
    action: str
    detail: str


@dataclass(frozen=True)
class FollowUps:
    """Each act is one transaction on a locked ticket, with a line in the audit; the run must have ended.

    A child ticket of the extra process has no run. Its work is recorded, and it is resolved and reopened; measuring and
    writing to the customer are done at its parent.
    """

    work: UnitOfWork

    def record(self, ticket: str, *, done: str, done_at: datetime, by: str) -> TroubleTicket:
        """Record what was done about the service; the same again is recorded once."""
        return self._act(
            ticket,
            lambda file: following_up.record_work(file, done=done, done_at=done_at, by=by),
            said=_Said(by, "work recorded", f"{done} (done at {done_at:%Y-%m-%d %H:%M} UTC)"),
        )

    def measure(self, ticket: str, *, by: str, reason: str) -> TroubleTicket:
        """Measure the service now, through the network that the process uses."""
        return self._act(
            ticket,
            lambda file: following_up.measure_again(_incident(file), by=by),
            said=_Said(by, "measured again", reason),
        )

    def resolve(self, ticket: str, *, basis: Basis, by: str, reason: str, with_children: bool = False) -> TroubleTicket:
        """Resolve the ticket on the newest measurement or on the reason alone, and its open children if asked.

        The money is judged again and the customer is told, both in the same transaction.
        """
        return self._act(
            ticket,
            lambda file: following_up.resolve(file, basis=basis, by=by, reason=reason),
            said=_Said(by, _RESOLVED, reason),
            tells=True,
            children=(lambda file: _finish(file, by=by, reason=reason)) if with_children else None,
        )

    def reopen(self, ticket: str, *, by: str, reason: str) -> TroubleTicket:
        """Open a resolved ticket again; raise `UnableToMoveTicket` where it is not resolved."""
        return self._act(
            ticket,
            lambda file: following_up.reopen(file, by=by, reason=reason),
            said=_Said(by, "incident reopened", reason),
        )

    def write(self, ticket: str, *, by: str, reason: str) -> TroubleTicket:
        """Judge the money again, and put a letter into the outbox that says how the incident stands now."""
        return self._act(
            ticket,
            lambda file: following_up.check_news(_incident(file)),
            said=_Said(by, _WRITTEN_AGAIN, reason),
            tells=True,
        )

    def _act(
        self,
        ticket: str,
        do: Callable[[SqlCaseFile], bool | None],
        *,
        said: _Said,
        tells: bool = False,
        children: Callable[[SqlCaseFile], bool | None] | None = None,
    ) -> TroubleTicket:
        def attempt(answers: Answers) -> TroubleTicket:
            with self.work.writing() as connection:
                number = find_number(connection, ticket)
                below = _children(connection, number) if children else []
                lock_tickets(connection, [number, *below])
                [file, *others] = self.work.open_files(connection, [number, *below], task=said.action, answers=answers)
                _check_ended(file)
                if do(file) is False:
                    return file.ticket
                done = [file, *(other for other in others if children is not None and children(other))]
                flush(connection, done)
                if tells and file.ticket.parent is None:
                    self._tell(connection, number, said)
                for each in done:
                    note_act(connection, Act(file.now, said.by, said.action, each.ticket.id, said.detail))
                return file.ticket

        return with_answers(self.work, attempt)

    def _tell(self, connection: Connection, number: int, said: _Said) -> None:
        """Judge and tell after the act is written: only a resolved ticket has a time to restore."""
        file = self.work.open_file(connection, number, task=said.action)
        credit = following_up.write_again(file, by=said.by)
        flush(connection, [file])
        if credit.state in _BOOKED:
            note_decided_credit(connection, number, ticket=file.ticket.id, booked_as=credit.state)


def _children(connection: Connection, number: int) -> Sequence[int]:
    query = select(tickets.c.number).where(tickets.c.parent == number).order_by(tickets.c.number)
    return connection.scalars(query).all()


def _finish(file: SqlCaseFile, *, by: str, reason: str) -> bool:
    """Resolve a child with its parent; one that is over stays as it is."""
    if file.ticket.status in {TicketStatus.RESOLVED, *following_up.OVER}:
        return False
    following_up.resolve(file, basis=Basis.REASON, by=by, reason=f"with {file.ticket.parent}: {reason}")
    return True


def _incident(file: SqlCaseFile) -> SqlCaseFile:
    if file.ticket.parent is not None:
        msg = "%(ticket)s is the extra process's part of %(parent)s: do this at %(parent)s."
        raise UnableToFollowUp(Sentence(msg, ticket=file.ticket.id, parent=file.ticket.parent))
    return file


def _check_ended(file: SqlCaseFile) -> None:
    """Raise `UnableToFollowUp` while the run is under way, or where the ticket is over for good."""
    if file.ticket.parent is None and file.find(ClosedIncident) is None:
        msg = "The run of %(ticket)s is still under way: it decides what is measured, resolved and written."
        raise UnableToFollowUp(Sentence(msg, ticket=file.ticket.id))
    if following_up.is_over(file):
        msg = "%(ticket)s is %(status)s: nothing more is done about it."
        raise UnableToFollowUp(Sentence(msg, ticket=file.ticket.id, status=file.ticket.status))
