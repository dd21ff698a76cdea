"""Which customer has subscribed which service: what a new problem report can be about."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.sla_logic.persistence.queries.open_incidents import open_about
from include.sla_logic.persistence.queries.subscriptions import Subscription, find_customers, list_subscriptions
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["Subscription", "Subscriptions"]


@dataclass(frozen=True)
class Subscriptions:
    """Reads the contract register."""

    work: UnitOfWork

    def some(self, *, limit: int) -> Sequence[Subscription]:
        """Return subscriptions to choose from, in the order of customers."""
        with self.work.reading() as connection:
            return list_subscriptions(connection, limit=limit)

    def of(self, customer: str, *, limit: int) -> Sequence[Subscription]:
        """Return what one customer has subscribed."""
        with self.work.reading() as connection:
            return list_subscriptions(connection, limit=limit, customer=customer)

    def customers(self, text: str, *, limit: int) -> Sequence[tuple[str, str]]:
        """Return number and name of the customers whose number or name has this text in it."""
        with self.work.reading() as connection:
            return find_customers(connection, text, limit=limit)

    def open_about(self, service: str, *, limit: int) -> Sequence[str]:
        """Return the open tickets about a service, the most urgent first."""
        with self.work.reading() as connection:
            return open_about(connection, service, limit=limit)
