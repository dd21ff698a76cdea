"""Which customer has subscribed which service: what a new problem report can be about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord
from include.sla_logic.persistence.queries.subscriptions import Subscription, list_subscriptions
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["Subscription", "Subscriptions", "UnableToFindSubscription"]


class UnableToFindSubscription(NotFoundError):
    """The register knows no such subscription; `field` says which part is wrong, `customer` or `service`."""

    def __init__(self, says: str, *, field: str) -> None:
        super().__init__(says)
        self.field = field


@dataclass(frozen=True)
class Subscriptions:
    """Reads the contract register."""

    work: UnitOfWork

    def some(self, *, limit: int) -> Sequence[Subscription]:
        """Return subscriptions to choose from, in the order of customers."""
        with self.work.reading() as connection:
            return list_subscriptions(connection, limit=limit)

    def require(self, customer: str, service: str, *, at: datetime) -> None:
        """Raise `UnableToFindSubscription` where the customer had no agreement for the service at that time."""
        with self.work.reading() as connection:
            register = ContractRegister(connection=connection)
            try:
                register.customer(customer)
            except UnableToFindRecord as error:
                raise UnableToFindSubscription(str(error), field="customer") from error
            try:
                register.agreement(customer, service, at=at)
            except UnableToFindRecord as error:
                raise UnableToFindSubscription(str(error), field="service") from error
