"""Holes, overlaps and order of one column of tiers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from include.sla_logic.domain.contract.cuts import INFINITY, Cut, Stretch, holes, overlaps, stretch, witness
from include.sla_logic.domain.contract.finding import Finding, LineOf
from include.sla_logic.domain.contract.quantities import DurationTier, Range, ValueTier, exact_text, show_share
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.sentence import Sentence

HUNDRED = Fraction(100)
_ALIKE = "tiers %(one)s and %(other)s share values"
_DIFFERING = "tiers %(one)s and %(other)s share values and differ: %(first)s and %(second)s"


@dataclass(frozen=True, slots=True)
class Row:
    """One tier: its place in the file, its bounds, what it is worth, and how that is written."""

    place: int
    tier: Range
    worth: Fraction
    shown: str


def rows_of(tiers: Sequence[ValueTier | DurationTier]) -> list[Row]:
    """Return the rows of a table of shares."""
    return [Row(place, tier, tier.credit, show_share(tier.credit)) for place, tier in enumerate(tiers)]


@dataclass(slots=True)
class TierTable:
    """One column of tiers with the values that it has to cover, from `least` to `top` (None: without end).

    `ordered` says that the worth of any two tiers can be compared.
    """

    rows: Sequence[Row]
    unit: str
    higher_is_better: bool
    grid: Fraction | None = None
    top: Fraction | None = None
    least: Cut = (Fraction(0), 0)
    field: str = "tiers"
    ordered: bool = True
    reach: Fraction | None = None  # no value lies beyond it, so that nothing need cover it

    def lint(self, line: LineOf) -> Iterable[Finding]:
        """Find what is wrong with the column."""
        pieces = [stretch(r.tier, i, r.worth, grid=self.grid, top=self.top) for i, r in enumerate(self.rows)]
        at: LineOf = lambda number: line(self.field, self.rows[number].place)  # noqa: E731 - the line of a row
        yield from self._empty(pieces, at)
        yield from self._outside(at)
        yield from self._overlaps(pieces, at)
        if self.ordered:
            yield from self._order(pieces, at)
        for low, high in holes(pieces, grid=self.grid, top=self.top):
            if high > self.least and (self.reach is None or low <= (self.reach, 0)):
                yield self._hole(pieces, max(low, self.least), high, at)

    def show(self, value: Fraction) -> str:
        """Write a value of the column."""
        return show_duration(int(value)) if self.unit == "s" else f"{exact_text(value)} {self.unit}"

    def _hole(self, pieces: list[Stretch], low: Cut, high: Cut, line: Callable[[int], int]) -> Finding:
        above = [s for s in pieces if s.high <= low and not s.is_empty]
        number = max(above, key=lambda s: s.high).number if above else 0
        text = f"no tier covers values {self._bounds(low, high)}; such a value is refused, not guessed"
        value = low[0] + self.grid if low[1] and self.grid else witness(low, high, self.grid)
        shown = self.show(value)
        return Finding(level="warns", line=line(number), code="tier_hole", text=text, witness=shown)

    def _bounds(self, low: Cut, high: Cut) -> str:
        start = f"{'above' if low[1] else 'from'} {self.show(low[0])}"
        if high[0] >= INFINITY:
            return f"{start} on"
        if self.grid is not None:
            return f"{start} to {self.show(high[0] - self.grid)}"
        return f"{start} {'to' if high[1] else 'to below'} {self.show(high[0])}"

    def _empty(self, pieces: list[Stretch], line: Callable[[int], int]) -> Iterable[Finding]:
        for piece in pieces:
            if piece.is_empty:
                text = Sentence("no value can lie in this tier (%(tier)s)", tier=str(self.rows[piece.number].tier))
                yield Finding(level="refuses", line=line(piece.number), code="unreachable_tier", text=text)

    def _outside(self, line: Callable[[int], int]) -> Iterable[Finding]:
        for number, row in enumerate(self.rows):
            bounds = [bound for bound, _inclusive in (row.tier.low, row.tier.high) if bound is not None]
            wrong = [b for b in bounds if b < 0 or (self.top is not None and b > self.top)]
            if wrong:
                text = Sentence(
                    "%(bound)s is outside of what %(unit)s can be", bound=exact_text(wrong[0]), unit=self.unit
                )
                yield Finding(level="refuses", line=line(number), code="unit_mix_up", text=text)
        highs = [b for row in self.rows for b, _inclusive in (row.tier.low, row.tier.high) if b]
        if self.top == HUNDRED and highs and self.higher_is_better and max(highs) <= 1:
            text = Sentence("the bounds look like fractions of 1, but the unit is percent: write 99.5, not 0.995")
            yield Finding(level="refuses", line=line(0), code="unit_mix_up", text=text)

    def _overlaps(self, pieces: list[Stretch], line: Callable[[int], int]) -> Iterable[Finding]:
        for one, two, low, high in overlaps(pieces):
            first, second = self.rows[one.number], self.rows[two.number]
            same = first.shown == second.shown
            places = {"one": str(first.place + 1), "other": str(second.place + 1)}
            yield Finding(
                level="warns" if same else "refuses",
                line=line(max(one.number, two.number)),
                code="tier_overlap",
                text=Sentence(_ALIKE, **places)
                if same
                else Sentence(_DIFFERING, **places, first=first.shown, second=second.shown),
                witness=self.show(witness(low, high, self.grid)),
            )

    def _order(self, pieces: list[Stretch], line: Callable[[int], int]) -> Iterable[Finding]:
        in_order = sorted((s for s in pieces if not s.is_empty), key=lambda s: s.low)
        if self.higher_is_better:
            in_order.reverse()
        for better, worse in pairwise(in_order):
            if worse.credit < better.credit:
                good, bad = self.rows[better.number], self.rows[worse.number]
                text = Sentence(
                    "a worse value earns less: %(good)s gives %(more)s, %(bad)s gives %(less)s",
                    good=str(good.tier),
                    more=good.shown,
                    bad=str(bad.tier),
                    less=bad.shown,
                )
                yield Finding(
                    level="refuses",
                    line=line(worse.number),
                    code="credits_not_monotone",
                    text=text,
                    witness=self.show(witness(worse.low, worse.high, self.grid)),
                )
