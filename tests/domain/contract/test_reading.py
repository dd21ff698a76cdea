from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.contract import Contract, UnableToReadContract, check_contract, read_contract
from include.sla_logic.domain.contract.quantities import exact_text, parse_share, show_share
from include.sla_logic.domain.contract.schema import contract_schema

TEXT = """\
id: K-1
version: "7"
title: A contract
zone: Europe/Vienna
currency: EUR
charge_base: recurring
cap: {share: 50%}
objectives:
  - id: availability
    metric: availability
    target: 99.95
    rule:
      kind: tiers
      tiers:
        - {at_least: 99.95, credit: 0}
        - {at_least: 99.0, below: 99.95, credit: 10%}
        - {below: 99.0, credit: 1/3}
"""


def refused(text: str) -> UnableToReadContract:
    with pytest.raises(UnableToReadContract) as caught:
        read_contract(text, name="k1.yaml")
    return caught.value


def test_numbers_are_read_as_they_are_written_and_never_as_binary_floats() -> None:
    contract = read_contract(TEXT, name="k1.yaml")
    assert contract.objectives[0].target == Decimal("99.95")
    tiers = contract.objectives[0].rule.tiers
    assert tiers[1].below == Decimal("99.95")
    assert [tier.credit for tier in tiers] == [Fraction(0), Fraction(1, 10), Fraction(1, 3)]


def test_what_is_not_written_has_its_documented_default() -> None:
    contract = read_contract(TEXT, name="k1.yaml")
    assert contract.restoration_window == timedelta(days=2)
    assert contract.window == "month"
    assert contract.service_class == "standard"
    assert not contract.premium
    assert contract.approval_above() is None


def test_a_contract_survives_being_written_down() -> None:
    contract = read_contract(TEXT, name="k1.yaml")
    assert Contract.model_validate_json(contract.model_dump_json()) == contract
    assert hash(Contract.model_validate_json(contract.model_dump_json())) == hash(contract)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("credit: 10%", "credit: 10", 16, "10 cannot be read; write a percentage such as 10%"),
        ("credit: 1/3", "credit: 1/0", 17, "or a fraction such as 1/30"),
        ("credit: 1/3", "credit: -5%", 17, "'-5%' cannot be read"),
        ("below: 99.95", "below: ninety", 16, "'ninety' cannot be read; write a number"),
        ("below: 99.0,", "below: 99.0, at_most: 99.0,", 17, "at most one of at_most and below"),
        ("Europe/Vienna", "Europe/Wien", 4, "a zone of the IANA database, such as Europe/Vienna or UTC: Europe/Vienna"),
        ("kind: tiers", "kind: table", 13, "'table'"),
        ("title: A contract", "titel: A contract", 1, "title is missing; write text"),
        ("cap: {share: 50%}", "cap: {sahre: 50%}", 7, "cap.share is missing; write a percentage"),
        ("cap: {share: 50%}", "colour: blue", 7, "colour: there is no such field; write one of"),
        ("currency: EUR", "currency: euro", 5, "a currency of ISO 4217"),
        ("id: availability", "id: two words", 9, "'two words' cannot be read; write letters as in the pattern"),
        ("metric: availability", "metric: mood", 10, "'mood' cannot be read; write one of: availability, success_rate"),
        ("currency: EUR", "currency: EUR\ncurrency: USD", 6, "given twice"),
        ("credit: 10%", "credit: 1e1%", 16, "'1e1%' cannot be read; write a percentage such as 10%"),
        ("credit: 10%", "credit: 1e999999999%", 16, "1e999999999% has too large an exponent: write its digits"),
        ("credit: 10%", "credit: 1_0%", 16, "'1_0%' cannot be read"),
        ("target: 99.95", "target: 99 s", 11, "'99 s' cannot be read; write a number in plain digits"),
        ("target: 99.95", "target: .nan", 11, ".nan is no number: write its digits"),
        ("target: 99.95", "target: 0x63", 11, "0x63 may be read in two ways: write plain digits, or quotes"),
        ("currency: EUR", "currency: EUX", 5, "'EUX' cannot be read; write a currency of ISO 4217"),
        ("Europe/Vienna", "localtime", 4, "'localtime' cannot be read; write a zone of the IANA database"),
        ("Europe/Vienna", "right/UTC", 4, "'right/UTC' cannot be read"),
        ('version: "7"', "version: 7", 2, "7 is no text to YAML, but a number: write '7' with its quotes"),
        ("cap: {share: 50%}", "billing_day: true", 7, "billing_day: true cannot be read; write a whole number"),
        ("cap: {share: 50%}", "restoration_window: 2", 7, "restoration_window: 2 cannot be read"),
        ("cap: {share: 50%}", "calendar: {country: NO}", 7, "write 'NO' with its quotes"),
        ("cap: {share: 50%}", "calendar: {working_days: []}", 7, "has too few entries: at least 1"),
        ("cap: {share: 50%}", "calendar: {holidays: [2026-02-30]}", 7, "write a day that the calendar has"),
        ("cap: {share: 50%}", "cap: " + "[" * 100_000, 7, "too deep"),
        ("cap: {share: 50%}", "cap: {share: 50%", 8, "not YAML"),
        (
            "cap: {share: 50%}",
            "cap: {share: 50%}\nrestoration_window: -P1D",
            8,
            "'-P1D' cannot be read",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, line: int, says: str) -> None:
    error = refused(TEXT.replace(old, new, 1))
    assert says in str(error)
    assert error.line == line
    assert str(error).startswith(f"k1.yaml, line {line}: ")


