"""What several customers' services look up together: agreements, measurements and credits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from include.sla_logic.domain.disputes import Dispute
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.billing import BillingLedger
from include.sla_logic.persistence.completeness import Completeness, completeness_of
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.disputes import disputes_of
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.settlement import newest_rounds_of, undecided_credits


@dataclass
class Shared:
    """What several customers' services have looked up for them at once."""

    batch: Batch
    subscriptions: Sequence[Subscription]
    _complete: dict[str, Completeness] = field(default_factory=dict)

    @cached_property
    def register(self) -> ContractRegister:
        """The agreements and contracts."""
        return ContractRegister(connection=self.batch.connection, subscriptions=self.subscriptions)

    @cached_property
    def measurements(self) -> MeasurementRegister:
        """What was measured."""
        connection = self.batch.connection
        return MeasurementRegister(connection=connection, contracts=self.register, subscriptions=self.subscriptions)

    @cached_property
    def ledger(self) -> BillingLedger:
        """What was booked."""
        return BillingLedger(self.batch, self.register, about=self.subscriptions)

    def newest_rounds(self, subscription: Subscription) -> Mapping[Span, Row[Any]]:
        """Return the newest round of each window of a customer's service."""
        return self._rounds.get(subscription, {})

    def undecided(self, subscription: Subscription, window: Period) -> Sequence[Row[Any]]:
        """Return what is held or unclaimed for windows that share time with this one."""
        if not self.batch.looks:  # what is written here may replace some of it
            return undecided_credits(self.batch.connection, [subscription], window)
        mine = (row for row in self._undecided if (row.customer, row.service) == subscription)
        return [row for row in mine if window_of(row).overlaps(window)]

    def disputes(self, subscription: Subscription) -> Sequence[Dispute]:
        """Return what a customer contests, or has contested, of their service."""
        return self._disputes.get(subscription, [])

    def complete(self, service: str) -> Completeness:
        """Return up to when the records of a service are complete."""
        if service not in self._complete:
            services = {service, *(name for _customer, name in self.subscriptions)}
            self._complete |= completeness_of(self.batch.connection, services)
        return self._complete[service]

    @cached_property
    def _rounds(self) -> dict[Subscription, dict[Span, Row[Any]]]:
        return newest_rounds_of(self.batch.connection, self.subscriptions)

    @cached_property
    def _disputes(self) -> dict[Subscription, list[Dispute]]:
        return disputes_of(self.batch.connection, self.subscriptions)

    @cached_property
    def _undecided(self) -> Sequence[Row[Any]]:
        return undecided_credits(self.batch.connection, self.subscriptions)
