"""What one unit of a credit rule is worth: a share of the charge, a sum, a day's charge, or the time itself."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from include.sla_logic.domain.contract.quantities import Term, parse_share, show_share
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.written import Written

_SUM = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ([A-Z]{3})", re.ASCII)
_FORMS = "a share such as 10% or 1/30, a sum such as 5 EUR, pro_rata, or {day: in_period}"
_MOST_COMPARED = 4


class ShareOfCharge(Term):
    """A share of the window's charge."""

    share: Fraction


class FixedSum(Term):
    """A sum of money, in the contract's currency."""

    sum: Decimal
    currency: str


class DayOfCharge(Term):
    """One day's charge: the charge divided by the days of its period, or by a number of days."""

    day: Annotated[int, Field(gt=0, le=366)] | Literal["in_period"]


class ProRata(Term):
    """The charge for the very time that is counted: charge x counted time / window."""

    kind: Literal["pro_rata"] = "pro_rata"


SimpleRate = ShareOfCharge | FixedSum | DayOfCharge | ProRata


class Chosen(Term):
    """The greater or the lesser of several rates, compared for each unit."""

    which: Literal["greater_of", "lesser_of"]
    rates: tuple[SimpleRate, ...]


def _parse_simple(written: Any) -> SimpleRate:
    if isinstance(written, SimpleRate):
        return written
    if isinstance(written, Mapping):
        if set(written) != {"day"}:
            raise ValueError(
                Sentence("%(text)s is no rate: write %(forms)s", text=repr(dict(written))[:60], forms=_FORMS)
            )
        return DayOfCharge.model_validate(written)
    text = str(written).strip()
    if text == "pro_rata":
        return ProRata()
    if found := _SUM.fullmatch(text):
        return FixedSum(sum=Decimal(found[1]), currency=found[2])
    try:
        return ShareOfCharge(share=parse_share(written))
    except ValueError as error:
        raise ValueError(
            Sentence("%(text)s is no rate: write %(forms)s", text=repr(text[:40]), forms=_FORMS)
        ) from error


def parse_rate(written: Any) -> "SimpleRate | Chosen":
    """Read a rate, or the greater or lesser of up to four."""
    if isinstance(written, Chosen):
        return written
    if isinstance(written, Mapping) and len(written) == 1:
        which, several = next(iter(written.items()))
        if which in ("greater_of", "lesser_of"):
            if not isinstance(several, list | tuple) or not 1 < len(several) <= _MOST_COMPARED:
                msg = "%(which)s compares two to %(most)s rates: %(which)s: [5 EUR, 10%%]"
                raise ValueError(Sentence(msg, which=which, most=_MOST_COMPARED))
            return Chosen(which=which, rates=tuple(_parse_simple(rate) for rate in several))
    return _parse_simple(written)


def show_rate(rate: "SimpleRate | Chosen") -> str:
    """Write a rate in words, as the steps of a judgement show it."""
    match rate:
        case ShareOfCharge():
            return show_share(rate.share)
        case FixedSum():
            return f"{rate.sum:f} {rate.currency}"
        case DayOfCharge():
            return "a day's charge" if rate.day == "in_period" else f"1/{rate.day} of the charge"
        case ProRata():
            return "the charge of that time"
        case Chosen():
            name = "the greater of" if rate.which == "greater_of" else "the lesser of"
            return f"{name} {' and '.join(show_rate(one) for one in rate.rates)}"


def write_rate(rate: "SimpleRate | Chosen") -> Any:
    """Return a rate as a contract file states it."""
    match rate:
        case ShareOfCharge():
            return show_share(rate.share)
        case FixedSum():
            return f"{rate.sum:f} {rate.currency}"
        case DayOfCharge():
            return {"day": rate.day}
        case ProRata():
            return "pro_rata"
        case Chosen():
            return {rate.which: [write_rate(one) for one in rate.rates]}


def simple_rates(rate: "SimpleRate | Chosen") -> Iterator[SimpleRate]:
    """Go through the rates that a rate is made of."""
    yield from rate.rates if isinstance(rate, Chosen) else (rate,)


Rate = Annotated[
    ShareOfCharge | FixedSum | DayOfCharge | ProRata | Chosen,
    BeforeValidator(parse_rate),
    PlainSerializer(write_rate),
    Written("rate"),
]