CREDIT = TEXT[: TEXT.index("      kind: tiers")]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ("rate: 5%, in_a_row: 2, when: always", "in_a_row needs when: target_missed"),
        ("rate: 5%, in_a_row: 2", "in_a_row needs when: target_missed"),
        ("rate: 5%, counts: full", "counts says which blocks are paid: give the block"),
        ("rate: 5%, counts: full, block: null", "counts says which blocks are paid: give the block"),
        ("rate: 5%, most_blocks: 2, block: null", "most_blocks needs a block"),
        ("rate: 5%, for_each: event, outage: {at_least: 1 h}", "outage needs for_each: day"),
        ("rate: 5%, for_each: event, first_day: report", "first_day needs for_each: day"),
        ("rate: 5%, for_each: event, day_of_repair: paid", "day_of_repair needs for_each: day"),
        ("rate: 5%, for_each: event, days: working", "days needs for_each: day"),
        ("rate: 5%, for_each: event, events_over: month", "events_over needs a tier with from_event"),
        ("tiers: [{from_event: 2, rate: 5%}], for_each: window", "from_event needs for_each: event"),
        ("tiers: [{from_day: 3, rate: 5%}], for_each: window", "from_day needs for_each: day"),
        ("rate: 5%, tiers: [{rate: 5%}]", "give one of rate and tiers"),
    ],
)
def test_fields_that_contradict_each_other_are_said_once_and_of_the_rule_that_has_them(parts: str, says: str) -> None:
    error = refused(f"{CREDIT}      {{kind: credit, {parts}}}\n")
    assert (str(error), error.others) == (f"k1.yaml, line 12: objectives.0.rule: {says}", ())


@pytest.mark.parametrize(
    ("terms", "line", "says"),
    [
        ("calendar: {country: AT, subdivision: '99'}", 7, "calendar: the country AT has no subdivision 99"),
        ("calendar: {country: AG, subdivision: '1'}", 7, "calendar: the country AG has no subdivision 1"),
        ("calendar:\n  subdivision: '9'", 7, "calendar.country is missing; write text"),
        ("calendar:\n  subdivision: '9'\n  country: null", 9, "calendar.country: null cannot be read; write text"),
        ("chronic:\n  count: 2", 7, "chronic: count and within_days belong together"),
        ("chronic:\n  within_days: 2\n  count: null", 7, "chronic: count and within_days belong together"),
        ("chronic:\n  total_within_days: 9\n  total: null", 7, "chronic: total_within_days needs a total"),
    ],
)
def test_terms_that_belong_together_are_said_once_and_of_what_has_them(terms: str, line: int, says: str) -> None:
    error = refused(TEXT.replace("cap: {share: 50%}", terms, 1))
    assert str(error).startswith(f"k1.yaml, line {line}: {says}")
    assert error.others == ()


