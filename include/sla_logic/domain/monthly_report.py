"""What a customer is told of a month: each service with promises, measurements, outages, credits, and what is next."""

from typing import Any

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.service_performance import ServicePerformance
from include.sla_logic.domain.statement import CountedOutages, StatedCredit


class ServiceMonth(Value):
    """One window of one service that shares time with the month; `settled` once nothing of it is open.

    `under_review` tells that a second person decides about a credit of it, `disputed` that the customer contests it;
    `next_window` is None where none is agreed.
    """

    service: str
    service_name: str
    contract: str
    zone: str
    performance: ServicePerformance
    outages: tuple[CountedOutages, ...]
    credits: tuple[StatedCredit, ...]
    settled: bool
    under_review: bool
    next_window: Period | None
    disputed: bool = False


class MonthlyReport(Value):
    """All services of a customer in one month, as known at `created_at`; `providers` are those of the contracts."""

    customer: str
    customer_name: str
    locale: str
    month: str
    providers: tuple[str, ...]
    services: tuple[ServiceMonth, ...]
    created_at: AwareDatetime

    @property
    def content(self) -> str:
        """What it says, whenever it is asked for: the same text as long as nothing has changed, in every release."""
        unsaid = {} if any(one.disputed for one in self.services) else {"disputed": True}
        moments: dict[str, Any] = {"created_at": True, "services": {"__all__": {"performance": {"as_of"}} | unsaid}}
        return self.model_dump_json(exclude=moments)
