"""The money that credits are a share of."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from include.sla_logic.domain.calendars import WindowKind, local_days
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.measurements import Charges, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.paid import ChargeTerm
from include.sla_logic.domain.sla.agreed import AgreedWindow, Part, charged_part, charged_windows, part_at
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.spans import Span


@dataclass(frozen=True, slots=True)
class ChargeBase:
    """The charge as exact fractions: of its own period, of a full window, and of this window.

    `days` is how many local days the charge's period has. Nothing is None: an unknown charge has no base. Where the
    charge changes inside the window, `window` is the sum of what its parts pay, `per_period` and `full_window` are
    those at its end, and `at` tells what was in force at a moment. A full window has that many `periods`, of which
    agreements hold the share `covered`. `agreed` is the charge of a full window under every agreement that is judged,
    also beyond this window. `terms` are the charges of which `window` is the sum, and what the window pays of each.
    `days_by_period` are the charge's own periods, where the window has several, and the days of each; else it is empty.
    """

    per_period: Fraction
    full_window: Fraction
    window: Fraction
    days: int
    steps: list[str] = field(default_factory=list)
    parts: tuple[tuple[Part, Fraction], ...] = ()
    periods: Fraction = Fraction(1)
    covered: Fraction = Fraction(1)
    agreed: tuple[tuple[Span, Fraction], ...] = ()
    terms: tuple[ChargeTerm, ...] = ()
    days_by_period: tuple[tuple[Span, int], ...] = ()

    @property
    def varies(self) -> bool:
        """Tell whether a day's charge is another at other times of the window."""
        return self.changes or len({days for _span, days in self.days_by_period}) > 1

    @property
    def changes(self) -> bool:
        """Tell whether the charge changes inside the window."""
        return len({amount for _part, amount in self.parts}) > 1

    def at(self, second: int) -> "ChargeBase":
        """Return the charge in force at that second, as if it had been in force throughout the window."""
        days = next((days for span, days in self.days_by_period if second < span[1]), self._last_days)
        if not self.changes:
            return replace(self, days=days)
        amounts = dict(self.parts)
        amount = amounts[part_at(list(amounts), second)]
        full, terms = amount * self.periods, (ChargeTerm(amount=amount, factor=self.periods * self.covered),)
        return replace(self, per_period=amount, full_window=full, window=full * self.covered, days=days, terms=terms)

    @property
    def _last_days(self) -> int:
        return self.days_by_period[-1][1] if self.days_by_period else self.days

    def over(self, kind: str, contract: Contract, window: AgreedWindow) -> Fraction:
        """Return the charge of one window, month, quarter or year.

        In a stretch longer than the window, the other windows are charged as far as agreements hold them; where
        agreements are not stated, as full ones.
        """
        windows = Fraction(1) if kind == "window" else Fraction(WindowKind(kind).months, contract.window.months)
        if windows <= 1 or not self.agreed:
            return self.window * min(windows, Fraction(1)) + self.full_window * max(windows - 1, Fraction(0))
        stretch = contract.stretch(kind, window.window.start)
        charged = (full * charged_windows(contract, stretch, span) for span, full in self.agreed)
        return sum(charged, Fraction(0))


def charge_base(contract: Contract, facts: ServiceFacts, window: AgreedWindow) -> ChargeBase | None:
    """Return what a credit is a share of, or None where no charge is known; two are compared for the window."""
    recurring, usage = _recurring(contract, facts, window), _usage(contract, facts, window)
    if contract.charge_base == "usage":
        return usage
    if contract.charge_base == "recurring" or usage is None:
        return recurring
    greater = usage if recurring is None or usage.window > recurring.window else recurring
    return replace(greater, steps=[f"{step}, the greater of the two" for step in greater.steps])


def _recurring(contract: Contract, facts: ServiceFacts, window: AgreedWindow) -> ChargeBase | None:
    """Return the recurring charge; what agreements hold of the contract's window pays in proportion (`proration`)."""
    charges = facts.charges
    named = [part.charge or charges.recurring for part in window.parts]
    known = [_amount(charge, contract) for charge in named if charge is not None]
    if not named or len(known) < len(named):
        return None
    period = contract.stretch(charges.per, window.window.start)
    periods = Fraction(contract.window.months, WindowKind(charges.per).months)
    shares = [charged_part(contract, part.span, window.calendar) for part in window.parts]
    paid = [amount * periods * share for amount, (share, _how) in zip(known, shares, strict=True)]
    return ChargeBase(
        per_period=known[-1],
        full_window=known[-1] * periods,
        window=sum(paid, Fraction(0)),
        days=charges.days or local_days(period, contract.zone),
        steps=[
            f"recurring charge per {charges.per}: {exact_text(amount)} {contract.currency}{how}"
            for amount, (_share, how) in zip(known, shares, strict=True)
        ],
        parts=tuple(zip(window.parts, known, strict=True)),
        periods=periods,
        covered=min(sum((share for share, _how in shares), Fraction(0)), Fraction(1)),
        agreed=tuple(
            (one.span, _amount(charge, contract) * periods)
            for one in facts.agreements
            if one.judged and (charge := one.charge or charges.recurring) is not None
        ),
        terms=tuple(
            ChargeTerm(amount=amount, factor=periods * share)
            for amount, (share, _how) in zip(known, shares, strict=True)
        ),
        days_by_period=tuple(_days_by_period(contract, charges, window)),
    )


def _days_by_period(contract: Contract, charges: Charges, window: AgreedWindow) -> Iterator[tuple[Span, int]]:
    """Yield the periods of a charge in a window that is longer, and how many days each has."""
    at = window.window.start
    if charges.days is not None or WindowKind(charges.per).months >= contract.window.months:
        return
    while at < window.window.end:
        period = contract.stretch(charges.per, at)
        yield period.span, local_days(period, contract.zone)
        at = period.end


def _usage(contract: Contract, facts: ServiceFacts, window: AgreedWindow) -> ChargeBase | None:
    """Return the usage charge: what this very window consumed, never prorated."""
    charges = facts.charges
    if charges.usage is None:
        return None
    amount = _amount(charges.usage, contract)
    days = charges.days or local_days(window.window, contract.zone)
    steps = [f"usage charge: {exact_text(amount)} {contract.currency}"]
    terms = (ChargeTerm(amount=amount),)
    return ChargeBase(per_period=amount, full_window=amount, window=amount, days=max(1, days), steps=steps, terms=terms)


def _amount(money: Money, contract: Contract) -> Fraction:
    if money.currency != contract.currency:
        reason = f"The charge is in {money.currency}, the contract in {contract.currency}."
        raise UnableToJudge(RefusalCode.CURRENCY_MISMATCH, reason)
    return money.exact
