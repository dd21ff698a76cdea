"""Pay a credit rule: each unit's quantity times its rate, within its bounds; then all of them, within theirs."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from include.sla_logic.domain.contract.credit_rule import AnyRate, Credit, CreditTier
from include.sla_logic.domain.contract.measures import OF_DOWNTIME
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.contract.rates import show_rate
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.paid import Limit, PaidUnit, Product, paid_of
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.credit_units import Unit, units_of
from include.sla_logic.domain.sla.misses import missed_before
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.paid_units import blocks_of, put_down
from include.sla_logic.domain.sla.rates import RateWorth
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rule_context import Award, RuleContext, exact_money, target_of, worse_by

_MOST_SHOWN = 40  # units of one judgement that are shown one by one
_MINUTE = 60


def credit_award(rule: Credit, measured: Measured, context: RuleContext) -> Award:
    """Pay every unit of the window that the rule counts; exact, before any rounding."""
    if measured.value is None:
        return Award(share=Fraction(0), steps=[measured.note or "nothing to judge"])
    paying = _Paying(rule, measured, context)
    if rule.when == "target_missed" and not paying.one_by_one and worse_by(measured, context) <= 0:
        met = f"the target {exact_text(target_of(context))} is met"
        return Award(share=Fraction(0), tier="target met", steps=[met])
    if rule.in_a_row is None:
        return paying.award()
    row = 1 + missed_before(context.objective, context.case, rule.in_a_row - 1)
    found = paying.award() if row >= rule.in_a_row else Award(share=Fraction(0), tier="too few windows in a row")
    found.steps.insert(0, f"{row} window(s) in a row missed the target, paid from no. {rule.in_a_row} on")
    return found


class _Paying:
    """One rule on one measured value; `one_by_one` where each repair has the target for itself."""

    def __init__(self, rule: Credit, measured: Measured, context: RuleContext) -> None:
        self.rule, self.measured, self.context = rule, measured, context
        self.worth = RateWorth.of(rule, measured.total, context)
        in_steps = isinstance(rule.block, Decimal)  # steps of the measured value, also where time is counted
        self.timed = bool(measured.repairs) or (measured.downtime is not None and not in_steps)
        self.counts = self.timed or measured.days is not None  # else the size is a value, of which 0 is one
        self.in_steps = in_steps and not measured.repairs
        self.one_by_one = rule.for_each == "event" and bool(measured.repairs)
        self.late = rule.for_each == "day" and not self.timed
        self.tier: CreditTier | None = None

    def award(self) -> Award:
        self._check_time()
        units = units_of(self.rule, self.measured, self.context, timed=not self.in_steps)
        steps, total, paid = [*units.steps], Fraction(0), list[PaidUnit]()
        for unit in units.units:
            amount, text, told = self._unit(unit)
            amount, limits = self._bounded(amount, "each_", self._worth_at(unit), text)
            total += amount
            paid += [told.model_copy(update={"limits": limits})] if amount else []
            if len(steps) < _MOST_SHOWN:
                steps.append("; ".join(text))
        count, each = len(units.units), self.rule.for_each
        if count > _MOST_SHOWN:
            steps.append(f"{count} {each}s in all, not all are shown")
        if not count:
            steps.append(f"no {each} is counted")
        bounds: list[str] = []
        total, limits = self._bounded(total, "", self.worth, bounds)
        if count > 1 or bounds:
            steps.append("; ".join([*bounds, f"together {self.worth.show(total)}"]))
        plain = each == "window" and self.tier is not None and self.rule.block is None
        found = Award(tier=str(self.tier) if plain else f"{count} {each}(s)", steps=steps)
        found.days, found.paid = len(paid) if each == "day" else None, paid_of(paid, limits)
        found.share, found.amount = (total, None) if self.worth.in_shares else (None, total)
        return found

    def _check_time(self) -> None:
        """Refuse a value without the time behind it, where only the time says what is owed."""
        objective = self.context.objective
        counted = isinstance(objective.measured_by, OF_DOWNTIME) and objective.rolling_windows is None
        if counted and self.measured.downtime is None and self.rule.needs_time:
            reason = f"The rule counts downtime, of which a reading of {objective.id} says nothing: give the outages."
            raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)

    def _unit(self, unit: Unit) -> tuple[Fraction, list[str], PaidUnit]:
        """Return what a unit is worth before its bounds, and how that came about, in words and as data."""
        rule, left = self.rule, self._left(unit)
        text = [unit.name if self.late else f"{unit.name}: {self._shown(unit.size)}"]
        if rule.when == "target_missed" and self.one_by_one and unit.size <= target_of(self.context):
            return Fraction(0), [*text, "within the target: nothing"], PaidUnit(kind="window")
        if rule.beyond is not None:
            free = "the target" if rule.beyond == "target" else self._shown(Fraction(rule.beyond))
            text.append(f"beyond {free}: {self._shown(left)}")
        if rule.nearest is not None:
            left = Fraction(half_up(left / rule.nearest, 0)) * rule.nearest
            text.append(f"to the nearest {show_duration(rule.nearest)}: {self._shown(left)}")
        if left == 0 and (rule.beyond is not None or (self.counts and not rule.has_bands)):
            return Fraction(0), [*text, "nothing"], PaidUnit(kind="window")
        amount, products = Fraction(0), list[Product]()
        for count, seconds, rate in self._parts(unit, left, text):
            charged = self._charged(unit, count, seconds)
            value = sum((n * worth.of_rate(rate, seconds) for n, worth in charged), Fraction(0)) * rule.factor
            amount += value
            if value:
                products += [worth.product(rate, seconds, count=n, times=rule.factor) for n, worth in charged]
            times = f" x {rule.times.normalize():f}" if rule.factor != 1 else ""
            text.append(f"{count} x {show_rate(rate)}{times} = {self.worth.show(value)}")
        return amount, text, self._told(unit, left, products)

    def _told(self, unit: Unit, left: Fraction, products: list[Product]) -> PaidUnit:
        """Return the unit as data."""
        rule = self.rule
        by_size = rule.beyond is not None or rule.block is not None or rule.bounded_by_time or rule.pays_time
        kind: Any = "late" if self.late else "repair" if self.one_by_one else rule.for_each
        return put_down(
            rule,
            unit,
            kind=kind,
            timed=self.timed,
            sized=not self.late and (rule.for_each == "event" or by_size),
            free=None if rule.beyond is None else self._free(),
            left=left,
            products=products,
            zone=self.context.case.contract.zone,
        )

    def _charged(self, unit: Unit, count: int, seconds: Fraction) -> list[tuple[int, RateWorth]]:
        """Return a number of blocks at the charges in force: at the unit, or where each block of time begins."""
        rule, base, downtime = self.rule, self.context.base, self.measured.downtime
        in_blocks = rule.block is not None and rule.for_each == "window" and not self.worth.in_shares
        if not in_blocks or self.in_steps or downtime is None or base is None or not base.varies:
            return [(count, self._worth_at(unit))]
        found: dict[tuple[Fraction, int], tuple[int, RateWorth]] = {}
        for number in range(count):
            worth = self.worth.at(begins := downtime.second(self._free() + number * seconds))
            key = base.at(begins).per_period, base.at(begins).days
            found[key] = found.get(key, (0, worth))[0] + 1, worth
        return list(found.values())

    def _worth_at(self, unit: Unit) -> RateWorth:
        return self.worth if self.rule.for_each == "window" else self.worth.at(unit.at)

    def _left(self, unit: Unit) -> Fraction:
        """Return what is left of a unit's size beyond what is free; never below nothing."""
        if self.rule.beyond is None:
            return unit.size
        if self.rule.beyond == "target" and not self.timed:
            return max(Fraction(0), worse_by(self.measured, self.context))
        over, worse_is_more = unit.size - self._free(), self.timed or not self.context.objective.higher_is_better
        return max(Fraction(0), over if worse_is_more else -over)

    def _free(self) -> Fraction:
        """Return what is free: a length or number, what the target allows, or the target of each repair."""
        beyond, measured = self.rule.beyond, self.measured
        if beyond is None or beyond != "target":
            return Fraction(beyond or 0)
        if measured.downtime is not None and not self.in_steps:
            return (100 - target_of(self.context)) / 100 * measured.total
        return target_of(self.context)

    def _parts(self, unit: Unit, left: Fraction, text: list[str]) -> Iterator[tuple[int, Fraction, AnyRate]]:
        """Yield how often which rate is paid, and the time that one of them stands for."""
        rule = self.rule
        size = left if rule.block is None else Fraction(rule.block)
        count = 1 if rule.block is None else self._blocks(left, size, text)
        firsts = sorted({tier.first for tier in rule.tiers}) if rule.numbered_by == "block" else []
        if not firsts:
            rate = self._rate(left, unit.number, text) if count else None
            if rate is not None:
                yield count, size, rate
            return
        for first, following in zip(firsts, [*firsts[1:], count + 1], strict=True):
            several = min(count + 1, following) - first
            rate = self._rate(left, first, text) if several > 0 else None
            if rate is not None:
                yield several, size, rate

    def _blocks(self, left: Fraction, size: Fraction, text: list[str]) -> int:
        rule, count = self.rule, blocks_of(self.rule, left)
        text.append(f"{count} {rule.counts or 'started'} block(s) of {self._shown(size)}")
        if rule.most_blocks is not None and count > rule.most_blocks:
            count = rule.most_blocks
            text.append(f"at most {count} are paid")
        return count

    def _rate(self, left: Fraction, number: int, text: list[str]) -> AnyRate | None:
        """Return the rate for this size and number; None where the numbers begin later."""
        if self.rule.rate is not None:
            return self.rule.rate
        self.tier = tier = self._tier(left, number)
        named = "" if self.rule.numbered_by is None else f"no. {number}, "
        text.append(f"{named}tier {tier}" if tier else f"{named}before the first that is paid")
        return tier.rate if tier else None

    def _tier(self, left: Fraction, number: int) -> CreditTier | None:
        """Return the tier of the highest number reached whose band holds the size; refuse a hole."""
        first = max((tier.first for tier in self.rule.tiers if tier.first <= number), default=None)
        if first is None:
            return None
        looked_up = self._looked_up(left)
        found = (tier for tier in self.rule.tiers if tier.first == first and tier.holds(looked_up))
        if (tier := next(found, None)) is not None:
            return tier
        shown = f"{half_up(looked_up, 8).normalize():f} {'s' if self.rule.bounded_by_time else ''}".strip()
        reason = (
            f"{shown} lies in no tier of {self.context.objective.id}: the contract is silent, a person must decide."
        )
        raise UnableToJudge(RefusalCode.TIER_GAP, reason)

    def _looked_up(self, left: Fraction) -> Fraction:
        """Return what the bands speak of: time that is counted, the measured value, or the overrun in percent."""
        rule, measured = self.rule, self.measured
        if rule.tiers_by == "overrun":
            target = target_of(self.context)
            if target == 0:
                raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, "A relative overrun needs a target that is not zero.")
            return max(Fraction(0), 100 * worse_by(measured, self.context) / target)
        if measured.repairs or rule.bounded_by_time or not rule.has_bands:
            return left
        value = measured.value or Fraction(0)
        return value if rule.round_decimals is None else Fraction(half_up(value, rule.round_decimals))

    def _bounded(
        self, amount: Fraction, prefix: str, worth: RateWorth, text: list[str]
    ) -> tuple[Fraction, tuple[Limit, ...]]:
        """Hold what is due within the bounds; where nothing is due, nothing stays due."""
        held = list[Limit]()
        for name in ("at_least", "at_most"):
            bound = getattr(self.rule, f"{prefix}{name}")
            if bound is None or not amount:
                continue
            limit = worth.of_rate(bound, Fraction(0))
            if (amount < limit) if name == "at_least" else (amount > limit):
                amount = limit
                text.append(f"{name.replace('_', ' ')} {show_rate(bound)} = {worth.show(amount)}")
                held.append(Limit.model_validate({"name": name, "product": worth.product(bound, Fraction(0))}))
        return amount, tuple(held)

    def _shown(self, size: Fraction) -> str:
        if self.timed:
            long = size.denominator == 1 and size >= _MINUTE
            return f"{exact_text(size)} s" + (f" ({show_duration(int(size))})" if long else "")
        return f"{exact_money(size)} {self.context.objective.shown_unit}"