@pytest.mark.parametrize("field", ["zone", "charge_base", "currency", "version"])
def test_a_missing_term_is_refused_by_its_name(field: str) -> None:
    kept = "\n".join(line for line in TEXT.splitlines() if not line.startswith(field))
    assert refused(kept).code == f"missing_{field}"


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "a: \x00", "{", "!!python/object:os.system {}"])
def test_a_text_that_is_no_contract_is_refused_and_does_nothing_else(text: str) -> None:
    contract, findings = check_contract(text, name="x.yaml")
    assert contract is None
    assert findings[0].level == "refuses"


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "\n".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=False)),
        "a: &a [*a]",
        "? [a, b]\n: c",
        "a: 2025-13-45",
        "a: !!int ninety",
    ],
    ids=["aliases of aliases", "an alias of itself", "a list as a name", "no day", "no number"],
)
def test_hostile_or_odd_yaml_is_refused_quickly(text: str) -> None:
    assert check_contract(text, name="x.yaml")[1][0].level == "refuses"


@given(st.text(max_size=200))
def test_any_text_is_either_a_contract_or_refused(text: str) -> None:
    contract, findings = check_contract(text, name="x.yaml")
    assert (contract is None) == any(finding.level == "refuses" for finding in findings)


def test_a_contract_promises_something() -> None:
    empty = TEXT.split("objectives:", maxsplit=1)[0]
    assert "promises something" in str(refused(empty))
    twice = TEXT + TEXT.split("objectives:\n")[1]
    assert "named twice" in str(refused(twice))


@given(st.fractions(min_value=0, max_value=2, max_denominator=1000))
def test_a_share_reads_back_as_it_is_shown(share: Fraction) -> None:
    assert parse_share(show_share(share)) == share


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=6))
def test_an_ending_decimal_is_shown_exactly(value: Decimal) -> None:
    assert Fraction(Decimal(exact_text(Fraction(value)))) == Fraction(value)


def test_the_published_schema_accepts_the_contract_and_refuses_a_misspelt_one() -> None:
    schema = contract_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    fields = yaml.safe_load(TEXT)
    jsonschema.validate(fields, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(fields | {"colour": "blue"}, schema)


LEAST = """\
id: K
version: "1"
title: T
zone: UTC
currency: EUR
charge_base: recurring
objectives:
  - id: a
    metric: availability
    rule: {kind: duration_tiers, tiers: [{at_least: 0 s, credit: 1%}]}
"""


@pytest.mark.parametrize(
    ("terms", "field", "value"),
    [
        ("restoration_window: 1 s", "restoration_window", timedelta(seconds=1)),
        ("settle_after: 0 s", "settle_after", timedelta(0)),
        ("settle_latest: 0 s", "settle_latest", timedelta(0)),
        ("correct_until: 0 s", "correct_until", timedelta(0)),
        ("billing_day: 28", "billing_day", 28),
        ("first_month: 12", "first_month", 12),
        ("approval_limit: 0", "approval_limit", 0),
    ],
)
def test_the_least_and_the_most_that_a_term_may_say_is_accepted(terms: str, field: str, value: object) -> None:
    """A contract of one letter, with one objective of one letter and one tier, is one too."""
    assert getattr(read_contract(f"{LEAST}{terms}\n", name="k"), field) == value


@pytest.mark.parametrize(
    "terms",
    ["restoration_window: 0 s", "billing_day: 29", "billing_day: 0", "first_month: 13", "first_month: 0", "format: 3"],
)
def test_a_step_beyond_is_refused_by_its_name(terms: str) -> None:
    with pytest.raises(UnableToReadContract, match=terms.partition(":")[0]):
        read_contract(f"{LEAST}{terms}\n", name="k")
