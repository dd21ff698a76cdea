"""The credit rule against a program that was written from the documentation alone, on random rules and outages."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.domain.sla.drawn_contracts import CURRENCIES, DAY, ZONES
from tests.domain.sla.make import at, contract_of, objective
from tests.domain.sla.oracle.against import nothing_known, same_result
from tests.domain.sla.oracle.clock import stretch_of

MONTHS = ["2025-02-10", "2024-02-10", "2025-03-10", "2025-04-10", "2025-10-10", "2025-12-10"]
TARGET = "99.9"
CHARGE = "3000"

shares = st.sampled_from(["5%", "1/30", "12.5%", "100%"])
sums = st.sampled_from(["5 CUR", "0.75 CUR", "40 CUR"])
days = st.sampled_from([{"day": "in_period"}, {"day": 30}])
simple = st.one_of(shares, sums, days, st.just("pro_rata"))
chosen = st.builds(
    lambda which, rates: {which: rates},
    st.sampled_from(["greater_of", "lesser_of"]),
    st.lists(simple, min_size=2, max_size=3),
)
rates = st.one_of(simple, simple, chosen)
bounds = st.one_of(shares, sums, days)
lengths = st.sampled_from(["300 s", "5 min", "1 h", "4 h", "1 d"])


@st.composite
def tiers(draw: Any, each: str, *, block: bool) -> list[dict[str, Any]]:
    """Bands that cover every length, or numbers, or both."""
    names = {"event": ["from_event"], "day": ["from_day"]}.get(each, []) + (["from_block"] if block else [])
    name = draw(st.sampled_from([None, *names]))
    firsts = [1] if name is None else sorted(draw(st.sets(st.integers(1, 5), min_size=1, max_size=3)))
    rows: list[dict[str, Any]] = []
    for first in firsts:
        numbered = {} if name is None else {name: first}
        if draw(st.booleans()) or name is None:
            edge, low, high = draw(st.sampled_from(["5 min", "1 h", "1 d"])), draw(rates), draw(rates)
            rows += [numbered | {"below": edge, "rate": low}, numbered | {"at_least": edge, "rate": high}]
        else:
            rows.append(numbered | {"rate": draw(rates)})
    return rows


@st.composite
def rules(draw: Any) -> dict[str, Any]:
    """A rule that the schema and the linting permit."""
    each = draw(st.sampled_from(["window", "event", "day"]))
    rule: dict[str, Any] = {"kind": "credit", "for_each": each}
    if draw(st.booleans()):
        rule["block"] = draw(lengths)
        rule |= draw(st.sampled_from([{}, {"counts": "full"}, {"counts": "started"}, {"most_blocks": 3}]))
    if draw(st.booleans()):
        rule["beyond"] = draw(st.sampled_from(["30 min", "1 s"] + (["target"] if each == "window" else [])))
    rule |= draw(st.sampled_from([{}, {}, {"when": "target_missed"}]))
    rule |= draw(st.sampled_from([{}, {}, {"times": 5}, {"times": "0.5"}]))
    if each == "event":
        rule |= draw(st.sampled_from([{}, {"event_in": "window_of_start"}, {"event_in": "cut"}]))
    if each == "day":
        rule |= draw(st.sampled_from([{}, {"outage": {"at_least": "2 h"}}]))
        rule |= draw(st.sampled_from([{}, {"day_of_repair": "not_paid"}, {"day_of_repair": "paid"}]))
    for name in ("each_at_least", "each_at_most", "at_least", "at_most"):
        if draw(st.integers(0, 4)) == 0:
            rule[name] = draw(bounds)
    if draw(st.booleans()):
        return rule | {"rate": draw(rates)}
    return rule | {"tiers": draw(tiers(each, block="block" in rule))}


EDGES = [0, 1, 299, 300, 301, 1799, 1800, 1801, 2592, 3599, 3600, 3601, 7200, 14400, 86399, 86400, 86401, 400_000]
edges = st.sampled_from(EDGES)
outages = st.lists(
    st.tuples(st.integers(-3 * 86400, 32 * 86400), st.one_of(edges, st.integers(0, 200_000))), max_size=6
)


def in_currency(written: Any, currency: str) -> Any:
    """Put the contract's currency where the strategies wrote CUR."""
    if isinstance(written, dict):
        return {name: in_currency(value, currency) for name, value in written.items()}
    if isinstance(written, list):
        return [in_currency(value, currency) for value in written]
    return written.replace("CUR", currency) if isinstance(written, str) else written


def check(rule: dict[str, Any], down: list[tuple[int, int]], zone: str, month: str, currency: str) -> None:
    terms = contract_of(objective(in_currency(rule, currency), target=TARGET), zone=zone, currency=currency)
    moment = int(at(month).timestamp())
    low, high = stretch_of("month", moment, terms)
    outages_ = [{"reference": f"O{n}", "start": low + a, "end": low + a + b} for n, (a, b) in enumerate(down)]
    same_result(terms, nothing_known(CHARGE, now=high + 90 * DAY) | {"outages": outages_}, moment)


arguments = given(rules(), outages, st.sampled_from(ZONES), st.sampled_from(MONTHS), st.sampled_from(CURRENCIES))


@settings(max_examples=60)
@arguments
@example(
    {"kind": "credit", "beyond": "target", "rate": "pro_rata", "times": 10}, [(0, 10_000)], "UTC", MONTHS[0], "EUR"
)
def test_a_random_rule_pays_what_an_independent_reading_of_the_documentation_pays(
    rule: dict[str, Any], down: list[tuple[int, int]], zone: str, month: str, currency: str
) -> None:
    check(rule, down, zone, month, currency)


@pytest.mark.more
@settings(max_examples=600)
@arguments
def test_many_random_rules_pay_what_an_independent_reading_of_the_documentation_pays(
    rule: dict[str, Any], down: list[tuple[int, int]], zone: str, month: str, currency: str
) -> None:
    check(rule, down, zone, month, currency)


@pytest.mark.more
@pytest.mark.longest
@settings(max_examples=3000)
@arguments
def test_thousands_of_random_rules_pay_what_an_independent_reading_of_the_documentation_pays(
    rule: dict[str, Any], down: list[tuple[int, int]], zone: str, month: str, currency: str
) -> None:
    check(rule, down, zone, month, currency)
