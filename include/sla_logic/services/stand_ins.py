"""A register in which other contracts stand in for those on record: as if they had been agreed from the first day."""

from collections.abc import Mapping

from sqlalchemy import Connection

from include.sla_logic.domain import agreements as laid
from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import AgreedTime
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.contracts import ContractRegister, Subscription

Version = tuple[str, str]  # of a contract: its id and version


class StandInRegister(ContractRegister):
    """The register with `instead`: by the version on record, the contract that stands in for it."""

    def __init__(
        self, *, connection: Connection, on_record: ContractRegister, instead: Mapping[Version, Contract]
    ) -> None:
        """Look through this transaction; agreements are those that the register `on_record` has looked up."""
        super().__init__(connection=connection)
        self._on_record = on_record
        self._instead = instead
        self._standing = {(one.id, one.version): one for one in instead.values()}
        self._replaced: dict[Subscription, list[Agreement]] = {}

    def contract(self, agreement: Agreement) -> Contract:
        """Return the contract that stands in, or the one on record."""
        standing = self._standing.get((agreement.contract, agreement.contract_version))
        return self._on_record.contract(agreement) if standing is None else standing.begun_on(agreement.starts)

    def _agreements_of(self, subscription: Subscription) -> list[Agreement]:
        """Return what was agreed under the contracts that stand in; days are those of the new contract's zone."""
        if subscription not in self._replaced:
            self._replaced[subscription] = self._with_stand_ins(self._on_record.agreements(subscription))
        return self._replaced[subscription]

    def _with_stand_ins(self, held: list[Agreement]) -> list[Agreement]:
        found, moves = list[laid.Terms](), False
        for one in held:
            standing = self._instead.get((one.contract, one.contract_version))
            zone = self._on_record.contract(one).zone
            day = None if one.begins is None else local_day(one.begins, zone)
            if standing is not None:
                moves = moves or standing.zone != zone
                zone = standing.zone
                one = one.model_copy(update={"contract": standing.id, "contract_version": standing.version})  # noqa: PLW2901
            found.append(laid.Terms(one, day, zone))
        return laid.lay_out(found) if moves else [terms.agreement for terms in found]


class Terms(ContractRegister):
    """The terms of one register after another, for facts that are looked up only once for all of them."""

    of: ContractRegister

    def contract(self, agreement: Agreement) -> Contract:
        """Return the contract as that register has it."""
        return self.of.contract(agreement)

    def agreed_times(self, judged: Agreement) -> tuple[AgreedTime, ...]:
        """Return the agreed time as that register has it."""
        return self.of.agreed_times(judged)

    def alike(self, agreement: Agreement) -> list[str]:
        """Return the services with that contract, as that register has them."""
        return self.of.alike(agreement)
