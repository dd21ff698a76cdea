"""What was booked on billing accounts, as other systems are told: credits, and the invoices they are applied to."""

from datetime import date

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period


class BookedCredit(Value):
    """One credit that was booked, or a charge that takes one back where `amount` is negative.

    `window_done` tells whether its window was settled since: until then more may be booked for it. `source` is the
    incident or the round of settlement that brought it, `key` its name at the billing system. `invoice` is None where
    no invoice was open, or the caller may not see it.
    """

    reference: str
    source: str
    customer: str
    service: str
    agreement: str
    account: str
    objective: str
    window: Period
    window_done: bool
    amount: Money
    booked_at: AwareDatetime
    invoice: str | None
    invoice_settled: bool
    key: str


class Bill(Value):
    """One invoice: `total` is its lines less the credits that were booked on it; `ends` is as the register has it."""

    id: str
    account: str
    customer: str
    starts: date
    ends: date
    settled: bool
    total: Money
