"""What letters about settled windows say of disputes: every decision once, and nothing while one is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.disputes import Dispute, StatedDispute, frozen_by
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.statement import SettlementStatement
from include.sla_logic.persistence.counted_credits import Subscription
from include.sla_logic.persistence.disputes import disputes_of


@dataclass
class StatedDisputes:
    """The disputes of one customer's service, as one transaction sees them."""

    connection: Connection
    subscription: Subscription

    def is_open(self, window: Period) -> bool:
        """Tell whether a window is frozen."""
        return frozen_by(self._all, window) is not None

    def of(self, window: Period) -> tuple[StatedDispute, ...]:
        """Return the disputes about a part of this time."""
        return tuple(one.stated for one in self._all if one.window.overlaps(window))

    def is_decided_since(
        self, window: Period, letters: Sequence[SettlementStatement], reports: Sequence[CustomerReport]
    ) -> bool:
        """Tell whether one was decided of which neither a letter nor a report about an incident has told."""
        stated = [*(each.disputes for each in letters), *(each.disputes for each in reports)]
        told = {one.reference for several in stated for one in several if not one.is_open}
        return any(not one.is_open and one.reference not in told for one in self.of(window))

    @cached_property
    def _all(self) -> list[Dispute]:
        return disputes_of(self.connection, [self.subscription])[self.subscription]
