"""Trouble tickets for other systems: found for those who may see them."""

from collections.abc import Collection
from dataclasses import dataclass

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.open_apis.trouble_ticket import SPECIFICATION, TicketView
from include.sla_logic.persistence.keyset import Cut, Part
from include.sla_logic.persistence.queries.trouble_tickets import TicketQuery, find_ticket, find_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["TicketQuery", "TicketView", "TroubleTickets", "UnableToFindTicket"]


class UnableToFindTicket(NotFoundError):
    """There is no such ticket, or it is one of a customer whom the caller may not see: both get one answer."""


@dataclass(frozen=True)
class TroubleTickets:
    """`customers` are those whose tickets the caller may see, None for all: any other is one that does not exist."""

    work: UnitOfWork

    def listed(self, wanted: TicketQuery, cut: Cut) -> tuple[Part[TicketView], int | None]:
        """Return a part of the tickets that match, and how many there are, None where they are too many to count."""
        with self.work.reading() as connection:
            return find_tickets(connection, wanted, cut)

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
