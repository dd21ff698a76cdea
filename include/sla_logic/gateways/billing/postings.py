"""What a billing system says of a posting, compared with what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.gateways.billing.client import UnableToPostCredit, UnableToReachBilling

_CAP = 2000  # characters of what the billing system says
_NEEDED = ("account", "amount", "currency")


class UnableToConfirmCredit(ForeseenError):
    """Billing has posted something else than was sent: a person must look, and the credit does not count as posted."""


@dataclass(frozen=True)
class Posting:
    """One credit at the billing system; None where it does not say it. `undone`: why it does not count there."""

    number: str | None
    account: str | None
    amount: Decimal | None
    currency: str | None
    key: str | None
    type: str | None = None
    href: str = ""
    undone: str | None = None


def wanted(payload: Mapping[str, Any], key: str) -> Posting:
    """Return the posting that was to be made."""
    amount = Decimal(payload["amount"])
    return Posting(None, payload["account"], amount, payload["currency"], key, payload["type"])


def confirmed(told: Posting, sent: Posting, base: str) -> dict[str, str]:
    """Return what the billing system has posted; raise unless account, amount and currency are those that were sent."""
    lacking = [name for name in _NEEDED if getattr(told, name) is None]
    if lacking:
        msg = f"The billing system {base} does not say the {' and '.join(lacking)} of the posting {told.number}"
        raise UnableToReachBilling(msg)
    pairs = [(name, getattr(told, name), getattr(sent, name)) for name in (*_NEEDED, "type", "key")]
    wrong = [f"{name} {has} instead of {due}" for name, has, due in pairs if has is not None and has != due]
    if told.undone:
        wrong.append(told.undone)
    if wrong:
        msg = f"The billing system {base} has the posting {told.number} with {', '.join(wrong)}."
        raise UnableToConfirmCredit(f"{msg} Ask Billing & Collections what it holds.")
    return {"posting": str(told.number), "href": told.href, **{name: str(getattr(told, name)) for name in _NEEDED}}


def text_of(value: object) -> str | None:
    """Return what the billing system says in some field, cut; None where it says nothing."""
    return None if value is None else str(value)[:_CAP]


def amount_of(value: object) -> Decimal | None:
    """Return an amount as it is written; None where it is none."""
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


def number_of(amount: str) -> float:
    """Return the JSON number that reads as exactly this amount; raise `UnableToPostCredit`."""
    value = float(amount)
    if Decimal(repr(value)) != Decimal(amount):
        msg = f"The amount {amount} cannot be written as a JSON number without loss."
        raise UnableToPostCredit(msg)
    return value


def above_zero(payload: Mapping[str, Any], base: str) -> Decimal:
    """Return the amount; raise `UnableToPostCredit` where it is a charge."""
    amount = Decimal(payload["amount"])
    if amount <= 0:
        msg = f"The billing system {base} takes no credit of {amount} {payload['currency']}: charge it there by hand."
        raise UnableToPostCredit(msg)
    return amount
