"""Holes, overlaps, order and reach of the tiers of one objective."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from include.sla_logic.domain.calendars import WindowKind, calendar_window
from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.credit_linting import lint_credit
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.finding import Finding, LineOf
from include.sla_logic.domain.contract.plain import plain_rule
from include.sla_logic.domain.contract.quantities import show_share
from include.sla_logic.domain.contract.tier_table import HUNDRED, TierTable, rows_of
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.sentence import Code, Sentence

_LEAP_CYCLE_END = 2028
# The lengths that a calendar window can have, in days; a change of the clocks adds or takes an hour.
_DAYS = {WindowKind.MONTH: (28, 29, 30, 31), WindowKind.QUARTER: (90, 91, 92), WindowKind.YEAR: (365, 366)}


def lint_tiers(contract: Contract, objective: Objective, line: LineOf) -> Iterable[Finding]:
    """Find what is wrong with the tiers of this objective; `line` gives the line of a path below its rule."""
    rule = objective.rule
    if isinstance(rule, rules.Tiers):
        grid = None if rule.round_decimals is None else Fraction(1, 10**rule.round_decimals)
        top = HUNDRED if objective.shown_unit == "percent" else None
        rows, unit = rows_of(rule.tiers), objective.shown_unit
        yield from TierTable(rows, unit, objective.higher_is_better, grid=grid, top=top).lint(line)
    if isinstance(rule, rules.DurationTiers):
        reach = Fraction(longest_window(contract))
        yield from TierTable(rows_of(rule.tiers), "s", higher_is_better=False, grid=Fraction(1), reach=reach).lint(line)
        if rule.percent_column:
            rows = rows_of(rule.percent_column)
            column = TierTable(rows, "percent", higher_is_better=True, top=HUNDRED, field="percent_column")
            yield from column.lint(line)
        yield from _beyond_window(contract, rule, line)
        yield from _columns(contract, rule, line)
    if isinstance(rule, Credit):
        yield from lint_credit(contract, objective, line, longest_window(contract))
        plain = plain_rule(rule)
        if isinstance(plain, rules.DurationTiers):
            yield from _columns(contract, plain, line)
    if isinstance(rule, rules.OverrunTiers):
        yield from _thresholds(rule, line)


def _thresholds(rule: rules.OverrunTiers, line: LineOf) -> Iterable[Finding]:
    ordered = sorted(enumerate(rule.thresholds), key=lambda entry: entry[1].overrun)
    for (_, lower), (number, higher) in pairwise(ordered):
        if lower.overrun == higher.overrun:
            text = Sentence("the threshold %(overrun)s is given twice", overrun=higher.overrun)
            yield Finding(level="refuses", line=line("thresholds", number), code="tier_overlap", text=text)
        elif higher.credit < lower.credit:
            msg = "an overrun of %(high)s %% earns less than one of %(low)s %%"
            text = Sentence(msg, high=higher.overrun, low=lower.overrun)
            yield Finding(level="refuses", line=line("thresholds", number), code="credits_not_monotone", text=text)


def longest_window(contract: Contract) -> int:
    """Return the most seconds that a window of the contract can have."""
    return max(_DAYS[contract.window]) * 86_400 + 3600


def _beyond_window(contract: Contract, rule: rules.DurationTiers, line: LineOf) -> Iterable[Finding]:
    longest = longest_window(contract)
    for number, tier in enumerate(rule.tiers):
        low = tier.low[0]
        if low is not None and low > longest:
            text = Sentence("no %(unit)s has that much downtime (%(tier)s)", unit=Code(contract.window), tier=str(tier))
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
