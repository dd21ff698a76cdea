"""What is paid of a credit in the end: in whole units, within the cap, and nothing where it is too small."""

import math
from fractions import Fraction

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.sla.rule_context import exact_money


def payable(total: Fraction, cap: Fraction | None, contract: Contract) -> tuple[Fraction, list[str]]:
    """Return what is paid of the credit, still exact, and how that came about."""
    steps = []
    least, units = contract.least_credit, contract.credit_units
    if least is not None and total:
        reaches = total >= Fraction(least.amount) if least.at_least is not None else total > Fraction(least.amount)
        if not reaches:
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
