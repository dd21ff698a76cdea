"""The arithmetic of a credit as data: each unit's quantity, its rates and the result, from which letters print it."""

import math
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import PlainSerializer

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import Instant

MOST_UNITS = 100  # of one credit that are kept one by one
Exact = Annotated[Fraction, PlainSerializer(str, return_type=str)]
_ROUND = {"up": math.ceil, "down": math.floor, "half_up": lambda parts: int(half_up(parts, 0))}
_MOST_COMPARED = {"greater_of": max, "lesser_of": min}


class ChargeTerm(Value):
    """A charge, of which the window pays the share `factor`."""

    amount: Exact
    factor: Exact = Fraction(1)

    @property
    def worth(self) -> Fraction:
        """What the window pays of it."""
        return self.amount * self.factor


class PricedRate(Value):
    """A share of the charge, a sum, the charge divided by a number of days, or the charge of a number of seconds.

    `number` is the share, the sum, the days or the seconds; seconds are of the `of` that the charge pays for.
    """

    kind: Literal["share", "sum", "day", "time"]
    number: Exact
    of: int = 1
    charge: tuple[ChargeTerm, ...] = ()

    @property
    def worth(self) -> Fraction:
        """What it is worth in the currency of the contract."""
        charge = sum((one.worth for one in self.charge), Fraction(0))
        match self.kind:
            case "sum":
                return self.number
            case "day":
                return charge / self.number
            case _:
                return self.number * charge / self.of


class Product(Value):
    """A number of times a rate, or the greater or lesser of several, with a factor."""

    rates: tuple[PricedRate, ...]
    count: int = 1
    which: Literal["greater_of", "lesser_of"] | None = None
    times: Exact = Fraction(1)

    @property
    def worth(self) -> Fraction:
        """What it is worth in the currency of the contract."""
        chosen = _MOST_COMPARED.get(self.which or "", sum)
        return self.count * Fraction(chosen(one.worth for one in self.rates)) * self.times


class Limit(Value):
    """A bound that holds what is paid: at least, or at most."""

    name: Literal["at_least", "at_most"]
    product: Product


class PaidUnit(Value):
    """One window, event, repair or day that is paid: from its size to its worth.

    The size, what of it is free, and what is left after rounding are in seconds where the unit is `timed`, else in the
    objective's unit; each is None where the rule does not speak of it.
    """

    kind: Literal["window", "event", "repair", "day", "late"]
    at: Instant | None = None
    day: date | None = None
    timed: bool = False
    size: Exact | None = None
    free: Exact | None = None
    free_by: Literal["target", "rule"] | None = None
    left: Exact | None = None
    nearest: int | None = None
    block: Exact | None = None
    counts: Literal["started", "full"] | None = None
    blocks: int | None = None
    most: int | None = None
    products: tuple[Product, ...] = ()
    limits: tuple[Limit, ...] = ()

    @property
    def worth(self) -> Fraction:
        """What is paid for it."""
        return _within(sum((one.worth for one in self.products), Fraction(0)), self.limits)


class PaidCredit(Value):
    """What one objective pays, unit by unit; what is not listed any more is `others` units of `others_worth`."""

    units: tuple[PaidUnit, ...]
    others: int = 0
    others_worth: Exact = Fraction(0)
    limits: tuple[Limit, ...] = ()

    @property
    def together(self) -> Fraction:
        """The sum of the units."""
        return sum((one.worth for one in self.units), self.others_worth)

    @property
    def worth(self) -> Fraction:
        """What is paid in all, exact."""
        return _within(self.together, self.limits)

    @property
    def only(self) -> PricedRate | None:
        """The one share of the charge that is all of it, if it is one."""
        if len(self.units) != 1 or self.others or self.limits:
            return None
        [unit] = self.units
        plain = unit.kind == "window" and unit.free is None and unit.block is None and not unit.limits
        if not plain or len(unit.products) != 1:
            return None
        [product] = unit.products
        is_share = len(product.rates) == 1 and product.rates[0].kind == "share"
        return product.rates[0] if is_share and product.count == product.times == 1 else None


class Payout(Value):
    """How the credits of the objectives become the amount of the window.

    They are added up, held to the cap, left unpaid below the least credit (`least` is given only where they are), and
    paid in whole units, again held to the cap; then rounded.
    """

    paying: tuple[str, ...]
    cap: PricedRate | None = None
    cap_over: str | None = None
    least: Exact | None = None
    least_is_enough: bool = False
    unit: Exact | None = None
    rounded: Literal["up", "down", "half_up"] | None = None

    def after_each(self, total: Fraction) -> list[tuple[Literal["cap", "units"], Fraction]]:
        """Return the amount after each thing that can change it, exact."""
        found: list[tuple[Literal["cap", "units"], Fraction]] = []
        if self.cap is not None:
            found.append(("cap", total := min(total, self.cap.worth)))
        if self.unit is not None and self.rounded is not None:
            found.append(("units", total := _ROUND[self.rounded](total / self.unit) * self.unit))
        if self.cap is not None:
            found.append(("cap", min(total, self.cap.worth)))
        return found


def paid_of(units: Sequence[PaidUnit], limits: Sequence[Limit] = ()) -> PaidCredit:
    """Keep what is paid of these units; those beyond the most are added up."""
    paying = [one for one in units if one.worth]
    shown, rest = paying[:MOST_UNITS], paying[MOST_UNITS:]
    others = sum((one.worth for one in rest), Fraction(0))
    return PaidCredit(units=tuple(shown), others=len(rest), others_worth=others, limits=tuple(limits))


def paid_rate(*products: Product) -> PaidCredit:
    """Keep what is paid for the window as a whole."""
    return paid_of([PaidUnit(kind="window", products=products)])


def _within(amount: Fraction, limits: Sequence[Limit]) -> Fraction:
    for limit in limits:
        amount = (max if limit.name == "at_least" else min)(amount, limit.product.worth)
    return amount
