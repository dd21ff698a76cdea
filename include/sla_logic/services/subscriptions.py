"""Which customer has subscribed which service: what a new problem report can be about."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.sla_logic.persistence.queries.subscriptions import Subscription, list_subscriptions
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
