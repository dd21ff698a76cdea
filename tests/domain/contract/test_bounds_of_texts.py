"""How much a text may hold: at each bound it is read, and with one more it is refused by its line."""

from decimal import Decimal
from typing import Any

import pytest

from include.sla_logic.domain.contract.rates import parse_rate, show_rate
from include.sla_logic.domain.contract.yaml_text import UnableToReadContract, read_fields

LONG = "x" * 41


def read(text: str, **bounds: int) -> dict[str, Any]:
    return read_fields(text, name="n", **bounds)[0]


def said(text: str, **bounds: int) -> str:
    with pytest.raises(UnableToReadContract) as refused:
        read(text, **bounds)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "values", "line"),
    [
        ("a: 1\nb: 2\nc: 3\n", 4, 3),  # the mapping, and three values
        ("a: [1, 2]\nb: {c: 3}\n", 6, 2),
        ("a: &a [x, y]\nb: *a\n", 8, 2),  # an alias is one value, and all that it stands for
        ("a: &a x\nb: [*a, *a]\n", 7, 2),
        ("a: 1\nb: 2\nc: &c [x, y]\nd: *c\n", 10, 4),  # what stands before an anchor is none of it
        ("a: &a {b: 1}\nc: *a\nd: *a\n", 9, 3),
        ("b: &b [&a [x, y], *a]\nc: *b\n", 18, 2),
        ("a: &a []\nb: *a\nc: *a\n", 6, 3),
    ],
)
def test_a_text_may_hold_so_many_values_and_an_alias_counts_as_what_it_stands_for(
    text: str, values: int, line: int
) -> None:
    read(text, most=values)
    assert said(text, most=values - 1) == f"n, line {line}: it is too large: at most {values - 1} values are read"


@pytest.mark.parametrize("most", [2, 3])
def test_a_text_may_hold_fifty_characters_for_each_value(most: int) -> None:
    read("a: " + "x" * (50 * most - 3), most=most)
    assert said("a: " + "x" * (50 * most - 2), most=most).startswith(
        f"n: it is too large: {50 * most + 1} characters, at most {50 * most}"
    )
    read("a: " + "x" * 999_990)  # 20,000 values
    assert "1000001 characters, at most 1000000" in said("a: " + "x" * 999_998)


def test_fields_may_lie_thirty_levels_deep() -> None:
    assert list(read(f"a: {'[' * 29}{']' * 29}")) == ["a"]
    assert said(f"b: 1\na: {'[' * 30}{']' * 30}") == "n, line 2: it is too deep: at most 30 levels of fields"


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("1" * 40, int("1" * 40)),
        ("-" + "1" * 39, -int("1" * 39)),
        ("0." + "1" * 38, Decimal("0." + "1" * 38)),
        ("1.5e+99", Decimal("1.5e+99")),
        ("1.5e-99", Decimal("1.5e-99")),
        ("1e99", "1e99"),
    ],
)
def test_a_number_may_have_forty_characters_and_an_exponent_of_two_digits(number: str, value: object) -> None:
    assert read(f"a: {number}") == {"a": value}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("b: 1\na: " + "1" * 41, 2, f"a: {'1' * 40}… is too long: write a number of at most 40 characters"),
        ("a: -" + "1" * 40, 1, f"a: -{'1' * 39}… is too long: write a number of at most 40 characters"),
        ("a:\n  - b: 1e100", 2, "a.0.b: 1e100 has too large an exponent: write its digits"),
        ("a: 1.5e-100", 1, "a: 1.5e-100 has too large an exponent: write its digits"),
        ("a: '1e100'", 1, "a: 1e100 has too large an exponent: write its digits"),
        ("a:\n- 1\n- 0x1F", 3, "a.1: 0x1F may be read in two ways: write plain digits, or quotes"),
        ("a: .inf", 1, "a: .inf is no number: write its digits"),
        ("a: 1\n---\nb: 1", 2, "it holds more than one document: write one to a file"),
        ("a: !foo 1", 1, "the tag !foo is not read: leave it out"),
        ("a: 1\nb: !foo [1]", 2, "the tag !foo is not read: leave it out"),
        ("a: 1\nb: *b", 2, "*b stands for nothing that was given before"),
        ("a: 1\n\n? [a]\n: 1", 3, "the name of a field is a word"),
        (f"{LONG}: 1\nb: 1\n{LONG}: 1", 3, f"{LONG[:-1]}… is given twice"),
        (f"{LONG[:-1]}: 1\nb: 1\n{LONG[:-1]}: 1", 3, f"{LONG[:-1]} is given twice"),
        ("- a", 1, "a contract is a mapping of fields"),
        ("", 1, "a contract is a mapping of fields"),
        ("a: 1\nb: [", 3, "not YAML: did not find expected node content"),
    ],
)
def test_a_text_is_refused_with_its_line_and_what_to_write(text: str, line: int, reason: str) -> None:
    assert said(text) == f"n, line {line}: {reason}"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, True) for word in ("yes", "Yes", "YES", "true", "True", "on", "ON")),
        *((word, False) for word in ("no", "No", "NO", "false", "FALSE", "off", "Off")),
        *((word, word) for word in ("nUll", "yEs", "y", "n", "'no'", '"1"', "17:00", "2026-01-01", "1e5")),
        *((word, int(word)) for word in ("0", "7", "-7", "+7", "10")),
        *((word, Decimal(word)) for word in ("0.5", ".5", "5.", "-1.25", "1.5e+3")),
    ],
)
def test_a_bare_word_is_read_as_yaml_reads_it_and_numbers_stay_exact(word: str, value: object) -> None:
    found, lines = read_fields(f"x: 1\na: {word}", name="n")
    plain = value.strip("'\"") if isinstance(value, str) else value
    assert (found["a"], type(found["a"])) == (plain, type(plain))
    assert lines[("a",)] == 2
    assert lines.spelt(("a",)) == (None if isinstance(value, str) else word)


def test_every_field_has_its_line_and_an_unknown_one_that_of_its_parent() -> None:
    _fields, lines = read_fields("a: 1\nb:\n  - c: 2\n    d: 3\n  - e\nf: {g: 4}\n", name="n")
    paths = {("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 0, "c"): 3, ("b", 0, "d"): 4, ("b", 1): 5, ("f", "g"): 6}
    assert {path: lines[path] for path in paths} == paths
    assert [lines[path] for path in (("b", 0, "x"), ("b", 0, "d", "x", "y"), ("x",), ())] == [3, 4, 1, 1]
    assert set(paths) <= set(lines)
    assert len(lines) == len(list(lines))
    assert ("b", 2) not in lines


@pytest.mark.parametrize("several", [["5%"], ["5%"] * 5, "5%"])
def test_two_to_four_rates_are_compared(several):
    with pytest.raises(ValueError, match="lesser_of compares two to 4 rates"):
        parse_rate({"lesser_of": several})
    assert show_rate(parse_rate({"lesser_of": ["5%", "7 EUR"]})) == "the lesser of 5% and 7 EUR"
