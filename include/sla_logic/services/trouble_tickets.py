"""Trouble tickets for other systems: found for those who may see them, reported, and changed by acts of the desk."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.open_apis.trouble_ticket import SPECIFICATION, TicketView
from include.sla_logic.domain.run_ids import run_id_of
from include.sla_logic.domain.trouble_ticket import TicketStatus, UnableToMoveTicket, check_move
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.keyset import Cut, Part
from include.sla_logic.persistence.queries.trouble_tickets import TicketQuery, find_ticket, find_tickets
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.team import add_note
from include.sla_logic.persistence.ticket_counts import PART, fold, recount
from include.sla_logic.persistence.ticket_events import tell_note
from include.sla_logic.persistence.tickets import key_of
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.follow_ups import FollowUps
from include.sla_logic.services.holds import ClockOwner, Holds
from include.sla_logic.services.incidents import Incidents
from include.sla_logic.services.intake import Intake
from include.sla_logic.services.team import INTERNAL, Team, readable

__all__ = ["TicketQuery", "TicketView", "TroubleTickets", "UnableToFindTicket", "readable"]

_S = TicketStatus
ORIGIN = "TMF621"


class UnableToFindTicket(NotFoundError):
    """There is no such ticket, or it is one of a customer whom the caller may not see: both get one answer."""


class UnableToReportAgain(ForeseenError):
    """The sender's reference is that of another report."""


@dataclass(frozen=True)
class TroubleTickets:
    """`customers` are those whose tickets the caller may see, None for all: any other is one that does not exist."""

    work: UnitOfWork

    def listed(self, wanted: TicketQuery, cut: Cut) -> tuple[Part[TicketView], int | None]:
        """Return a part of the tickets that match, and how many there are, None where too many had to be looked at."""
        with self.work.reading() as connection:
            return find_tickets(connection, wanted, cut)

    def fold_counts(self) -> int:
        """Add the changes of the kept counts up, a part in each transaction; return how many there were."""
        changes = 0
        while True:
            with self.work.writing() as connection:
                changes += (taken := fold(connection))
            if taken < PART:
                return changes

    def recount(self) -> int:
        """Count all tickets and put right what is kept wrongly; return how many counts that were."""
        with self.work.writing() as connection:
            return recount(connection)

    def find(self, ticket: str, *, customers: Collection[str] | None = None) -> TicketView:
        """Return one ticket; raise `UnableToFindTicket`."""
        with self.work.reading() as connection:
            found = find_ticket(connection, ticket, customers)
        if found is None:
            raise UnableToFindTicket(f"There is no trouble ticket {ticket[:64]!r}; write it as TT-000001.")
        return found

    def check_specification(self, name: str) -> None:
        """Raise `UnableToFindTicket` unless this is the one specification."""
        if name != SPECIFICATION:
            raise UnableToFindTicket(f"There is no specification {name[:64]!r}; there is {SPECIFICATION}.")

    def check(self, conf: object, *, customers: Collection[str] | None = None) -> ProblemNotification:
        """Return the report as it was sent, checked before a run exists.

        Raise `UnableToAcceptNotification` with all its faults, or `UnableToReportAgain`.
        """
        notification = Intake(self.work).check(conf, customers=customers)
        run_id = run_id_of(notification)
        with self.work.reading() as connection:
            query = select(tickets.c.run_id, tickets.c.customer).where(
                tickets.c.external_key == key_of(notification, run_id)
            )
            known = connection.execute(query).one_or_none()
        if known is not None and (known.run_id != run_id or known.customer != notification.customer):
            what = notification.external_reference
            raise UnableToReportAgain(
                f"externalIdentifier: {what} is the number of another report; send one of its own."
            )
        return notification

    def open(
        self, notification: Mapping[str, Any], *, run_id: str, notes: Sequence[str], by: str, partner: bool
    ) -> str:
        """Return the ticket of a run that was started with this report; whichever of both comes first opens it."""
        ticket = Incidents(self.work).accept(dict(notification), run_id=run_id, origin=ORIGIN).id
        detail = f"{notification['symptom']} of {notification['service']} for {notification['customer']}"
        with self.work.writing() as connection:
            note_act(connection, Act(self.work.database.now(connection), by, "problem report entered", run_id, detail))
        self.write(ticket, notes, by=by, partner=partner)
        return ticket

    def write(self, ticket: str, notes: Sequence[str], *, by: str, partner: bool) -> None:
        """Keep notes, each once: those of a partner are read by partners and colleagues, others by colleagues alone."""
        for text in notes:
            if not partner:
                Team(self.work).note(ticket, text, by=by)
                continue
            with self.work.writing() as connection:
                number, now, said = (
                    self.work.lock(connection, ticket),
                    self.work.database.now(connection),
                    readable(text),
                )
                if add_note(connection, number, kind=INTERNAL, author=by, text=said, now=now, received=True):
                    note_act(connection, Act(now, by, "note of a partner", ticket, f"{len(said)} characters"))
                    tell_note(connection, number, now=now)

    def move(self, ticket: str, to: TicketStatus, *, by: str, reason: str) -> None:
        """Give a ticket this status by the act of the desk that does it; a status that it has already stays.

        Raise `UnableToMoveTicket` where no act leads there, and what the act itself raises.
        """
        now = self.find(ticket).ticket.status
        if now is to:
            return
        check_move(now, to)
        holds, follow_ups = Holds(self.work), FollowUps(self.work)
        match now, to:
            case _S.IN_PROGRESS, _S.PENDING:
                holds.hold(ticket, owner=ClockOwner.CUSTOMER, by=by, reason=reason)
            case _S.IN_PROGRESS, _S.HELD:
                holds.hold(ticket, owner=ClockOwner.PROVIDER, by=by, reason=reason)
            case ((_S.PENDING | _S.HELD), _S.IN_PROGRESS):
                holds.resume(ticket, by=by, reason=reason)
            case _S.RESOLVED, _S.IN_PROGRESS:
                follow_ups.reopen(ticket, by=by, reason=reason)
            case _, _S.RESOLVED:
                follow_ups.resolve(ticket, basis=Basis.REASON, by=by, reason=reason)
            case _:
                msg = f"{ticket} is {now}: the process alone, and no act of a person, makes it {to}."
                raise UnableToMoveTicket(msg)
