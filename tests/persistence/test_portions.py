"""Lists that are cut into portions."""

from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.persistence.portions import portions


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=9))
def test_portions_have_every_value_in_its_order_and_only_the_last_is_shorter(values, size):
    found = list(portions(iter(values), size))
    assert [value for portion in found for value in portion] == values
    assert all(len(portion) == size for portion in found[:-1])
    assert all(1 <= len(portion) <= size for portion in found)
