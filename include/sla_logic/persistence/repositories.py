"""The repositories that a batch of incidents asks; each is opened when it is first asked."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from include.sla_logic.persistence.batch import Batch, BatchNetwork

if TYPE_CHECKING:
    from include.sla_logic.persistence.billing import BillingLedger
    from include.sla_logic.persistence.contracts import ContractRegister
    from include.sla_logic.persistence.measurements import MeasurementRegister
    from include.sla_logic.persistence.restorations import WaitRegister
    from include.sla_logic.persistence.service_problems import ProblemRegister


class Repositories:
    """Looks up once for all incidents of a batch, and keeps what they write until it is flushed."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @cached_property
    def contracts(self) -> "ContractRegister":
        from include.sla_logic.persistence.contracts import ContractRegister

        return ContractRegister(connection=self.batch.connection, subscriptions=self.batch.subscriptions)

    @cached_property
    def measurements(self) -> "MeasurementRegister":
        from include.sla_logic.persistence.measurements import MeasurementRegister

        return MeasurementRegister(
            connection=self.batch.connection,
            contracts=self.contracts,
            subscriptions=self.batch.subscriptions,
            fresh=self.batch.fresh,
        )

    @cached_property
    def network(self) -> BatchNetwork:
        return self.batch.gateways.network(self.batch, self._tied_resources)

    def _tied_resources(self) -> Sequence[tuple[str, str]]:
        return self.problems.tied_resources()

    @cached_property
    def problems(self) -> "ProblemRegister":
        from include.sla_logic.persistence.service_problems import ProblemRegister

        return ProblemRegister(self.batch)

    @cached_property
    def billing(self) -> "BillingLedger":
        from include.sla_logic.persistence.billing import BillingLedger

        return BillingLedger(self.batch, self.contracts)

    @cached_property
    def waits(self) -> "WaitRegister":
        from include.sla_logic.persistence.restorations import WaitRegister

        return WaitRegister(self.batch)

    def flush(self) -> None:
        """Write what the network, the problems and the ledger hold; what was never asked holds nothing."""
        for name in ("network", "problems", "billing"):
            if name in self.__dict__:
                self.__dict__[name].flush()
