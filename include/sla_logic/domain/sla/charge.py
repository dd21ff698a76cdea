"""The money that credits are a share of."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from include.sla_logic.domain.calendars import WindowKind, calendar_window, local_days
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.measurements import Charges
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge


@dataclass(frozen=True, slots=True)
class ChargeBase:
    """The charge as exact fractions: of its own period, of a full window, and of this window.

    `days` is how many local days the charge's period has. Nothing is None: an unknown charge has no base.
    """

    per_period: Fraction
    full_window: Fraction
    window: Fraction
    days: int
    steps: list[str] = field(default_factory=list)

    def over(self, kind: str, contract: Contract) -> Fraction:
        """Return the charge of one window, month, quarter or year.

        In a stretch longer than the window, the other windows are taken as full ones.
        """
        windows = Fraction(1) if kind == "window" else Fraction(WindowKind(kind).months, contract.window.months)
        return self.window * min(windows, Fraction(1)) + self.full_window * max(windows - 1, Fraction(0))


def _amount(money: Money, contract: Contract) -> Fraction:
    if money.currency != contract.currency:
        reason = f"The charge is in {money.currency}, the contract in {contract.currency}."
        raise UnableToJudge(RefusalCode.CURRENCY_MISMATCH, reason)
    return money.exact


def charge_base(contract: Contract, charges: Charges, window: Period) -> ChargeBase | None:
    """Return what a credit is a share of, or None where no charge is known; two are compared for the window."""
    recurring, usage = _recurring(contract, charges, window), _usage(contract, charges, window)
    if contract.charge_base == "usage":
        return usage
    if contract.charge_base == "recurring" or usage is None:
        return recurring
    greater = usage if recurring is None or usage.window > recurring.window else recurring
    return replace(greater, steps=[f"{step}, the greater of the two" for step in greater.steps])


def _recurring(contract: Contract, charges: Charges, window: Period) -> ChargeBase | None:
    """Return the recurring charge; a window shorter than the calendar's pays in proportion (`proration`)."""
    if charges.recurring is None:
        return None
    amount = _amount(charges.recurring, contract)
    period = calendar_window(charges.per, contract.zone, window.start, billing_day=contract.billing_day)
    full = calendar_window(contract.window, contract.zone, window.start, billing_day=contract.billing_day)
    full_window = amount * contract.window.months / WindowKind(charges.per).months
    part, how = _part(contract, window, full)
    return ChargeBase(
        per_period=amount,
        full_window=full_window,
        window=full_window * part,
        days=charges.days or local_days(period, contract.zone),
        steps=[f"recurring charge per {charges.per}: {exact_text(amount)} {contract.currency}{how}"],
    )


def _usage(contract: Contract, charges: Charges, window: Period) -> ChargeBase | None:
    """Return the usage charge: what this very window consumed, never prorated."""
    if charges.usage is None:
        return None
    amount = _amount(charges.usage, contract)
    days = charges.days or local_days(window, contract.zone)
    steps = [f"usage charge: {exact_text(amount)} {contract.currency}"]
    return ChargeBase(per_period=amount, full_window=amount, window=amount, days=max(1, days), steps=steps)


def _part(contract: Contract, window: Period, full: Period) -> tuple[Fraction, str]:
    inside = full.start <= window.start and window.end <= full.end
    if window == full or contract.proration == "none" or not inside:
        return Fraction(1), ""
    if contract.proration == "by_day":
        days, of = local_days(window, contract.zone), local_days(full, contract.zone)
        return Fraction(days, of), f" x {days}/{of} days"
    return Fraction(window.seconds, full.seconds), f" x {window.seconds}/{full.seconds} s of the {contract.window}"
