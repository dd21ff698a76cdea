"""What the API answers about a service and about a month."""

from datetime import datetime, timedelta

from pydantic import Field

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement, Customer
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.web.api.answers import Answer
from include.sla_logic.web.api.incident_models import BoardLine


class BoardPage(Answer):
    """The incidents of one service, and how many there are in all."""

    lines: list[BoardLine] = Field(validation_alias="rows")
    total: int
    number: int
    size: int


class KeptCredit(Answer):
    """One credit of one window, as Billing & Collections has it; without an amount until a person names it."""

    reference: str
    ticket: str
    objective: str
    window_start: datetime
    amount: Money | None
    state: str
    recorded_at: datetime


class AgreementView(Answer):
    """One agreement with its windows, the newest first."""

    agreement: Agreement
    customer: Customer
    contract: Contract
    windows: list[SlaComparison]
    credits: list[KeptCredit]


class ServiceView(Answer):
    """One service as its subscribers have it."""

    id: str
    name: str
    kind: str
    agreements: list[AgreementView]
    incidents: BoardPage


class Group(Answer):
    """The incidents that share one outcome, cause, contract or department; credits by currency.

    `restored` counts those of which a correction was measured to have helped; `restored_within` is their median time
    from the customer's report to the correction. `credits` are final; `provisional` is credited for windows that
    settlement has not judged for good.
    """

    name: str
    incidents: int
    breaches: int
    escalated: int
    restored: int
    restored_within: timedelta | None
    credits: tuple[Money, ...] = ()
    provisional: tuple[Money, ...] = ()
    under_review: tuple[Money, ...] = ()


class MonthReport(Answer):
    """One month in UTC, cut in four ways."""

    period: Period
    total: Group
    by_outcome: list[Group]
    by_cause: list[Group]
    by_contract: list[Group]
    by_department: list[Group]
