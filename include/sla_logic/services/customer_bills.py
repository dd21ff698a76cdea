"""What was booked on billing accounts, and the invoices that it is applied to: to be read by other systems."""

from collections.abc import Collection
from dataclasses import dataclass

from include.sla_logic.domain.booked_credit import Bill, BookedCredit
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.keyset import Cut, Part
from include.sla_logic.persistence.queries.booked_credits import BillFilter, CreditFilter, find_bills, find_credits
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["BillFilter", "CreditFilter", "CustomerBills", "UnableToFindBill"]

_ONE = Cut(limit=1)


class UnableToFindBill(NotFoundError):
    """There is no such credit or invoice, it was not booked, or it is another customer's."""


@dataclass(frozen=True)
class CustomerBills:
    """`customers` are those whose accounts the caller may see, None for all: any other's do not exist for them."""

    work: UnitOfWork

    def credits(self, wanted: CreditFilter, cut: Cut) -> tuple[Part[BookedCredit], int]:
        """Return a part of what was booked, and how much there is in all."""
        with self.work.reading() as connection:
            return find_credits(connection, wanted, cut)

    def credit(self, reference: str, *, customers: Collection[str] | None = None) -> BookedCredit:
        """Return one credit that was booked; raise `UnableToFindBill`."""
        found, _ = self.credits(CreditFilter(customers, references=[reference]), _ONE)
        if not found.rows:
            raise UnableToFindBill(f"Nothing was booked under the reference {reference[:100]!r}.")
        return found.rows[0]

    def bills(self, wanted: BillFilter, cut: Cut) -> tuple[Part[Bill], int]:
        """Return a part of the invoices, and how many there are in all."""
        with self.work.reading() as connection:
            return find_bills(connection, wanted, cut)

    def bill(self, name: str, *, customers: Collection[str] | None = None) -> Bill:
        """Return one invoice; raise `UnableToFindBill`."""
        found, _ = self.bills(BillFilter(customers, bills=[name]), _ONE)
        if not found.rows:
            raise UnableToFindBill(f"There is no invoice {name[:64]!r}.")
        return found.rows[0]
