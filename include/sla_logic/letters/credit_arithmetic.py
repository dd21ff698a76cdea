"""How a credit is worked out, unit by unit: what a reader does again with a pencil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.money import Money, round_to_minor_unit
from include.sla_logic.domain.paid import ChargeTerm, Limit, PaidCredit, PaidUnit, PricedRate, Product
from include.sla_logic.domain.service_performance import ObjectivePerformance
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import Block, Paragraph, Step, Steps

_WHICH = {"greater_of": "credit.greatest", "lesser_of": "credit.smallest"}


class CreditArithmetic:
    """Writes the arithmetic of credits in one currency."""

    def __init__(self, wording: Wording, currency: str) -> None:
        """Write for the reader of this wording."""
        self._wording, self.currency = wording, currency

    def money(self, amount: Fraction) -> str:
        """Write an amount rounded to the minor unit."""
        return self._wording.money(self.rounded(amount))

    def rounded(self, amount: Fraction) -> Money:
        """Round an amount to the minor unit, as what is paid is."""
        return round_to_minor_unit(amount, self.currency)

    def blocks(self, name: str, objective: ObjectivePerformance, paid: PaidCredit) -> Iterator[Block]:
        """List every unit with its quantity, its rate and its result, and then all of them together."""
        yield Paragraph(self._wording.say("credit.worked", name=name))
        steps = [Step(self._title(unit), self._unit(unit, objective)) for unit in paid.units]
        if paid.others:
            others = self._wording.say("credit.others", number=str(paid.others), amount=self.money(paid.others_worth))
            steps.append(Step("…", others))
        if len(steps) > 1 or paid.limits:
            limits = (self._limit(one) for one in paid.limits)
            together = "; ".join([self.money(paid.together), *limits])
            steps.append(Step(self._wording.say("credit.together"), together))
        yield Steps(tuple(steps))

    def charge(self, terms: Sequence[ChargeTerm]) -> str:
        """Write a charge, and how it follows from what is agreed where only a part of that is paid."""
        whole = self.money(sum((one.worth for one in terms), Fraction(0)))
        if all(one.factor == 1 for one in terms) and len(terms) == 1:
            return whole
        return f"{whole} ({' + '.join(map(self._term, terms))})"

    def product(self, product: Product) -> str:
        """Write a product with its result; a plain sum is its own result."""
        rates = [self._rate(one) for one in product.rates]
        said = rates[0] if product.which is None else self._wording.say(_WHICH[product.which], rates="; ".join(rates))
        count = [] if product.count == 1 else [self._wording.number(Decimal(product.count))]
        times = [] if product.times == 1 else [self._number(product.times)]
        shown, result = " × ".join([*count, said, *times]), self.money(product.worth)
        return shown if shown == result else f"{shown} = {result}"

    def _title(self, unit: PaidUnit) -> str:
        say, at = self._wording.say, unit.at
        if unit.kind == "window":
            return say("credit.unit_window")
        if unit.day is not None:
            return say(f"credit.unit_{unit.kind}", day=self._wording.calendar_day(unit.day))
        if at is None:
            return say("credit.unit_late_undated" if unit.kind == "late" else "credit.unit_repair_undated")
        return say(f"credit.unit_{unit.kind}", moment=self._wording.exact_moment(at))

    def _unit(self, unit: PaidUnit, objective: ObjectivePerformance) -> str:
        said = [*self._sizes(unit, objective), *(self.product(one) for one in unit.products)]
        if len(unit.products) > 1:
            worth = sum((one.worth for one in unit.products), Fraction(0))
            said.append(self._wording.say("credit.unit_sum", amount=self.money(worth)))
        return "; ".join([*said, *map(self._limit, unit.limits)])

    def _sizes(self, unit: PaidUnit, objective: ObjectivePerformance) -> Iterator[str]:
        """Say how long or large it was, what of it is free, and how many blocks that leaves."""
        say = self._wording.say
        if unit.size is None:
            return
        yield self._size(unit.size, unit, objective)
        if unit.free is not None:
            if unit.free_by == "target" and unit.timed and unit.kind != "repair" and objective.promised is not None:
                total = self._wording.number(Decimal(objective.total_seconds or 0))
                target = self._wording.quantity(objective.promised, "percent")
                yield say("credit.allowed", target=target, total=total, free=self._seconds(unit.free))
            left = abs(unit.size - unit.free)
            free = self._size(unit.free, unit, objective)
            yield say("credit.beyond", free=free, left=self._size(left, unit, objective))
        if unit.nearest is not None and unit.left is not None:
            step = self._wording.exact_length(unit.nearest)
            yield say("credit.nearest", step=step, left=self._size(unit.left, unit, objective))
        if unit.block is not None:
            block = self._size(unit.block, unit, objective)
            yield say(f"credit.blocks_{unit.counts}", block=block, number=str(unit.blocks))
            if unit.most is not None and (unit.blocks or 0) > unit.most:
                yield say("credit.most_blocks", number=str(unit.most))

    def _limit(self, limit: Limit) -> str:
        return self._wording.say(f"credit.{limit.name}", limit=self.product(limit.product))

    def _rate(self, rate: PricedRate) -> str:
        if rate.kind == "sum":
            return self._wording.exact_money(rate.number, self.currency)
        charge = " + ".join(map(self._term, rate.charge))
        charge = f"({charge})" if len(rate.charge) > 1 else charge
        if rate.kind == "day":
            return f"{charge} ÷ {self._number(rate.number)}"
        if rate.kind == "share":
            return f"{self._wording.share(rate.number)} × {charge}"
        return f"{charge} × {self._seconds(rate.number)} ÷ {self._seconds(Fraction(rate.of))}"

    def _term(self, term: ChargeTerm) -> str:
        amount = self._wording.exact_money(term.amount, self.currency)
        above = "" if term.factor.numerator == 1 else f" × {self._number(Fraction(term.factor.numerator))}"
        below = "" if term.factor.denominator == 1 else f" ÷ {self._number(Fraction(term.factor.denominator))}"
        return f"{amount}{above}{below}"

    def _size(self, size: Fraction, unit: PaidUnit, objective: ObjectivePerformance) -> str:
        if unit.timed:
            return self._wording.exact_seconds(size)
        if objective.unit == "s":
            return self._seconds(size)
        return self._wording.quantity(self._wording.to_decimal(size), objective.unit)

    def _seconds(self, seconds: Fraction) -> str:
        return f"{self._number(seconds)}\xa0s"

    def _number(self, number: Fraction) -> str:
        return self._wording.number(self._wording.to_decimal(number))
