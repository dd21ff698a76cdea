"""The worth of a rate: as a share of the charge while every rate is one, else in money."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from include.sla_logic.domain.contract.credit_rule import AnyRate, Credit
from include.sla_logic.domain.contract.quantities import show_share
from include.sla_logic.domain.contract.rates import (
    Chosen,
    DayOfCharge,
    FixedSum,
    ProRata,
    ShareOfCharge,
    SimpleRate,
    simple_rates,
)
from include.sla_logic.domain.paid import ChargeTerm, PricedRate, Product
from include.sla_logic.domain.sla.charge import ChargeBase
from include.sla_logic.domain.sla.figures import figure
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rule_context import RuleContext, exact_money


@dataclass(frozen=True, slots=True)
class RateWorth:
    """What rates are worth in one window of `total` seconds; in shares, the charge need not be known.

    Where the charge, or that of a day, varies in the window, `second` is the moment that counts; it may be lost.
    """

    total: int
    context: RuleContext
    in_shares: bool
    second: int | None = None
    is_lost: bool = False

    @classmethod
    def of(cls, rule: Credit, total: int, context: RuleContext) -> Self:
        """Reckon in shares where every rate of the rule is a share of the window's charge."""
        simple = [one for rate in rule.every_rate for one in simple_rates(rate)]
        in_time = rule.for_each != "window" and context.base is not None and context.base.changes
        in_shares = all(isinstance(one, ShareOfCharge | ProRata) for one in simple)
        return cls(total, context, in_shares and not in_time)

    def at(self, second: int | None) -> Self:
        """Return the worth under the charge in force at that second."""
        base = self.context.base
        if base is None or not base.varies or (second is None and not base.changes):
            return self
        return replace(self, second=second, is_lost=second is None)

    def of_rate(self, rate: AnyRate, seconds: Fraction) -> Fraction:
        """Return the worth of a rate for that much time."""
        if isinstance(rate, Chosen):
            values = [self._simple(one, seconds) for one in rate.rates]
            return max(values) if rate.which == "greater_of" else min(values)
        return self._simple(rate, seconds)

    def product(self, rate: AnyRate, seconds: Fraction, *, count: int = 1, times: Fraction = Fraction(1)) -> Product:
        """Return the rate for that much time as data, with the charges that it is a share of."""
        which = rate.which if isinstance(rate, Chosen) else None
        rates = tuple(self._priced(one, seconds) for one in simple_rates(rate))
        return Product(rates=rates, count=count, which=which, times=times)

    def _priced(self, rate: SimpleRate, seconds: Fraction) -> PricedRate:
        match rate:
            case ShareOfCharge():
                return PricedRate(kind="share", number=rate.share, charge=self._terms())
            case ProRata():
                return PricedRate(kind="time", number=seconds, of=self.context.case.seconds, charge=self._terms())
            case FixedSum():
                return PricedRate(kind="sum", number=self._sum(rate))
            case DayOfCharge():
                base = self._base()
                days = base.days if rate.day == "in_period" else rate.day
                return PricedRate(kind="day", number=Fraction(days), charge=(ChargeTerm(amount=base.per_period),))

    def _terms(self) -> tuple[ChargeTerm, ...]:
        return () if self.context.base is None else self._base().terms

    def _simple(self, rate: SimpleRate, seconds: Fraction) -> Fraction:
        match rate:
            case ShareOfCharge():
                return rate.share * self._charge() if rate.share else Fraction(0)
            case ProRata():
                held = self.context.case.seconds  # what the charge pays for: of the agreed time, the service hours
                return seconds / held * self._charge() if seconds else Fraction(0)
            case FixedSum():
                return self._sum(rate)
            case DayOfCharge():
                base = self._base()
                return base.per_period / (base.days if rate.day == "in_period" else rate.day)

    def _charge(self) -> Fraction:
        return Fraction(1) if self.in_shares else self._base().window

    def _base(self) -> ChargeBase:
        if self.is_lost:
            reason = "The charge changes in the window, and it is not known when each thing that is paid happened."
            raise UnableToJudge(RefusalCode.CHARGE_UNKNOWN, reason)
        if self.second is not None:
            return self.context.charge_at(self.second)
        return self.context.charge()

    def _sum(self, rate: FixedSum) -> Fraction:
        currency = self.context.case.contract.currency
        if rate.currency != currency:
            reason = f"The rule pays {rate.sum} {rate.currency}, the contract is in {currency}."
            raise UnableToJudge(RefusalCode.CURRENCY_MISMATCH, reason)
        return Fraction(rate.sum)

    def show(self, amount: Fraction) -> str:
        """Show an amount in what it is reckoned in."""
        if not self.in_shares:
            return f"{exact_money(amount)} {self.context.case.contract.currency}"
        shown = show_share(amount)
        return f"{shown} ({figure(amount * 100, 6)} %)" if "/" in shown else shown
