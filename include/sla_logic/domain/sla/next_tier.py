"""The distance to the next higher credit, in downtime or in the measured value."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.plain import plain_rule
from include.sla_logic.domain.contract.quantities import ValueTier
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.sla.case import Measured

Award = Callable[[int], Fraction | None]
Near = tuple[Fraction, str, Fraction]


@dataclass(frozen=True, slots=True)
class Step:
    """The tier that applies from this many seconds of downtime on."""

    seconds: int
    share: Fraction
    tier: str


def steps_in_seconds(rule: rules.Tiers | rules.DurationTiers, total: int) -> tuple[Step, ...]:
    """Return the tiers as seconds of downtime in a window of that length, least downtime first."""
    if total not in rule.known:
        rule.known[total] = _steps_in_seconds(rule, total)
    found: tuple[Step, ...] = rule.known[total]
    return found


def _steps_in_seconds(rule: rules.Tiers | rules.DurationTiers, total: int) -> tuple[Step, ...]:
    if isinstance(rule, rules.DurationTiers):
        found = [Step(first_inside(tier.low), tier.credit, str(tier)) for tier in rule.tiers]
    else:
        found = [Step(_seconds_to_reach(t, rule.round_decimals, total), t.credit, str(t)) for t in rule.tiers]
    return tuple(sorted((step for step in found if step.seconds <= total), key=lambda step: step.seconds))


def first_inside(low: tuple[Fraction | None, bool]) -> int:
    """Return the least whole number that a lower bound admits."""
    bound, inclusive = low
    if bound is None:
        return 0
    return math.ceil(bound) if inclusive else math.floor(bound) + 1


def _seconds_to_reach(tier: ValueTier, decimals: int | None, total: int) -> int:
    """Return the least whole seconds of downtime whose availability is not above the tier."""
    high, inclusive = tier.high
    if high is None:
        return 0
    if decimals is not None:
        high, inclusive = _edge_before_rounding(high, inclusive, decimals), False
    seconds = (100 - high) * total / 100
    return max(0, math.ceil(seconds) if inclusive else math.floor(seconds) + 1)


def _edge_before_rounding(high: Fraction, inclusive: bool, decimals: int) -> Fraction:  # noqa: FBT001
    """Return the exact value below which the rounded value stays inside an upper bound."""
    unit = Fraction(1, 10**decimals)
    last = math.floor(high / unit) * unit
    if last == high and not inclusive:
        last -= unit
    return last + unit / 2


def next_by_downtime(objective: Objective, measured: Measured, now: Fraction, worth: Award) -> Step | None:
    """Return the seconds of downtime at which the credit rises, and the higher credit; None if never.

    `now` is the credit of the present downtime, `worth` the credit of a number of seconds; both in
    shares or both in money. `worth` must not fall with more seconds.
    """
    if measured.downtime is None:
        return None
    counted, rule = measured.downtime.seconds, plain_rule(objective.rule)
    if isinstance(rule, rules.Tiers | rules.DurationTiers):
        table, counts = steps_in_seconds(rule, measured.total), measured.downtime.counts
        step = next((step for step in table if step.seconds > counts and step.share > now), None)
        return None if step is None else Step(counted + math.ceil(step.seconds - counts), step.share, step.tier)
    by_window = isinstance(rule, Credit) and rule.for_each == "window"
    if by_window or isinstance(rule, rules.DayPerBlock | rules.DayPerExcessBlock | rules.SharePerStep):
        guess = None if measured.downtime.weights else _next_block(objective, measured)
        reached = _first_dearer(counted, measured.total, now, worth, guess)
        return None if reached is None else Step(reached, worth(reached) or now, "one more step")
    return None


def _next_block(objective: Objective, measured: Measured) -> int | None:
    """Return the second at which a plain count of blocks rises next; None where the rule is more than that."""
    rule, target = objective.rule, objective.target
    block = getattr(rule, "block", None)
    if not isinstance(block, int) or getattr(rule, "nearest", None) is not None or measured.downtime is None:
        return None
    beyond = "target" if isinstance(rule, rules.DayPerExcessBlock) else getattr(rule, "beyond", None)
    free = Fraction(beyond) if isinstance(beyond, int) else Fraction(0)
    if beyond == "target" and target is not None:
        free = (100 - Fraction(target)) / 100 * measured.total
    left = max(Fraction(0), measured.downtime.seconds - free)
    if getattr(rule, "counts", None) == "full":
        return math.ceil(free + (left // block + 1) * block)
    return math.floor(free + math.ceil(left / block) * block) + 1


def _first_dearer(counted: int, total: int, now: Fraction, worth: Award, guess: int | None) -> int | None:
    """Find by bisection the least downtime with a higher credit; a good guess saves the search."""

    def dearer(seconds: int) -> bool:
        value = worth(seconds)
        return value is not None and value > now

    if guess is not None and guess <= total and dearer(guess) and not dearer(guess - 1):
        return guess
    low, high = counted, total
    if not dearer(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if dearer(middle) else (middle, high)
    return high


def next_by_value(objective: Objective, value: Fraction) -> Near | None:
    """Return the distance to the next dearer tier of a value, the tier and its share, or None."""
    rule = plain_rule(objective.rule)
    if isinstance(rule, rules.Tiers):
        return _nearest(_tier_distances(rule, value))
    if isinstance(rule, rules.OverrunTiers) and objective.target:
        target = Fraction(objective.target)
        bounds = [(target * (1 + Fraction(t.overrun) / 100), t) for t in rule.thresholds]
        return _nearest((b - value, f"overrun from {t.overrun} % on", t.credit) for b, t in bounds if b > value)
    return None


def _tier_distances(rule: rules.Tiers, value: Fraction) -> Iterable[Near]:
    """Yield how far a value is from each dearer tier; both are looked up and reached as the contract rounds."""
    decimals = rule.round_decimals
    found = value if decimals is None else Fraction(half_up(value, decimals))
    now = next((tier.credit for tier in rule.tiers if tier.holds(found)), Fraction(0))
    for tier in rule.tiers:
        for bound in _edges(tier, decimals):
            if bound is not None and tier.credit > now and not tier.holds(found):
                yield abs(bound - value), str(tier), tier.credit


def _edges(tier: ValueTier, decimals: int | None) -> tuple[Fraction | None, Fraction | None]:
    """Return the exact values between which the value, once rounded, lies in the tier."""
    (low, low_in), (high, high_in) = tier.low, tier.high
    if decimals is None:
        return low, high
    below = None if low is None else -_edge_before_rounding(-low, low_in, decimals)
    return below, None if high is None else _edge_before_rounding(high, high_in, decimals)


def _nearest(found: Iterable[Near]) -> Near | None:
    return min(found, key=lambda entry: entry[0], default=None)
