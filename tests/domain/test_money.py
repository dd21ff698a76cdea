from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.sla_logic.domain.money import Money, UnableToAddMoney, half_up, round_to_minor_unit

amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=2)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        (Fraction(1, 200), "EUR", "0.01"),
        (Fraction(-1, 200), "EUR", "-0.01"),
        (Fraction(49, 10000), "EUR", "0.00"),
        (Fraction(40000, 30), "JPY", "1333"),
        (Fraction(1, 2), "JPY", "1"),
        (Fraction(5, 10000), "KWD", "0.001"),
        (Decimal("1.005"), "EUR", "1.01"),
        (Fraction(2, 3), "USD", "0.67"),
    ],
)
def test_money_is_rounded_half_up_to_the_minor_unit_of_its_currency(
    amount: Fraction, currency: str, rounded: str
) -> None:
    assert str(round_to_minor_unit(amount, currency).amount) == rounded


@given(st.fractions(min_value=-(10**6), max_value=10**6), st.integers(min_value=0, max_value=8))
def test_rounding_is_never_off_by_more_than_half_a_unit(value: Fraction, digits: int) -> None:
    assert abs(Fraction(half_up(value, digits)) - value) <= Fraction(1, 2 * 10**digits)


@given(amounts, amounts)
def test_adding_and_subtracting_money_are_each_other_s_opposite(one: Decimal, two: Decimal) -> None:
    a, b = Money(amount=one, currency="EUR"), Money(amount=two, currency="EUR")
    assert a + b - b == a
    assert a - a == Money.zero("EUR")
    assert (a < b) == (one < two)
    assert (a <= b) == (one <= two)


def test_equal_amounts_look_equal() -> None:
    assert str(Money(amount=Decimal(200), currency="EUR")) == "200.00 EUR"
    assert str(Money(amount=Decimal(200), currency="JPY")) == "200 JPY"
    assert Money(amount=Decimal("200.0"), currency="EUR") == Money(amount=Decimal("200.00"), currency="EUR")


def test_finer_amounts_than_the_minor_unit_stay_exact() -> None:
    assert Money(amount=Decimal("0.005"), currency="EUR").amount == Decimal("0.005")


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_different_currencies_never_meet(operation: str) -> None:
    with pytest.raises(UnableToAddMoney, match="different currencies"):
        getattr(Money.zero("EUR"), operation)(Money.zero("USD"))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_an_amount_is_a_finite_number(amount: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "E1R"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(1), currency=currency)


def test_no_money_is_false_and_negation_turns_a_credit_into_a_debit() -> None:
    assert not Money.zero("EUR")
    assert -Money(amount=Decimal(3), currency="EUR") == Money(amount=Decimal(-3), currency="EUR")


@pytest.mark.parametrize(
    ("amount", "accepted"),
    [
        ("999999999999999.99", True),
        ("1000000000000000", False),
        ("-1000000000000000", False),
        ("1E-60", True),
        ("1E-61", False),
    ],
)
def test_an_amount_has_at_most_15_digits_before_the_point_and_60_behind_it(amount: str, accepted: bool) -> None:
    if accepted:
        assert Money(amount=Decimal(amount), currency="EUR").amount == Decimal(amount)
        return
    with pytest.raises(ValidationError, match="at most 15 digits before the point and 60 behind it"):
        Money(amount=Decimal(amount), currency="EUR")


def test_nothing_has_no_sign() -> None:
    assert str(Money(amount=Decimal("-0"), currency="EUR")) == "0.00 EUR"
    assert str(-Money.zero("EUR")) == "0.00 EUR"
    assert str(round_to_minor_unit(Fraction(-1, 1000), "EUR")) == "0.00 EUR"


def test_of_equal_amounts_none_is_less_and_none_is_more() -> None:
    less, more = Money(amount=Decimal("0.99"), currency="EUR"), Money(amount=Decimal(1), currency="EUR")
    assert (less < more, less <= more, less > more, less >= more) == (True, True, False, False)
    assert (more < less, more <= less, more > less, more >= less) == (False, False, True, True)
    assert (more < more, more <= more, more > more, more >= more) == (False, True, False, True)  # noqa: PLR0124


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "1"), ("EUR", "1.00"), ("KWD", "1.000"), ("CLP", "1")])
def test_an_amount_is_shown_with_the_digits_of_its_minor_unit(currency: str, shown: str) -> None:
    assert str(Money(amount=Decimal(1), currency=currency)) == f"{shown} {currency}"
