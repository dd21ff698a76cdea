"""Credits at the end of a month as finance books them: what is firm, what is not, and why."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period


class Standing(StrEnum):
    """How firm a credit is. Booked for a window that is not settled yet, it is provisional."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    HELD = "held"
    UNCLAIMED = "unclaimed"
    LAPSED = "lapsed"
    DECLINED = "declined"


class Payment(StrEnum):
    """How a booked credit reaches the customer, or how one that was booked against them is charged."""

    INVOICE = "invoice"
    TO_BE_PAID_OUT = "to_be_paid_out"
    PAID_OUT = "paid_out"
    TO_BE_CHARGED = "to_be_charged"
    NONE = "none"


class FinanceEntry(Value):
    """One credit: `window` is the period that it belongs to; `amount` is None where a person must name it."""

    reference: str
    customer: str
    service: str
    contract: str
    cause: str
    standing: Standing
    payment: Payment
    reasons: tuple[str, ...]
    window: Period
    currency: str
    amount: Decimal | None
    booked_at: datetime | None
    invoice: str | None


class FinanceLine(Value):
    """What credits that are alike come to together; `unknown` of them have no amount yet."""

    contract: str
    cause: str
    currency: str
    standing: Standing
    payment: Payment
    reasons: tuple[str, ...]
    credits: int
    unknown: int
    amount: Decimal

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(amount=self.amount, currency=self.currency)


class FinanceReport(Value):
    """Credits as they stood at `at`, the end of `month`, or now where the month goes on.

    What is provisional, held, unclaimed or to be paid out stood so at that moment; what is final, lapsed or declined
    became so in the month.
    """

    month: str
    at: datetime
    lines: tuple[FinanceLine, ...]
    entries: tuple[FinanceEntry, ...]


def added_up(entries: Iterable[FinanceEntry]) -> tuple[FinanceLine, ...]:
    """Add up credits by contract, cause, currency, standing, payment and reasons."""
    groups: dict[tuple[object, ...], list[FinanceEntry]] = {}
    for one in entries:
        key = one.contract, one.cause, one.currency, one.standing, one.payment, one.reasons
        groups.setdefault(key, []).append(one)
    return tuple(_line(groups[key]) for key in sorted(groups, key=str))


def _line(alike: Sequence[FinanceEntry]) -> FinanceLine:
    known = [one.amount for one in alike if one.amount is not None]
    shared = alike[0].model_dump(include={"contract", "cause", "currency", "standing", "payment", "reasons"})
    return FinanceLine(**shared, credits=len(alike), unknown=len(alike) - len(known), amount=sum(known, Decimal(0)))


# Why a credit is held, by what the sentences say that are kept with it.
_REASONS = {
    "above_limit": r"is above the approval limit|reaches .* % of the charge",
    "not_judged": r"(^|; )[\w.+~-]+: |could be judged",  # an objective, and why it could not
    "within_bounds": r"only known within bounds",
    "in_providers_favour": r"were credited before for .*, more than the",
    "overlaps": r"which only overlaps|waits for a decision about a part of the same time",
    "currencies_differ": r"which cannot be taken off|the currencies differ",
    "declined_before": r"declined .* and facts have changed since",
    "old": r"more than \d+ days ago|was settled with the invoice",
    "corrected_late": r"correct_until has passed",
    "claimed_late": r"was to be claimed before",
    "still_open": r"is still under way|still open|rests on something|was never seen to end|had not ended|still waits",
    "longer_than_a_window": r"lasts longer than",
}
OTHER = "other"


def held_codes(sentences: str) -> tuple[str, ...]:
    """Return the codes of the reasons for which a credit is held; `other` for a sentence that has none."""
    found = [code for code, said in _REASONS.items() if re.search(said, sentences)]
    return tuple(found) or (OTHER,)
