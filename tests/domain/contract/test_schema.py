"""The published schema and the loader accept the same files."""

import os
import re
from typing import Any
from zlib import crc32

import jsonschema_rs
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.contract.reading import UnableToReadContract, parse_contract
from include.sla_logic.domain.contract.schema import contract_schema
from tests.domain.contract.written_contracts import ODD, contracts
from tests.domain.sla.make import DURATION_TIERS, objective, text_of

SCHEMA = contract_schema()
PUBLISHED = jsonschema_rs.Draft202012Validator(SCHEMA)  # 200 times as fast as the one in Python
UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def loads(text: str) -> bool:
    try:
        parse_contract(text, name="k.yaml")
    except UnableToReadContract:
        return False
    return True


class Writer(yaml.CSafeDumper):
    """Write texts that some readers of YAML take for numbers (1e5) with quotes: bare, a file means two things."""


def _written(writer: Writer, text: str) -> yaml.ScalarNode:
    quoted = re.fullmatch(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+", text)
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style="'" if quoted else None)


Writer.add_representer(str, _written)


def compare_both(fields: Any) -> None:
    text = yaml.dump(fields, Dumper=Writer, sort_keys=False, allow_unicode=True)
    assert loads(text) == PUBLISHED.is_valid(yaml.load(text, Loader=yaml.CSafeLoader)), text


@settings(max_examples=25, suppress_health_check=UNHURRIED)
@given(contracts(SCHEMA))
def test_the_schema_and_the_loader_accept_the_same_files(fields: Any) -> None:
    compare_both(fields)


@pytest.mark.more
@settings(max_examples=int(os.environ.get("SLA_EXAMPLES", "400")), suppress_health_check=UNHURRIED)
@given(contracts(SCHEMA))
def test_the_schema_and_the_loader_accept_the_same_of_many_files(fields: Any) -> None:
    compare_both(fields)


def plain(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def full() -> dict[str, Any]:
    """Return a contract that gives most fields, so that an odd value can stand in each of them."""
    rules = [
        {"kind": "tiers", "round_decimals": 2, "tiers": [{"at_least": 99, "credit": 0}, {"below": 99, "credit": "5%"}]},
        DURATION_TIERS | {"percent_column": [{"at_most": 50.5, "credit": "5%"}]},
        {"kind": "day_per_excess_block", "block": "1 h", "nearest": "5 min", "days": 30},
        {"kind": "share_per_day", "share": "1/30", "outage": {"more_than": "4 h"}},
        {"kind": "share_per_step", "step": 0.1, "credit": "1%", "most_steps": 5},
        {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "1%"}]},
        {"kind": "sum_per_day", "sum": 5, "applies_to": "repair", "grace_working_days": 2},
        {"kind": "daily_rate", "periods_per_year": 12},
        {"kind": "credit", "for_each": "event", "rate": "5 EUR", "block": "1 h", "counts": "full", "at_most": "10%"},
        {"kind": "credit", "for_each": "day", "tiers": [{"from_day": 3, "rate": {"greater_of": ["5 EUR", "10%"]}}]},
        {"kind": "credit", "beyond": "target", "rate": "pro_rata", "times": 5, "each_at_least": {"day": "in_period"}},
    ]
    measures = [{"kind": "percentile", "percentile": 95}, {"kind": "share_beyond", "bound": {"at_least": 5}}]
    state = {"kind": "unavailable_state", "series": "loss", "bad": {"at_least": 5}, "opens_after": 3}
    fields = plain(text_of(*(objective(rule, id=f"o{i}", target=99.9) for i, rule in enumerate(rules))))
    for one, measure in zip(fields["objectives"], [*measures, state], strict=False):
        one["measure"] = measure
    return fields | {
        "window": "quarter",
        "billing_day": 5,
        "cap": {"share": "50%", "over": "month"},
        "claim": {"within_days": 30, "ticket_within": "2 d", "note": "x"},
        "counting": {"shortest": {"at_least": "5 min"}, "least_coverage": "50%", "stops_for": ["customer"]},
        "maintenance": {"notice": "5 d", "notice_working_days": 5, "excluded": True},
        "calendar": {"country": "DE", "subdivision": "BE", "working_days": ["mon"], "holidays": ["2026-12-24"]},
        "chronic": {"count": 3, "outage": {"at_least": "1 h"}, "within_days": 30, "total": {"at_least": "1 h"}},
        "approval_limit": 500,
        "approval_share": "50%",
        "restoration_window": "P2D",
        "settle_after": "3 d",
        "correct_until": "90 d",
    }


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for key, child in children for found in places(child, (*path, key)))]


def test_a_contract_with_every_term_is_accepted_by_both() -> None:
    assert loads(yaml.safe_dump(full()))
    assert PUBLISHED.is_valid(full())


PLACES = places(full())[1:]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
def test_an_odd_value_in_a_field_is_accepted_by_both_or_by_neither(odd: Any) -> None:
    for path in PLACES[crc32(repr(odd).encode()) % 80 :: 80]:
        fields = full()
        node = fields
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = odd
        compare_both(fields)


@pytest.mark.more
@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_odd_values_in_each_field_are_accepted_by_both_or_by_neither(path: tuple[Any, ...]) -> None:
    every = int(os.environ.get("SLA_EVERY", "16"))  # 1 tries every value in every field, half an hour
    for odd in ODD[crc32(repr(path).encode()) % every :: every]:
        fields = full()
        node = fields
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = odd
        compare_both(fields)


@given(st.sampled_from(PLACES))
@settings(max_examples=10)
def test_a_field_that_is_left_out_is_missed_by_both_or_by_neither(path: tuple[Any, ...]) -> None:
    fields = full()
    node = fields
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    compare_both(fields)
