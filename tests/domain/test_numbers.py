"""The numbers of rows as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.numbers import number_in, written

NUMBERS = st.integers(min_value=0, max_value=10**18 - 1)


@given(NUMBERS)
def test_a_number_is_read_as_it_was_written(number):
    assert number_in("SP-", written("SP-", number)) == number


@given(NUMBERS)
def test_a_number_is_read_without_a_prefix_too(number):
    assert number_in("", str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "SP-", "SP-x", "SP-1 ", "SP--1", "SP-+1", "SP-1_0", "SP-SP-1", "TT-000001", "1", "sp-1", "SP-²", "SP-٣"],
)
def test_any_other_text_has_no_number(text):
    assert number_in("SP-", text) is None


@pytest.mark.parametrize("digits", ["9" * 19, "9" * 20, "1" + "0" * 5000])
def test_a_number_that_no_column_holds_is_none(digits):
    assert number_in("SR-", f"SR-{digits}") is None
    assert number_in("", digits) is None
