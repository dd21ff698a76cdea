"""Random credit rules: what cannot change what is owed, and what can only make it grow."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import Contract, check_contract
from include.sla_logic.domain.measurements import Charges, Outage, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, from_seconds
from include.sla_logic.domain.sla import compare
from tests.domain.sla.make import at, objective, text_of
from tests.domain.sla.test_credit_oracle import (
    CHARGE,
    CURRENCIES,
    MONTHS,
    TARGET,
    ZONES,
    check,
    in_currency,
    outages,
    rules,
)

Down = list[tuple[int, int]]
BOUNDS = {"5 min": 300, "30 min": 1800, "1 h": 3600, "2 h": 7200, "4 h": 14_400, "1 d": 86_400, "300 s": 300, "1 s": 1}


def terms_of(rule: dict[str, Any], zone: str, currency: str) -> Contract:
    text = text_of(objective(in_currency(rule, currency), target=TARGET), zone=zone, currency=currency)
    terms, findings = check_contract(text, name="k")
    assume(terms is not None and not any(finding.level == "refuses" for finding in findings))
    assert terms is not None
    return terms


def owed(terms: Contract, down: Down, window: Period) -> Fraction:
    known = ServiceFacts(
        service="S",
        outages=tuple(
            Outage(
                reference=f"O{i}",
                start=from_seconds(window.span[0] + start),
                end=from_seconds(window.span[0] + start + length),
            )
            for i, (start, length) in enumerate(down)
        ),
        charges=Charges(recurring=Money(amount=CHARGE, currency=terms.currency)),
    )
    [found] = compare(terms, known, window=window, as_of=window.end + timedelta(days=90)).objectives
    assert found.credit_exact is not None, found.reason
    return Fraction(found.credit_exact)


def only_grows(rule: dict[str, Any]) -> bool:
    """Tell whether more downtime can never owe less: one rate for all sizes, and no day that repair takes away."""
    return "tiers" not in rule and "day_of_repair" not in rule and rule["for_each"] != "event"


def check_order(rule: dict[str, Any], down: Down, zone: str, month: str, currency: str) -> None:
    terms, window = terms_of(rule, zone, currency), calendar_window("month", zone, at(month))
    before = owed(terms, down, window)
    assert owed(terms, down[::-1], window) == before
    halves = [part for start, length in down for part in ((start, length // 2), (start + length // 2, -(-length // 2)))]
    assert owed(terms, halves, window) == before
    if only_grows(rule):
        assert owed(terms, [*down, (40_000, 5000)], window) >= before
        assert owed(terms, [(start, length + 1) for start, length in down], window) >= before


arguments = given(rules(), outages, st.sampled_from(ZONES), st.sampled_from(MONTHS), st.sampled_from(CURRENCIES))


@settings(max_examples=40)
@arguments
def test_order_and_splitting_change_nothing_and_more_downtime_owes_no_less(
    rule: dict[str, Any], down: Down, zone: str, month: str, currency: str
) -> None:
    check_order(rule, down, zone, month, currency)


@pytest.mark.more
@settings(max_examples=1500)
@arguments
def test_order_and_splitting_change_nothing_in_many_rules(
    rule: dict[str, Any], down: Down, zone: str, month: str, currency: str
) -> None:
    check_order(rule, down, zone, month, currency)


@settings(max_examples=15)
@given(rules(), st.sampled_from(ZONES), st.sampled_from(CURRENCIES))
def test_a_second_before_at_and_after_each_bound_of_a_rule(rule: dict[str, Any], zone: str, currency: str) -> None:
    named = {length for text, length in BOUNDS.items() if repr(text) in repr(rule)}
    allowed = 2592 if rule.get("beyond") == "target" else 0  # of thirty days
    for length in named or {2592}:
        for nudge in (-1, 0, 1):
            check(rule, [(3600, allowed + length + nudge)], zone, "2025-04-10", currency)
