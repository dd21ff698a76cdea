"""From how many counted seconds on a window owes something: up to there its judgement is a comparison of integers.

The bounds are not worked out a second time: the exact judgement is asked on both sides of every number of seconds at
which the rule could change its mind.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from include.sla_logic.domain.contract import Contract, rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.measures import FromOutages
from include.sla_logic.domain.contract.plain import plain_rule
from include.sla_logic.domain.contract.quantities import Range
from include.sla_logic.domain.contract.terms import Claim, Counting, MaintenanceTerms
from include.sla_logic.domain.measurements import Charges, Outage, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, from_seconds
from include.sla_logic.domain.sla.compare import compare
from include.sla_logic.domain.sla.objective_judgement import ObjectiveJudgement, Verdict

_GROWING = (rules.DayPerBlock, rules.DayPerExcessBlock, rules.ShareWhenMissed, rules.SharePerStep)


@dataclass(frozen=True, slots=True)
class QuietBounds:
    """From how many counted seconds on an objective owes something or is refused, and from how many it is missed."""

    owes_from: int
    missed_from: int


def is_in_columns(contract: Contract) -> bool:
    """Tell whether windows of this contract can be judged in columns as long as they owe nothing."""
    claim, chronic = contract.claim, contract.chronic
    by_window = claim.automatic or not claim.has_days or claim.counted_from == "window_end"
    wants_nothing = claim.ticket_within is None and not contract.wants_ticket and by_window
    plain = contract.charge_base == "recurring" and (chronic is None or chronic.missed is None)
    return (
        plain
        and wants_nothing
        and bool(contract.objectives)
        and all(_is_simple(o, contract) for o in contract.objectives)
    )


def _is_simple(objective: Objective, contract: Contract) -> bool:
    terms = contract.counted_for(objective)
    counting = terms.counting
    whole = counting.partial_outages == "whole" and counting.degradations == 1 and len(set(counting.faults)) > 1
    whole = whole and counting.service_hours is None
    by_outage = (counting.clock_start, counting.clock_stop) == ("outage", "outage") and not terms.maintenance.recurring
    measured = isinstance(objective.measured_by, FromOutages) and objective.rolling_windows is None
    return whole and by_outage and measured


class Probe:
    """What the exact judgement says of one outage of a given length; no length is asked for twice."""

    def __init__(self, contract: Contract, window: Period) -> None:
        self._window = window
        self._contract = contract.model_copy(
            update={
                "counting": Counting(),
                "maintenance": MaintenanceTerms(),
                "claim": Claim(automatic=True),
                "chronic": None,
                "objectives": tuple(
                    o.model_copy(update={"counting": None, "maintenance": None}) for o in contract.objectives
                ),
            }
        )
        self._known: dict[int, tuple[ObjectiveJudgement, ...]] = {}

    @cached_property
    def total(self) -> int:
        """The seconds that a share of time is a share of."""
        return self._asked(0)[0].total_seconds

    def bounds(self) -> list[QuietBounds]:
        """Return the bounds of each objective."""
        return [self._bounds(place, objective) for place, objective in enumerate(self._contract.objectives)]

    def _bounds(self, place: int, objective: Objective) -> QuietBounds:
        def owes(seconds: int) -> bool:
            found = self._asked(seconds)[place]
            return found.verdict not in (Verdict.MET, Verdict.BREACHED) or found.credit_exact != "0/1"

        longest = self._window.seconds

        def misses(seconds: int) -> bool:
            return self._asked(seconds)[place].verdict is Verdict.BREACHED

        if owes(0):
            return QuietBounds(0, 0)
        known = _turns(objective, self.total)
        turns = sorted(turn for turn in known or () if 0 < turn <= longest)
        if known is None:
            owes_from = 1
        elif _grows(objective.rule):
            owes_from = _first(owes, longest, turns)
        else:
            owes_from = next((turn for turn in turns if owes(turn)), longest + 1)
        if objective.target is None:
            return QuietBounds(owes_from, owes_from)
        allowed = math.floor(_seconds(Fraction(objective.target), self.total))
        return QuietBounds(owes_from, _first(misses, owes_from - 1, [allowed + 1]))

    def _asked(self, seconds: int) -> tuple[ObjectiveJudgement, ...]:
        if seconds not in self._known:
            start, currency = self._window.start, self._contract.currency
            down = Outage(reference="probe", start=start, end=from_seconds(self._window.span[0] + seconds))
            charges = Charges(recurring=Money(amount=Decimal(1000), currency=currency))
            facts = ServiceFacts(service="probe", outages=(down,), charges=charges)
            judged = compare(self._contract, facts, window=self._window, as_of=self._window.end)
            self._known[seconds] = judged.objectives
        return self._known[seconds]


def _first(true: Callable[[int], bool], longest: int, guesses: Sequence[int]) -> int:
    """Return the least number of seconds for which it is true, given that it stays true; beyond the longest if never.

    A guess that is right saves the search.
    """
    for guess in guesses:
        if guess <= longest and true(guess) and not true(guess - 1):
            return guess
    low, high = -1, longest + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if true(middle) else (middle, high)
    return high


def _grows(rule: rules.Rule) -> bool:
    """Tell whether a rule that owes something owes something for more seconds too."""
    return isinstance(rule, _GROWING) or (isinstance(rule, Credit) and not rule.tiers and rule.for_each == "window")


def _turns(objective: Objective, total: int) -> set[int] | None:
    """Return the numbers of seconds at which a rule could owe more.

    None for a rule that pays by more than the counted seconds of the window: by events, days, or earlier windows.
    """
    rule, target = plain_rule(objective.rule), objective.target
    exact = [Fraction(0)]
    if isinstance(objective.rule, Credit) and objective.rule.in_a_row is not None:
        return None
    if isinstance(rule, rules.DurationTiers):
        exact += _bounds_of(rule.tiers)
    elif isinstance(rule, rules.Tiers):
        exact += (_seconds(value, total) for value in _before_rounding(_bounds_of(rule.tiers), rule.round_decimals))
    elif isinstance(rule, rules.OverrunTiers) and target is not None:
        exact += (_overrun(Fraction(target), Fraction(threshold.overrun), total) for threshold in rule.thresholds)
    elif isinstance(rule, Credit) and (_is_table(rule) or _grows(rule)):
        exact += _turns_of_credit(rule, None if target is None else Fraction(target), total)
    elif isinstance(rule, _GROWING):
        allowed = Fraction(0) if target is None else _seconds(Fraction(target), total)
        exact += [allowed, Fraction(getattr(rule, "block", 0)), allowed + getattr(rule, "block", 0)]
    else:
        return None
    return {second for turn in exact for second in (math.floor(turn), math.floor(turn) + 1)}  # from it on, or beyond


def _is_table(rule: Credit) -> bool:
    """Tell whether the rule pays the window by its tiers, without what would move their bounds."""
    in_time = rule.block is None or isinstance(rule.block, int)
    free = rule.beyond is None or rule.beyond == "target" or isinstance(rule.beyond, int)
    return rule.for_each == "window" and rule.nearest is None and rule.numbered_by is None and in_time and free


def _turns_of_credit(rule: Credit, target: Fraction | None, total: int) -> Iterator[Fraction]:
    allowed = [] if target is None else [_seconds(target, total)]
    free = sum(allowed, Fraction(0)) if rule.beyond == "target" else Fraction(rule.beyond or 0)
    yield from (*allowed, free, free + Fraction(rule.block or 0))
    bounds = _bounds_of(rule.tiers)
    if rule.tiers_by is not None:
        yield from (_overrun(target or Fraction(0), bound, total) for bound in bounds)
    elif rule.bounded_by_time:
        yield from (free + bound for bound in bounds)
    else:
        yield from (_seconds(value, total) for value in _before_rounding(bounds, rule.round_decimals))


def _bounds_of(tiers: Iterable[Range]) -> list[Fraction]:
    return [bound for tier in tiers for bound, _inclusive in (tier.low, tier.high) if bound is not None]


def _overrun(target: Fraction, percent: Fraction, total: int) -> Fraction:
    return _seconds(target * (1 - percent / 100), total)


def _before_rounding(bounds: Iterable[Fraction], decimals: int | None) -> Iterator[Fraction]:
    """Yield the bounds, and the exact values at which a rounded one crosses them."""
    for bound in bounds:
        yield bound
        if decimals is not None:
            unit = Fraction(1, 10**decimals)
            below = math.floor(bound / unit) * unit
            yield from (below - unit / 2, below + unit / 2)


def _seconds(value: Fraction, total: int) -> Fraction:
    return (100 - value) * total / 100
