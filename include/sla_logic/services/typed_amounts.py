"""Amounts of credits as people type them."""

import re
from decimal import Decimal

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money, minor_digits
from include.sla_logic.domain.sentence import Sentence

GROUP = 3  # digits between the signs that keep thousands apart


class UnableToDecideCredit(ForeseenError):
    """The credit does not exist, is decided already, has changed, or is another person's to decide."""


def read_amount(text: str, currency: str) -> Money:
    """Read what a person typed, as 12.50 or 12.50 EUR; raise `UnableToDecideCredit` for anything else."""
    found = re.fullmatch(r"(-?[0-9]{1,15}(?:\.[0-9]{1,6})?)(?: ?([A-Z]{3}))?", text.strip())
    if found is None:
        msg = "%(text)s is no amount: write it as 12.50 %(currency)s."
        raise UnableToDecideCredit(Sentence(msg, text=repr(text[:40]), currency=currency))
    decimals, named = len(found[1].partition(".")[2]), found[2] or currency
    if decimals == GROUP > minor_digits(named):  # 1.250 is 1,250 to many readers
        msg = "%(text)s may be thousands or a fraction: write it with %(digits)s decimals, or none."
        raise UnableToDecideCredit(Sentence(msg, text=repr(found[1]), digits=minor_digits(named)))
    return Money(amount=Decimal(found[1]), currency=named)
