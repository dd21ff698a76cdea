"""Shares, durations and bounds as they are written in a contract file, kept exact."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from include.sla_logic.domain.contract.conditions import at_most_one
from include.sla_logic.domain.durations import parse_duration, show_duration
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.written import Written, in_files

_MOST_DIGITS = 12  # beyond that a fraction is easier to read
_LARGEST_EXPONENT, _LONGEST_SHARE = 40, 100


class Term(BaseModel):
    """One part of a contract; unknown fields are refused, since a misspelt term must not be lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tiered:
    """A rule with tiers, which keeps what was worked out from them."""

    @cached_property
    def known(self) -> dict[Any, Any]:
        """What was worked out before. Each rule has its own: 99.0 and 99 are equal, and shown as they are written."""
        return {}


_NO_SHARE = "%(text)s is not a share: write a percentage such as 10%% or a fraction such as 1/30"


def parse_share(written: Any) -> Fraction:
    """Read `10%`, `1/30` or 0; a bare 10 is refused, as it may mean either."""
    text = str(written).strip()
    try:
        if len(text) > _LONGEST_SHARE:
            raise ValueError(Sentence("the share is too long"))
        if text.endswith("%"):
            share = Fraction(bounded_decimal(Decimal(text[:-1].strip()))) / 100
        elif "/" in text:
            share = Fraction(text)
        elif written in (0, 1, "0", "1"):
            share = Fraction(int(written))
        else:
            raise ValueError(Sentence(_NO_SHARE, text=repr(text)))
    except (InvalidOperation, ZeroDivisionError) as error:
        raise ValueError(Sentence(_NO_SHARE, text=repr(text))) from error
    if share < 0:
        raise ValueError(Sentence("the share %(text)s is negative", text=text))
    return share


def show_share(share: Fraction) -> str:
    """Write a share as a percentage where that is exact, else as a fraction."""
    percent = share * 100
    shown = exact_text(percent)
    return f"{shown}%" if "/" not in shown else f"{share.numerator}/{share.denominator}"


def exact_text(value: Fraction) -> str:
    """Write a fraction as a decimal where it ends, else as numerator/denominator."""
    return str(value.numerator) if value.denominator == 1 else _exact_text(value)


@lru_cache(maxsize=4096)
def _exact_text(value: Fraction) -> str:
    rest = value.denominator
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    digits = max(twos, fives)
    if rest != 1 or digits > _MOST_DIGITS:
        return f"{value.numerator}/{value.denominator}"
    return f"{Decimal(int(value * 10**digits)).scaleb(-digits):f}"


def bounded_decimal(written: Any) -> Any:
    """Refuse a number whose exponent alone would fill the memory once it is written out."""
    try:
        number = Decimal(written) if isinstance(written, str | Decimal | int) else None
    except InvalidOperation:
        return written
    if number and (not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT):
        raise ValueError(Sentence("the number is too large or too small to be written in plain digits"))
    return written


def _parse_target(written: Any) -> Any:
    """Read a number, or a length of time as seconds."""
    if isinstance(written, str):
        try:
            return bounded_decimal(Decimal(written))
        except InvalidOperation:
            return Decimal(parse_duration(written))
    return bounded_decimal(written)


Share = Annotated[
    Fraction,
    BeforeValidator(parse_share),
    PlainSerializer(lambda share: f"{share.numerator}/{share.denominator}"),
    Written("share"),
]
Duration = Annotated[
    int, BeforeValidator(parse_duration), PlainSerializer(lambda seconds: f"{seconds} s"), Written("duration")
]
Quantity = Annotated[Decimal, BeforeValidator(bounded_decimal), Written("number")]
Target = Annotated[Decimal, BeforeValidator(_parse_target), Written("target")]


def _parse_bound(written: Any) -> Any:
    """Read a number as a Decimal, a length of time as whole seconds (an int): the unit tells them apart."""
    if isinstance(written, str):
        try:
            return Decimal(written)
        except InvalidOperation:
            return parse_duration(written)
    if isinstance(written, int) and not isinstance(written, bool):
        return Decimal(written)
    return written


def show_bound(bound: int | Decimal) -> str:
    """Write a bound as a length of time or a plain number."""
    return show_duration(bound) if isinstance(bound, int) else f"{bound:f}"


Bound = Annotated[
    int | Decimal,
    BeforeValidator(_parse_bound),
    Field(ge=0),
    PlainSerializer(lambda bound: f"{bound} s" if isinstance(bound, int) else str(bound)),
    Written("bound"),
]


class Range(Term):
    """Bounds of a tier; what is left out is unbounded."""

    model_config = ConfigDict(
        json_schema_extra=in_files(allOf=[at_most_one("at_least", "more_than"), at_most_one("at_most", "below")])
    )

    @model_validator(mode="after")
    def _has_one_bound_per_side(self) -> Self:
        bounds = self.model_dump(include={"at_least", "more_than", "at_most", "below"}, exclude_none=True)
        if {"at_least", "more_than"} <= bounds.keys() or {"at_most", "below"} <= bounds.keys():
            raise ValueError(
                Sentence("give at most one of at_least and more_than, and at most one of at_most and below")
            )
        return self

    def _bound(self, *names: str) -> tuple[Fraction | None, bool]:
        for inclusive, name in zip((True, False), names, strict=True):
            value = getattr(self, name)
            if value is not None:
                return Fraction(value), inclusive
        return None, False

    @cached_property
    def low(self) -> tuple[Fraction | None, bool]:
        """The lower bound, and whether it belongs to the tier."""
        return self._bound("at_least", "more_than")

    @cached_property
    def high(self) -> tuple[Fraction | None, bool]:
        """The upper bound, and whether it belongs to the tier."""
        return self._bound("at_most", "below")

    def holds(self, value: Fraction) -> bool:
        """Tell whether the exact value lies in the tier."""
        (low, low_in), (high, high_in) = self.low, self.high
        above = low is None or value > low or (low_in and value == low)
        under = high is None or value < high or (high_in and value == high)
        return above and under


class ValueRange(Range):
    """Bounds in the unit of the objective."""

    at_least: Quantity | None = None
    more_than: Quantity | None = None
    at_most: Quantity | None = None
    below: Quantity | None = None

    def __str__(self) -> str:
        """Show as `at least 99.0, below 99.5`."""
        return _shown(self, str)


class DurationRange(Range):
    """Bounds as lengths of time."""

    at_least: Duration | None = None
    more_than: Duration | None = None
    at_most: Duration | None = None
    below: Duration | None = None

    def __str__(self) -> str:
        """Show as `at least 5 min, below 1 h`."""
        return _shown(self, show_duration)


class BoundRange(Range):
    """Bounds as lengths of time, or in the unit of the objective."""

    at_least: Bound | None = None
    more_than: Bound | None = None
    at_most: Bound | None = None
    below: Bound | None = None

    @property
    def bounds(self) -> list[int | Decimal]:
        """The bounds that are given."""
        given = (self.at_least, self.more_than, self.at_most, self.below)
        return [bound for bound in given if bound is not None]

    def __str__(self) -> str:
        """Show as `more than 4 h`."""
        return _shown(self, show_bound)


def _shown(bounds: Range, show: Any) -> str:
    names = ("at_least", "more_than", "at_most", "below")
    parts = [(name, getattr(bounds, name)) for name in names]
    return ", ".join(f"{name.replace('_', ' ')} {show(value)}" for name, value in parts if value is not None) or "any"


class ValueTier(ValueRange):
    """A band of measured values and what it is worth."""

    credit: Share


class DurationTier(DurationRange):
    """A band of cumulated time and what it is worth."""

    credit: Share
