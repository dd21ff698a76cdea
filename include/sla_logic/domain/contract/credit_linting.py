"""What is wrong with a credit rule: parts that do not fit what is measured, bands, and parts that never pay."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from include.sla_logic.domain.contract import measures
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.credit_misfits import Misfits
from include.sla_logic.domain.contract.credit_rule import AnyRate, Credit, CreditTier
from include.sla_logic.domain.contract.cuts import Cut
from include.sla_logic.domain.contract.finding import Finding, LineOf
from include.sla_logic.domain.contract.quantities import show_share
from include.sla_logic.domain.contract.rates import (
    DayOfCharge,
    FixedSum,
    ProRata,
    ShareOfCharge,
    show_rate,
    simple_rates,
)
from include.sla_logic.domain.contract.tier_table import HUNDRED, Row, TierTable
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.sentence import Code, Sentence

LONGEST_DAY = 25 * 3600
_ALIKE = Fraction(1)  # what every rate of a kind is worth that has no number to compare


def lint_credit(contract: Contract, objective: Objective, line: LineOf, longest: int) -> Iterable[Finding]:
    """Find what is wrong with the rule of this objective; a window has at most `longest` seconds."""
    if isinstance(objective.rule, Credit):
        yield from _Linting(contract, objective, objective.rule, line, longest).findings()


@dataclass(frozen=True, slots=True)
class _Linting(Misfits):
    def findings(self) -> Iterator[Finding]:
        misfits = [*self._misfits()]
        yield from misfits
        if not misfits:
            yield from self._tables()
            yield from self._never_paid()
            yield from self._bounds()
            yield from self._unlimited()

    def _refusal(self, field: str, text: str, *, code: str, witness: str | None = None) -> Finding:
        return Finding(level="refuses", line=self.line(field), code=code, text=text, witness=witness)

    def _misfits(self) -> Iterator[Finding]:
        rule, metric = self.rule, str(self.objective.metric)
        how = Sentence("%(metric)s is measured by %(how)s", metric=metric, how=self.objective.measured_by.kind)
        for wrong, field, text in (*self.of_units(), *self.of_days()):
            if wrong:
                yield self._refusal(field, Sentence("%(why)s; %(how)s", why=text, how=how), code="unit_mix_up")
        needs = {"when": rule.when == "target_missed", "beyond": rule.beyond == "target", "tiers_by": rule.tiers_by}
        for field, needed in needs.items():
            if needed and self.objective.target is None:
                text = Sentence("the rule credit needs a target for %(field)s", field=field)
                yield self._refusal(field, text, code="missing_target")
        for rate in rule.every_rate:
            for one in simple_rates(rate):
                if isinstance(one, FixedSum) and one.currency != self.contract.currency:
                    msg = "the rule pays %(rate)s, the contract is in %(currency)s"
                    text = Sentence(msg, rate=show_rate(one), currency=self.contract.currency)
                    yield self._refusal("kind", text, code="currency_mismatch", witness=show_rate(one))

    def _tables(self) -> Iterator[Finding]:
        """Lint the bands of each number on its own: a later one replaces the earlier ones."""
        for first in sorted({tier.first for tier in self.rule.tiers}):
            group = [(place, tier) for place, tier in enumerate(self.rule.tiers) if tier.first == first]
            worth = [_worth(tier.rate) for _place, tier in group]
            kinds = {kind for kind, _value in worth}
            rows = [Row(p, t, value, show_rate(t.rate)) for (p, t), (_k, value) in zip(group, worth, strict=True)]
            ordered = len(kinds) == 1 and kinds != {"chosen"}
            if len(rows) > 1 or self.rule.has_bands:
                yield from self._table(rows, ordered=ordered).lint(self.line)
        if self.rule.percent_column:
            rows = [Row(p, t, t.credit, show_share(t.credit)) for p, t in enumerate(self.rule.percent_column)]
            column = TierTable(rows, "percent", higher_is_better=True, top=HUNDRED, field="percent_column")
            yield from column.lint(self.line)

    def _table(self, rows: list[Row], *, ordered: bool) -> TierTable:
        rule, objective = self.rule, self.objective
        if rule.tiers_by is not None:
            return TierTable(rows, "percent of overrun", higher_is_better=False, ordered=ordered)
        if rule.bounded_by_time or self.repairs or not rule.has_bands:
            whole = rule.beyond is None and not self.repairs
            grid = Fraction(1) if whole or (rule.beyond != "target" and self.timed) else None
            return TierTable(rows, "s", higher_is_better=False, grid=grid, least=self._least(), ordered=ordered)
        grid = None if rule.round_decimals is None else Fraction(1, 10**rule.round_decimals)
        unit, better = objective.shown_unit, objective.higher_is_better
        top = HUNDRED if unit == "percent" else None
        return TierTable(rows, unit, better, grid=grid, top=top, ordered=ordered)

    def _least(self) -> Cut:
        """Return the cut below which no size is looked up: nothing is no event, and nothing is paid for nothing."""
        shortest = self.contract.counted_for(self.objective).counting.shortest
        if self.rule.beyond is not None:
            return Fraction(0), 1
        if self.rule.for_each == "window" and self.timed:
            return Fraction(0), 0
        if shortest is None or self.rule.for_each != "event":
            return Fraction(0), 1
        low, inclusive = shortest.low
        return low or Fraction(0), 0 if inclusive else 1

    def _never_paid(self) -> Iterator[Finding]:
        rule = self.rule
        most = {"window": self.longest, "day": LONGEST_DAY}.get(rule.for_each) if self.timed else None
        for number, tier in enumerate(rule.tiers):
            low = tier.low[0]
            if most is not None and rule.bounded_by_time and low is not None and low > most:
                text = Sentence("no %(unit)s has that much downtime (%(tier)s)", unit=self._unit(), tier=str(tier))
                yield Finding(level="refuses", line=self.line("tiers", number), code="unreachable_tier", text=text)
            if rule.most_blocks is not None and rule.numbered_by == "block" and tier.first > rule.most_blocks:
                msg = "at most %(most)s blocks are paid, so this tier never is (%(tier)s)"
                text = Sentence(msg, most=str(rule.most_blocks), tier=str(tier))
                yield Finding(level="refuses", line=self.line("tiers", number), code="unreachable_tier", text=text)
        for field, size in (("block", rule.block if rule.counts == "full" else None), ("beyond", rule.beyond)):
            if most is not None and isinstance(size, int) and size > most:
                msg = "no %(unit)s has %(size)s of downtime, so nothing is ever paid"
                text = Sentence(msg, unit=self._unit(), size=show_duration(size))
                yield self._refusal(field, text, code="unreachable_tier", witness=show_duration(size))

    def _unit(self) -> Code:
        return Code(self.contract.window if self.rule.for_each == "window" else self.rule.for_each)

    def _bounds(self) -> Iterator[Finding]:
        rule = self.rule
        pairs = (("each_at_least", "each_at_most"), ("at_least", "at_most"), ("each_at_least", "at_most"))
        for low_name, high_name in pairs:
            low, high = getattr(rule, low_name), getattr(rule, high_name)
            if low is not None and high is not None and _exceeds(low, high):
                bounds = {"low": f"{low_name} {show_rate(low)}", "high": f"{high_name} {show_rate(high)}"}
                text = Sentence("%(low)s is above %(high)s", **bounds)
                yield self._refusal(low_name, text, code="bounds_contradict", witness=show_rate(low))
        for high_name in ("each_at_most", "at_most"):
            high = getattr(rule, high_name)
            for rate in (rule.rate, *(tier.rate for tier in rule.tiers)):
                if high is not None and rate is not None and rule.factor >= 1 and _exceeds(rate, high):
                    never = f"a rate of {show_rate(rate)} is never paid in full: {high_name} is {show_rate(high)}"
                    line = self.line(high_name)
                    yield Finding(level="warns", line=line, code="cap_below_tier", text=never, witness=show_rate(rate))

    def _unlimited(self) -> Iterator[Finding]:
        rule = self.rule
        if self.contract.cap is not None or rule.at_most is not None:
            return
        many = rule.for_each != "window" or (rule.block is not None and rule.most_blocks is None)
        rates = [one for rate in (rule.rate, *(t.rate for t in rule.tiers)) if rate for one in simple_rates(rate)]
        shares = [one.share for one in rates if isinstance(one, ShareOfCharge)]
        only_time = all(isinstance(one, ProRata) for one in rates)
        most = Fraction(1) if only_time else max(shares, default=Fraction(0)) * (rule.most_blocks or 1)
        if (many and not only_time) or most * rule.factor > 1:
            what = "without end" if many and not only_time else f"up to {show_share(most * rule.factor)}"
            text = f"{self.objective.id} credits {what}, and there is no cap"
            yield Finding(level="warns", line=self.line("kind"), code="no_cap", text=text)


def _worth(rate: AnyRate) -> tuple[str, Fraction]:
    """Return a number by which rates of one kind can be compared."""
    match rate:
        case ShareOfCharge():
            return "share", rate.share
        case FixedSum():
            return "share" if rate.sum == 0 else "sum", Fraction(rate.sum)
        case DayOfCharge():
            return f"day {rate.day}", _ALIKE
        case ProRata():
            return "time", _ALIKE
        case _:
            return "chosen", _ALIKE


def _exceeds(one: Any, other: Any) -> bool:
    (kind, value), (other_kind, limit) = _worth(one), _worth(other)
    return kind == other_kind and value > limit


def tier_of_target(objective: Objective) -> CreditTier | None:
    """Return the paying tier in which a service that just keeps its target lies."""
    rule, target = objective.rule, objective.target
    if not isinstance(rule, Credit) or target is None or rule.when != "always" or rule.beyond is not None:
        return None
    if rule.for_each != "window" or rule.tiers_by is not None or not rule.has_bands or rule.numbered_by is not None:
        return None
    by_time = isinstance(objective.measured_by, measures.OF_DOWNTIME)
    if by_time and rule.bounded_by_time:
        return None
    tier = next((tier for tier in rule.tiers if tier.holds(Fraction(target))), None)
    return None if tier is None or _worth(tier.rate)[1] == 0 else tier
