"""Holes, overlaps, order and reach of the tiers of one objective."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from include.sla_logic.domain.calendars import WindowKind, calendar_window
from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.cuts import INFINITY, Cut, Stretch, holes, overlaps, stretch, witness
from include.sla_logic.domain.contract.finding import Finding, LineOf
from include.sla_logic.domain.contract.quantities import DurationTier, ValueTier, exact_text, show_share
from include.sla_logic.domain.durations import show_duration

_HUNDRED = Fraction(100)
_LEAP_CYCLE_END = 2028
# The lengths that a calendar window can have, in days; a change of the clocks adds or takes an hour.
_DAYS = {WindowKind.MONTH: (28, 29, 30, 31), WindowKind.QUARTER: (90, 91, 92), WindowKind.YEAR: (365, 366)}


def lint_tiers(contract: Contract, objective: Objective, line: LineOf) -> Iterable[Finding]:
    """Find what is wrong with the tiers of this objective; `line` gives the line of a path below its rule."""
    rule = objective.rule
    if isinstance(rule, rules.Tiers):
        grid = None if rule.round_decimals is None else Fraction(1, 10**rule.round_decimals)
        top = _HUNDRED if objective.shown_unit == "percent" else None
        table = _Table(rule.tiers, objective.higher_is_better, grid, top, objective.shown_unit)
        yield from table.lint(line)
    if isinstance(rule, rules.DurationTiers):
        table = _Table(rule.tiers, higher_is_better=False, grid=Fraction(1), top=None, unit="s")
        yield from table.lint(line)
        if rule.percent_column:
            column = _Table(rule.percent_column, higher_is_better=True, grid=None, top=_HUNDRED, unit="percent")
            column.field = "percent_column"
            yield from column.lint(line)
        yield from _beyond_window(contract, rule, line)
        yield from _columns(contract, rule, line)
    if isinstance(rule, rules.OverrunTiers):
        yield from _thresholds(rule, line)


class _Table:
    """One column of tiers with the values that it has to cover."""

    def __init__(
        self,
        tiers: Sequence[ValueTier | DurationTier],
        higher_is_better: bool,  # noqa: FBT001
        grid: Fraction | None,
        top: Fraction | None,
        unit: str,
    ) -> None:
        self.tiers, self.higher_is_better, self.grid, self.top, self.unit = tiers, higher_is_better, grid, top, unit
        self.field = "tiers"
        self.stretches = [stretch(t, i, t.credit, grid=grid, top=top) for i, t in enumerate(tiers)]

    def lint(self, line: LineOf) -> Iterable[Finding]:
        yield from self._empty(line)
        yield from self._outside(line)
        yield from self._overlaps(line)
        yield from self._order(line)
        for low, high in holes(self.stretches, grid=self.grid, top=self.top):
            yield self._hole(low, high, line)

    def show(self, value: Fraction) -> str:
        return show_duration(int(value)) if self.unit == "s" else f"{exact_text(value)} {self.unit}"

    def _hole(self, low: Cut, high: Cut, line: LineOf) -> Finding:
        above = [s for s in self.stretches if s.high <= low and not s.is_empty]
        number = max(above, key=lambda s: s.high).number if above else 0
        text = f"no tier covers values {self._bounds(low, high)}; such a value is refused, not guessed"
        return Finding(
            level="warns",
            line=line(self.field, number),
            code="tier_hole",
            text=text,
            witness=self.show(witness(low, high, self.grid)),
        )

    def _bounds(self, low: Cut, high: Cut) -> str:
        start = f"{'above' if low[1] else 'from'} {self.show(low[0])}"
        if high[0] >= INFINITY:
            return f"{start} on"
        if self.grid is not None:
            return f"{start} to {self.show(high[0] - self.grid)}"
        return f"{start} {'to' if high[1] else 'to below'} {self.show(high[0])}"

    def _empty(self, line: LineOf) -> Iterable[Finding]:
        for piece in self.stretches:
            if piece.is_empty:
                text = f"no value can lie in this tier ({self.tiers[piece.number]})"
                yield Finding(level="refuses", line=line(self.field, piece.number), code="unreachable_tier", text=text)

    def _outside(self, line: LineOf) -> Iterable[Finding]:
        for number, tier in enumerate(self.tiers):
            bounds = [bound for bound, _inclusive in (tier.low, tier.high) if bound is not None]
            wrong = [b for b in bounds if b < 0 or (self.top is not None and b > self.top)]
            if wrong:
                text = f"{exact_text(wrong[0])} is outside of what {self.unit} can be"
                yield Finding(level="refuses", line=line(self.field, number), code="unit_mix_up", text=text)
        highs = [b for tier in self.tiers for b, _inclusive in (tier.low, tier.high) if b]
        if self.top == _HUNDRED and highs and self.higher_is_better and max(highs) <= 1:
            text = "the bounds look like fractions of 1, but the unit is percent: write 99.5, not 0.995"
            yield Finding(level="refuses", line=line(self.field, 0), code="unit_mix_up", text=text)

    def _overlaps(self, line: LineOf) -> Iterable[Finding]:
        for one, two, low, high in overlaps(self.stretches):
            same = one.credit == two.credit
            yield Finding(
                level="warns" if same else "refuses",
                line=line(self.field, max(one.number, two.number)),
                code="tier_overlap",
                text=f"tiers {one.number + 1} and {two.number + 1} share values"
                + ("" if same else f" and differ: {show_share(one.credit)} and {show_share(two.credit)}"),
                witness=self.show(witness(low, high, self.grid)),
            )

    def _order(self, line: LineOf) -> Iterable[Finding]:
        pieces: list[Stretch] = sorted((s for s in self.stretches if not s.is_empty), key=lambda s: s.low)
        if self.higher_is_better:
            pieces.reverse()
        for better, worse in pairwise(pieces):
            if worse.credit < better.credit:
                text = (
                    f"a worse value earns less: {self.tiers[better.number]} gives {show_share(better.credit)}, "
                    f"{self.tiers[worse.number]} gives {show_share(worse.credit)}"
                )
                yield Finding(
                    level="refuses",
                    line=line(self.field, worse.number),
                    code="credits_not_monotone",
                    text=text,
                    witness=self.show(witness(worse.low, worse.high, self.grid)),
                )


def _thresholds(rule: rules.OverrunTiers, line: LineOf) -> Iterable[Finding]:
    ordered = sorted(enumerate(rule.thresholds), key=lambda entry: entry[1].overrun)
    for (_, lower), (number, higher) in pairwise(ordered):
        if lower.overrun == higher.overrun:
            text = f"the threshold {higher.overrun} is given twice"
            yield Finding(level="refuses", line=line("thresholds", number), code="tier_overlap", text=text)
        elif higher.credit < lower.credit:
            text = f"an overrun of {higher.overrun} % earns less than one of {lower.overrun} %"
            yield Finding(level="refuses", line=line("thresholds", number), code="credits_not_monotone", text=text)


def _beyond_window(contract: Contract, rule: rules.DurationTiers, line: LineOf) -> Iterable[Finding]:
    longest = max(_DAYS[contract.window]) * 86_400 + 3600
    for number, tier in enumerate(rule.tiers):
        low = tier.low[0]
        if low is not None and low > longest:
            text = f"no {contract.window} has that much downtime ({tier})"
            yield Finding(level="refuses", line=line("tiers", number), code="unreachable_tier", text=text)


def _columns(contract: Contract, rule: rules.DurationTiers, line: LineOf) -> Iterable[Finding]:
    """Compare the two columns for every length that the window can have; the duration column decides."""
    if not rule.percent_column:
        return
    for total in _lengths(contract.window, contract.zone):
        for seconds in _edges(rule, total):
            by_time = next((t.credit for t in rule.tiers if t.holds(Fraction(seconds))), None)
            value = 100 - Fraction(100 * seconds, total)
            by_share = next((t.credit for t in rule.percent_column if t.holds(value)), None)
            if by_time is not None and by_share is not None and by_time != by_share:
                text = (
                    f"in a {contract.window} of {_length(total)} the duration column gives {show_share(by_time)} and "
                    f"the percentage column {show_share(by_share)}; the duration column decides"
                )
                yield Finding(
                    level="warns",
                    line=line("percent_column"),
                    code="columns_disagree",
                    text=text,
                    witness=f"{show_duration(seconds)} ({seconds} s)",
                )
                break


@lru_cache(maxsize=256)
def _lengths(kind: WindowKind, zone: str) -> tuple[int, ...]:
    """Return how many seconds such a window of the zone can have, in four years with a leap day and clock changes."""
    at, found = datetime(2024, 1, 2, tzinfo=UTC), set[int]()
    while at.year < _LEAP_CYCLE_END:
        window = calendar_window(kind, zone, at)
        found.add(window.seconds)
        at = window.end + timedelta(days=1)
    return tuple(sorted(found))


def _length(total: int) -> str:
    return f"{total // 86_400} days" if total % 86_400 == 0 else f"{total // 3600} h"


def _edges(rule: rules.DurationTiers, total: int) -> list[int]:
    bounds = [bound for tier in rule.tiers for bound, _in in (tier.low, tier.high) if bound is not None]
    shares = [bound for tier in rule.percent_column for bound, _in in (tier.low, tier.high) if bound is not None]
    near = [math.floor(b) for b in (*bounds, *((100 - share) * total / 100 for share in shares))]
    return sorted({second for edge in near for second in (edge - 1, edge, edge + 1) if 0 <= second <= total})
