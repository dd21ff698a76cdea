"""The use cases of what is settled, disputed or erased, each imported when it is first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

from include.sla_logic.persistence.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from include.sla_logic.services.disputes import Disputes
    from include.sla_logic.services.erasure import Erasure
    from include.sla_logic.services.settlement import Settlement
    from include.sla_logic.services.settlement_views import SettlementViews


class SettledMoney:
    """A part of `UseCases`: what one call writes is one transaction."""

    work: UnitOfWork

    @cached_property
    def disputes(self) -> "Disputes":
        from include.sla_logic.services.disputes import Disputes

        return Disputes(self.work)

    @cached_property
    def erasure(self) -> "Erasure":
        from include.sla_logic.services.erasure import Erasure

        return Erasure(self.work)

    @cached_property
    def settlement(self) -> "Settlement":
        from include.sla_logic.services.settlement import Settlement

        return Settlement(self.work)

    @cached_property
    def settlement_views(self) -> "SettlementViews":
        from include.sla_logic.services.settlement_views import SettlementViews

        return SettlementViews(self.work)
