"""Figures in sentences: as many digits as tell a value apart from its bound, and never an exponent."""

from fractions import Fraction

from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.money import half_up

_USUAL, _FINEST = 4, 12


def figure(value: Fraction, digits: int = 8) -> str:
    """Write a value with that many decimals, in plain digits."""
    return f"{half_up(value, digits):f}"


def told_apart(value: Fraction, bound: Fraction | None) -> str:
    """Round a value for reading, never so far that it equals a bound which it does not equal, or changes sides."""
    for digits in range(_USUAL, _FINEST + 1):
        shown = half_up(value, digits)
        if bound is None or _side(Fraction(shown), bound) == _side(value, bound):
            return f"{shown.normalize():f}"
    return exact_text(value)


def _side(value: Fraction, bound: Fraction) -> int:
    return (value > bound) - (value < bound)
