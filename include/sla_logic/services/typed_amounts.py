"""Amounts of credits as people type them."""

import re
from decimal import Decimal

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money


class UnableToDecideCredit(ForeseenError):
    """The credit does not exist, is decided already, has changed, or is another person's to decide."""


def read_amount(text: str, currency: str) -> Money:
    """Read what a person typed, as 12.50 or 12.50 EUR; raise `UnableToDecideCredit` for anything else."""
    found = re.fullmatch(r"(-?[0-9]{1,15}(?:\.[0-9]{1,6})?)(?: ?([A-Z]{3}))?", text.strip())
    if found is None:
        msg = f"{text[:40]!r} is no amount: write it as 12.50 {currency}."
        raise UnableToDecideCredit(msg)
    return Money(amount=Decimal(found[1]), currency=found[2] or currency)
