"""An interval around an expected cost, by drawing whole histories again; the same seed gives the same interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import round_to_minor_unit

FEWEST, LEVEL = 10, Decimal("0.9")
_FINEST = 1000  # of the minor units of currencies
METHOD = "percentile bootstrap over services: whole histories are drawn with replacement, {draws} times, seed {seed}"


class UnableToDraw(ForeseenError):
    """There are too few histories for an interval."""


@dataclass(frozen=True)
class Interval:
    """The expected cost and the bounds between which it lies at this `level` of confidence, and how they were found."""

    expected: Decimal
    low: Decimal
    high: Decimal
    level: Decimal
    method: str


def resample(costs: Sequence[Decimal], *, factor: Decimal, currency: str, draws: int, seed: int) -> Interval:
    """Return the interval around the sum of what histories cost, times a factor; one cost for each service.

    Histories of services are taken for independent: where faults are shared by many, the interval is too narrow.
    Raise `UnableToDraw` for fewer than ten.
    """
    if len(costs) < FEWEST:
        raise UnableToDraw(f"{len(costs)} services are too few to draw histories from: at least {FEWEST} are needed.")
    known = np.array([int(one * _FINEST) for one in costs], dtype=np.int64)
    chance = np.random.Generator(np.random.PCG64(seed))
    sums = sorted(int(known[chance.integers(0, known.size, known.size)].sum()) for _ in range(draws))
    tail = (1 - LEVEL) / 2
    low, high = (Decimal(sums[min(int(share * draws), draws - 1)]) / _FINEST for share in (tail, 1 - tail))
    expected, low, high = (
        round_to_minor_unit(one * factor, currency).amount for one in (sum(costs, Decimal(0)), low, high)
    )
    return Interval(
        expected=expected,
        low=low,
        high=high,
        level=LEVEL,
        method=METHOD.format(draws=draws, seed=seed),
    )
