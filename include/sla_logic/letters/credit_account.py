"""The account of a credit: what each promise pays, and what limits and rounding make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.customer_report import CreditLine
from include.sla_logic.domain.money import Money, minor_digits, round_to_minor_unit
from include.sla_logic.domain.paid import PaidCredit, Payout, Product
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.service_performance import ObjectivePerformance
from include.sla_logic.letters.credit_arithmetic import CreditArithmetic
from include.sla_logic.letters.objectives_section import Told, measured_text, name_of, promised_text
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import Block, Line, Paragraph

Cap = tuple[Money | None, Period | None]


class CreditAccount:
    """Explains the amount that a window owes, so that a reader comes to the same.

    Documents of earlier releases say less of how it came about: their lines name the share of the charge, or the
    contract.
    """

    def __init__(self, report: Told, payout: Payout | None, currency: str, wording: Wording) -> None:
        """Explain by what the objectives of the report paid, and by how that became what is owed."""
        self._report, self._payout, self._wording = report, payout, wording
        self._objectives = {one.objective: one for one in report.performance.objectives}
        self._arithmetic = CreditArithmetic(wording, currency)

    @property
    def too_small(self) -> str:
        """Say that the credit is smaller than what the contract pays; nothing where it is not."""
        payout, arithmetic = self._payout, self._arithmetic
        if payout is None:
            return ""
        exact = sum((credit.worth for _objective, credit in self._paid(())), Fraction(0))
        held = min(exact, payout.cap.worth) if payout.cap else exact
        if payout.least is not None:
            key = "credit.none_at_least" if payout.least_is_enough else "credit.none_more_than"
            least = self._wording.exact_money(payout.least, arithmetic.currency)
            return self._wording.say(key, least=least, amount=self._below(held, payout.least))
        if payout.unit is None or not held or self._paid_of(exact):
            return ""
        unit = self._wording.exact_money(payout.unit, arithmetic.currency)
        return self._wording.say(f"credit.none_{payout.rounded}", unit=unit, amount=self._below(held, payout.unit))

    def why_nothing(self, lines: Sequence[CreditLine], cap: Cap, *, decided: bool) -> str:
        """Say why a broken promise brings no credit; `decided` where only a person can have decided so."""
        exact = sum((credit.worth for _objective, credit in self._paid(lines)), Fraction(0))
        if self.too_small or not self._arithmetic.rounded(self._paid_of(exact)):
            return self.too_small or self._wording.say("credit.none_contract")
        most, period = cap
        if decided or most is None or period is None:
            return self._wording.say("credit.none_decided")
        return self._wording.say("credit.none_left", period=self._wording.period(period), cap=self._wording.money(most))

    def _paid_of(self, exact: Fraction) -> Fraction:
        """Return what is paid of that sum."""
        steps = [] if self._payout is None else self._payout.after_each(exact)
        return steps[-1][1] if steps else exact

    def _below(self, amount: Fraction, bound: Fraction) -> str:
        """Write an amount so that it is seen to be less than the bound, also where rounding would hide that."""
        if amount < bound <= self._arithmetic.rounded(amount).exact:
            return self._wording.exact_money(amount, self._arithmetic.currency)
        return self._arithmetic.money(amount)

    def worked_out(self, lines: Sequence[CreditLine]) -> Iterator[Block]:
        """List the units of each objective whose credit is more than one share of the charge."""
        rounds = False
        for objective, credit in self._paid(lines):
            if credit.only is None or self.too_small:
                yield from self._arithmetic.blocks(name_of(objective, self._report, self._wording), objective, credit)
                rounds = rounds or any(self._arithmetic.rounded(one.worth).exact != one.worth for one in credit.units)
        if rounds:
            yield Paragraph(self._wording.say("credit.exact"))

    def lines_of(self, lines: Sequence[CreditLine], total: Money, cap: Cap) -> Iterator[Line]:
        """Return every line of the account that ends in the total, beside other windows under the cap."""
        found = list(self._of_objectives(lines, cap))
        yield from (Line(text, self._wording.money(amount)) for text, amount in found)
        earlier = sum((amount for _text, amount in found), start=-total)
        if earlier:
            key = "credit.earlier" if earlier.amount > 0 else "credit.rest"
            yield Line(self._wording.say(key), self._wording.money(-earlier))

    def _paid(self, lines: Sequence[CreditLine]) -> list[tuple[ObjectivePerformance, PaidCredit]]:
        """Return what the paying objectives paid; nothing where a document does not say it for all of them."""
        paying = () if self._payout is None else self._payout.paying
        known = [self._objectives[name] for name in paying if name in self._objectives]
        found = [(one, one.paid) for one in known if one.paid is not None]
        complete = len(found) == len(paying) and {line.objective for line in lines} <= set(paying)
        return found if complete else []

    def _of_objectives(self, lines: Sequence[CreditLine], cap: Cap) -> Iterator[tuple[str, Money]]:
        """Return what each objective pays, and how their sum becomes what is owed."""
        nothing = Money.zero(self._arithmetic.currency)
        owed, steps = sum(map(_gross, lines), start=nothing), list(self._steps(self._paid(lines), cap[1]))
        if not steps or steps[-1][1] < owed or (steps[-1][1] > owed and None in cap):
            for line in lines:
                yield from self._as_before(line)
            return
        said = nothing
        for text, amount in [*steps, *self._left_of_cap(owed, cap)]:
            if amount != said:
                yield text, amount - said
                said = amount

    def _steps(
        self, paid: Sequence[tuple[ObjectivePerformance, PaidCredit]], period: Period | None
    ) -> Iterator[tuple[str, Money]]:
        """Yield the words for each line, and the amount up to it."""
        if self._payout is None or not paid:
            return
        said = Money.zero(self._arithmetic.currency)
        for objective, credit in paid:
            said += self._arithmetic.rounded(credit.worth)
            yield self._line(objective, credit), said
        exact = sum((credit.worth for _objective, credit in paid), Fraction(0))
        yield self._wording.say("credit.rounded"), self._arithmetic.rounded(exact)
        for what, amount in self._payout.after_each(exact):
            words = self._of_cap(self._payout, period) if what == "cap" else self._of_units(self._payout)
            yield words, self._arithmetic.rounded(amount)

    def _line(self, objective: ObjectivePerformance, credit: PaidCredit) -> str:
        name, only = name_of(objective, self._report, self._wording), credit.only
        if only is None:
            return self._wording.say("credit.sum_of", name=name)
        values = {
            "name": name,
            "percent": self._wording.share(only.number),
            "base": self._arithmetic.charge(only.charge),
        }
        if objective.measured is None or objective.promised is None:
            return self._wording.say("credit.percent_of_plain", **values)
        measured, target = measured_text(objective, self._wording), promised_text(objective, self._wording)
        return self._wording.say("credit.percent_of", measured=measured, target=target, **values)

    def _of_cap(self, payout: Payout, period: Period | None) -> str:
        limit = "" if payout.cap is None else self._arithmetic.product(Product(rates=(payout.cap,)))
        if payout.cap_over == "window" or period is None:
            return self._wording.say("credit.cap", limit=limit)
        return self._wording.say("credit.cap_over", limit=limit, period=self._wording.period(period))

    def _of_units(self, payout: Payout) -> str:
        unit = self._wording.exact_money(payout.unit or Fraction(0), self._arithmetic.currency)
        return self._wording.say(f"credit.units_{payout.rounded}", unit=unit)

    def _left_of_cap(self, owed: Money, cap: Cap) -> Iterator[tuple[str, Money]]:
        """Say what other windows have left of the cap, where that is what is owed."""
        most, period = cap
        if most is None or period is None:
            return
        values = {"cap": most, "used": most - owed, "left": owed}
        said = {name: self._wording.money(amount) for name, amount in values.items()}
        yield self._wording.say("credit.cap_left", period=self._wording.period(period), **said), owed

    def _as_before(self, line: CreditLine) -> Iterator[tuple[str, Money]]:
        """Explain the credit of one objective of a document that has no arithmetic."""
        gross, objective = _gross(line), self._objectives.get(line.objective)
        if objective is None:
            yield self._wording.say("credit.decided" if line.earlier is None else "statement.owed"), gross
            return
        exact = _share(objective)
        if exact is None:
            yield self._in_days(objective), gross
            return
        yield self._percent_of(objective), exact
        if exact != gross:
            yield self._wording.say(_why_unlike(gross - exact)), gross - exact

    def _in_days(self, objective: ObjectivePerformance) -> str:
        """Say for how many days the charge is credited, where the contract counts in days."""
        name = name_of(objective, self._report, self._wording)
        if not objective.credited_days or objective.charge_base is None:
            return self._wording.say("credit.agreed", name=name)
        return self._wording.say(
            "credit.days_of",
            name=name,
            days=self._wording.length(objective.credited_days * 86_400),
            length=self._wording.length(objective.counted_seconds or 0),
            base=self._wording.money(objective.charge_base),
        )

    def _percent_of(self, objective: ObjectivePerformance) -> str:
        values = {"name": name_of(objective, self._report, self._wording)}
        if objective.credit_percent is None or objective.charge_base is None:
            return self._wording.say("credit.agreed", **values)
        values["percent"] = self._wording.quantity(objective.credit_percent, "percent")
        values["base"] = self._wording.money(objective.charge_base)
        if objective.measured is None or objective.promised is None:
            return self._wording.say("credit.percent_of_plain", **values)
        measured, target = measured_text(objective, self._wording), promised_text(objective, self._wording)
        return self._wording.say("credit.percent_of", measured=measured, target=target, **values)


def _gross(line: CreditLine) -> Money:
    return line.gross if line.gross is not None else line.amount


def _why_unlike(rest: Money) -> str:
    """Tell what rounding of the charge has changed from what a limit has taken off."""
    smallest = Decimal(1).scaleb(-minor_digits(rest.currency))
    return "credit.limited" if rest.amount < -smallest else "credit.rounded"


def _share(objective: ObjectivePerformance | None) -> Money | None:
    """Return percent times charge, where the credit is such a product."""
    if objective is None or objective.credit_percent is None or objective.charge_base is None:
        return None
    exact = Fraction(objective.credit_percent) / 100 * objective.charge_base.exact
    return round_to_minor_unit(exact, objective.charge_base.currency)
