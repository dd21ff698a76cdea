"""The SLA status of a service at any time, with or without an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.sla_logic.domain.budget import ServiceBudget
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.sla import Assessed, SlaComparison
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.service_assessment import assess_what_is_known, budgets, find_subscriber


@dataclass(frozen=True)
class SlaStatus:
    """Judge from the database, and write nothing."""

    work: UnitOfWork

    def assess(
        self,
        service: str,
        *,
        at: datetime | None = None,
        as_of: datetime | None = None,
        customer: str | None = None,
    ) -> SlaComparison:
        """Judge the contract's window that holds `at`, with what was known at `as_of`; both are now unless given.

        Raise `UnableToFindRecord` where no customer, or more than one, had that service.
        """
        return self.assess_with_facts(service, at=at, as_of=as_of, customer=customer).comparison

    def assess_with_facts(
        self,
        service: str,
        *,
        at: datetime | None = None,
        as_of: datetime | None = None,
        customer: str | None = None,
        under: Contract | None = None,
    ) -> Assessed:
        """Judge as `assess` does, and return also the terms and facts; perhaps `under` another contract than agreed."""
        with self.work.reading() as connection:
            now = as_of or self.work.database.now(connection)
            moment = at or now
            subscriber = customer or find_subscriber(connection, service, at=moment)
            return assess_what_is_known(connection, subscriber, service, at=moment, now=now, under=under)

    def budgets(
        self, services: Sequence[str] = (), *, after: str = "", limit: int = 100, as_of: datetime | None = None
    ) -> list[ServiceBudget]:
        """Return what is used and left in the current windows of services: those named, or all after a service's id."""
        with self.work.reading() as connection:
            now = as_of or self.work.database.now(connection)
            return budgets(connection, services=services, after=after, limit=limit, now=now)
