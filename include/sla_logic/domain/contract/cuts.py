"""Tiers as stretches between cuts of the number line, to find holes and overlaps exactly.

A cut (v, 0) lies just before the value v, a cut (v, 1) just after it. On a grid (whole seconds, or
rounded values) every cut is moved before the next grid value, so that 99.69 and 99.70 touch.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from include.sla_logic.domain.contract.quantities import Range

Cut = tuple[Fraction, int]
INFINITY = Fraction(10**15)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One tier between two cuts; `number` is its place in the file."""

    low: Cut
    high: Cut
    number: int
    credit: Fraction

    @property
    def is_empty(self) -> bool:
        """Tell whether no value lies in it."""
        return self.high <= self.low


def stretch(tier: Range, number: int, credit: Fraction, *, grid: Fraction | None, top: Fraction | None) -> Stretch:
    """Return the tier between its cuts, inside 0 to `top` (None: no top)."""
    (low, low_in), (high, high_in) = tier.low, tier.high
    low_cut = (Fraction(0), 0) if low is None else (low, 0 if low_in else 1)
    high_cut = _top(top) if high is None else (high, 1 if high_in else 0)
    return Stretch(_on_grid(low_cut, grid), _on_grid(high_cut, grid), number, credit)


def _top(top: Fraction | None) -> Cut:
    return INFINITY if top is None else top, 1


def _on_grid(cut: Cut, grid: Fraction | None) -> Cut:
    """Move a cut to just before the next grid value."""
    if grid is None:
        return cut
    value, after = cut
    places = value / grid
    index = math.floor(places) + 1 if after and places.denominator == 1 else math.ceil(places)
    return index * grid, 0


def holes(stretches: list[Stretch], *, grid: Fraction | None, top: Fraction | None) -> list[tuple[Cut, Cut]]:
    """Return the stretches between 0 and the top that no tier covers."""
    found: list[tuple[Cut, Cut]] = []
    at: Cut = (Fraction(0), 0)
    for piece in sorted((s for s in stretches if not s.is_empty), key=lambda s: s.low):
        if piece.low > at:
            found.append((at, piece.low))
        at = max(at, piece.high)
    end = _on_grid(_top(top), grid)
    if at < end:
        found.append((at, end))
    return found


def overlaps(stretches: list[Stretch]) -> list[tuple[Stretch, Stretch, Cut, Cut]]:
    """Return each pair of tiers that share values, with the shared stretch."""
    found = []
    for i, one in enumerate(stretches):
        for two in stretches[i + 1 :]:
            low, high = max(one.low, two.low), min(one.high, two.high)
            if low < high and not one.is_empty and not two.is_empty:
                found.append((one, two, low, high))
    return found


def witness(low: Cut, high: Cut, grid: Fraction | None) -> Fraction:
    """Return a value between two cuts."""
    if low[1] == 0 or grid is not None:
        return low[0]
    if high[0] >= INFINITY:
        return low[0] + 1
    if high[1] == 1:
        return high[0]
    return (low[0] + high[0]) / 2
