"""Whatever is sent can be written down, up to the cap, and good JSON comes back as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.raw_payload import write_raw_payload

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(json_values)
def test_json_comes_back_as_it_was(value):
    written = write_raw_payload(value, cap=10**9)
    assert written.complete
    assert written.text.isascii()
    assert json.loads(written.text) == value


@given(json_values, st.integers(min_value=0, max_value=60))
def test_the_cap_holds_and_what_is_kept_is_the_beginning(value, cap):
    whole = write_raw_payload(value, cap=10**9).text
    cut = write_raw_payload(value, cap=cap)
    assert cut.text == whole[:cap]
    assert cut.complete == (len(whole) <= cap)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (b"raw", "\"bytes b'raw'\""),
        ({1: (2, 3)}, '{"1": [2, 3]}'),
        ("\x00\ud800\u202e", '"\\u0000\\ud800\\u202e"'),
    ],
)
def test_what_is_not_json_is_written_all_the_same(value, text):
    assert write_raw_payload(value, cap=1000).text == text


@pytest.mark.parametrize(("value", "depth"), [(1, 0), ([], 1), ([[1], {"a": [2]}], 3)])
def test_the_depth_counts_brackets(value, depth):
    assert write_raw_payload(value, cap=1000).depth == depth


def test_a_number_that_python_refuses_to_write_is_written_in_hexadecimal():
    written = write_raw_payload(10**9000, cap=10**6)
    assert int(written.text, 16) == 10**9000
