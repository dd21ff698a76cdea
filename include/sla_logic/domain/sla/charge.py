"""The money that credits are a share of."""

from dataclasses import dataclass, field
from fractions import Fraction

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.measurements import Charges
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, calendar_window, find_zone
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


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
        """Return the charge of one window, month, quarter or year."""
        if kind == "window":
            return self.window
        return self.full_window * _MONTHS[kind] / _MONTHS[contract.window]


def _amount(money: Money, contract: Contract) -> Fraction:
    if money.currency != contract.currency:
        reason = f"The charge is in {money.currency}, the contract in {contract.currency}."
        raise UnableToJudge(RefusalCode.CURRENCY_MISMATCH, reason)
    return money.exact


def local_days(period: Period, zone: str) -> int:
    """Count the local days of a calendar window."""
    tz = find_zone(zone)
    return (period.end.astimezone(tz).date() - period.start.astimezone(tz).date()).days


def _chosen(contract: Contract, charges: Charges) -> tuple[Fraction, str] | None:
    recurring = None if charges.recurring is None else _amount(charges.recurring, contract)
    usage = None if charges.usage is None else _amount(charges.usage, contract)
    if contract.charge_base == "usage":
        return None if usage is None else (usage, "usage charge")
    if contract.charge_base == "recurring" or usage is None:
        return None if recurring is None else (recurring, f"recurring charge per {charges.per}")
    if recurring is None or usage > recurring:
        return usage, "usage charge, the greater of the two"
    return recurring, "recurring charge, the greater of the two"


def charge_base(contract: Contract, charges: Charges, window: Period) -> ChargeBase | None:
    """Return what a credit is a share of, or None where no charge is known.

    A window that is shorter than the contract's calendar window pays in proportion (`proration`).
    """
    chosen = _chosen(contract, charges)
    if chosen is None:
        return None
    per_period, name = chosen
    period = calendar_window(charges.per, contract.zone, window.start, billing_day=contract.billing_day)
    full = calendar_window(contract.window, contract.zone, window.start, billing_day=contract.billing_day)
    days = charges.days or local_days(period, contract.zone)
    if name.startswith("usage"):  # usage is what this window consumed: already a part, never prorated
        full_window, part, how = per_period, Fraction(1), ""
    else:
        full_window = per_period * _MONTHS[contract.window] / _MONTHS[charges.per]
        part, how = _part(contract, window, full)
    steps = [f"{name}: {exact_text(per_period)} {contract.currency}{how}"]
    return ChargeBase(
        per_period=per_period,
        full_window=full_window,
        window=full_window * part,
        days=days,
        steps=steps,
    )


def _part(contract: Contract, window: Period, full: Period) -> tuple[Fraction, str]:
    inside = full.start <= window.start and window.end <= full.end
    if window == full or contract.proration == "none" or not inside:
        return Fraction(1), ""
    if contract.proration == "by_day":
        days, of = local_days(window, contract.zone), local_days(full, contract.zone)
        return Fraction(days, of), f" x {days}/{of} days"
    return Fraction(window.seconds, full.seconds), f" x {window.seconds}/{full.seconds} s of the {contract.window}"
