"""What is paid of a credit in the end: in whole units, within the cap, and nothing where it is too small."""

import math
from collections.abc import Mapping
from fractions import Fraction

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.payment_terms import LeastCredit
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.paid import ChargeTerm, Payout, PricedRate
from include.sla_logic.domain.sla.charge import ChargeBase
from include.sla_logic.domain.sla.rule_context import exact_money


def payout_of(
    contract: Contract, paid: Mapping[str, Fraction], cap: Fraction | None, base: ChargeBase | None
) -> Payout:
    """Return the same as `payable` as data: which terms change the sum of what the objectives pay."""
    total, over = sum(paid.values(), Fraction(0)), contract.cap.over if contract.cap else None
    held = None
    if contract.cap is not None and cap is not None and base is not None:
        share = contract.cap.share
        terms = base.terms if over == "window" else (ChargeTerm(amount=cap / share if share else Fraction(0)),)
        held, total = PricedRate(kind="share", number=share, charge=terms), min(total, cap)
    least, units = contract.least_credit, contract.credit_units
    small = bool(total) and least is not None and not _reaches(total, least)
    return Payout(
        paying=tuple(name for name, amount in paid.items() if amount),
        cap=held,
        cap_over=None if held is None else over,
        least=Fraction(least.amount) if small and least is not None else None,
        least_is_enough=least is not None and least.at_least is not None,
        unit=None if units is None or small else Fraction(units.unit),
        rounded=None if units is None or small else units.rounded,
    )


def payable(total: Fraction, cap: Fraction | None, contract: Contract) -> tuple[Fraction, list[str]]:
    """Return what is paid of the credit, still exact, and how that came about."""
    steps = []
    least, units = contract.least_credit, contract.credit_units
    if least is not None and total and not _reaches(total, least):
        word = "at least" if least.at_least is not None else "more than"
        wanted = f"{word} {least.amount} {contract.currency}"
        return Fraction(0), [f"nothing is paid: {exact_money(total)} is not {wanted}"]
    if units is not None and total:
        size = Fraction(units.unit)
        rounding = {"up": math.ceil, "down": math.floor, "half_up": lambda parts: int(half_up(parts, 0))}
        rounded = rounding[units.rounded](total / size) * size
        steps.append(f"in units of {units.unit}, rounded {units.rounded.replace('_', ' ')}: {exact_text(rounded)}")
        if cap is not None and rounded > cap:
            rounded = cap
            steps.append(f"held to the cap of {exact_text(cap)}")
        total = rounded
    return total, steps


def _reaches(total: Fraction, least: LeastCredit) -> bool:
    return total >= Fraction(least.amount) if least.at_least is not None else total > Fraction(least.amount)
