"""Sentences of a judgement agree with each other and with the amounts beside them."""

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.measurements import AgreedTime, ClaimFiled, MaintenanceWindow
from include.sla_logic.domain.sla.figures import figure, told_apart
from include.sla_logic.letters.charts.judgement import COLOURS, as_svg
from tests.domain.sla.make import DURATION_TIERS, at, contract, facts, judge, objective, outage, text_of

RULES: list[dict[str, Any]] = [
    {"kind": "day_per_block", "block": "1 h"},
    {"kind": "day_per_excess_block", "block": "1 h"},
    {"kind": "share_per_day", "share": "1/30", "outage": {"more_than": "4 h"}},
    {"kind": "share_when_missed", "credit": "10%"},
    {"kind": "share_per_step", "step": "0.1", "credit": "1%"},
    {"kind": "credit", "beyond": "target", "rate": "pro_rata", "times": 5},
    {"kind": "credit", "for_each": "event", "rate": "5%"},
    DURATION_TIERS,
]
HALF_A_DAY = outage("2025-04-10 08:00", "2025-04-10 20:00")


def test_a_target_that_is_missed_by_a_second_shows_the_digits_that_tell_it_apart() -> None:
    terms = contract(objective(target="99.95"))
    just = judge(terms, facts(outage("2025-04-10 08:00:00", "2025-04-10 08:21:37"))).objectives[0]
    assert just.breached
    assert "missed: 99.94996 percent, promised 99.95;" in just.reason
    kept = judge(terms, facts(outage("2025-04-10 08:00:00", "2025-04-10 08:21:36"))).objectives[0]
    assert "kept: 99.95 percent, promised 99.95;" in kept.reason


def test_a_value_that_is_rounded_by_contract_shows_both_forms() -> None:
    tiers = [{"at_least": "99.95", "credit": 0}, {"below": "99.95", "credit": "10%"}]
    terms = contract(objective({"kind": "tiers", "round_decimals": 2, "tiers": tiers}, target="99.95"))
    found = judge(terms, facts(outage("2025-04-10 08:00:00", "2025-04-10 08:22:00"))).objectives[0]
    assert "kept: 99.9491 percent, rounded to 99.95, promised 99.95;" in found.reason


@given(st.fractions(min_value=0, max_value=200), st.decimals(min_value=0, max_value=100, places=3))
def test_a_value_never_looks_like_a_bound_that_it_misses(value: Fraction, bound: Any) -> None:
    shown, limit = Fraction(told_apart(value, Fraction(bound))), Fraction(bound)
    assert (shown < limit, shown > limit) == (value < limit, value > limit)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["kind"])
def test_every_rule_shows_the_charge_and_ends_with_the_product(rule: dict[str, Any]) -> None:
    found = judge(contract(objective(rule, target="99.9")), facts(HALF_A_DAY)).objectives[0]
    assert found.credit
    assert "recurring charge per month: 100 EUR" in found.steps
    assert any(re.search(r" x .*= .*EUR", step) for step in found.steps), found.steps


def test_hours_that_are_not_billed_show_their_sum() -> None:
    rule = {"kind": "hour_waiver", "downtime": {"at_least": "10 min"}}
    charges = {"recurring": {"amount": "100", "currency": "EUR"}, "hourly": {"amount": "2.50", "currency": "EUR"}}
    found = judge(contract(objective(rule)), facts(HALF_A_DAY, charges=charges)).objectives[0]
    assert "12 x 2.50 EUR per hour = 30.00 EUR are not charged" in found.steps


def test_a_credit_that_was_claimed_too_late_is_said_to_be_lost() -> None:
    late = facts(HALF_A_DAY, claim=ClaimFiled(filed_at=at("2025-05-20 00:00")))
    found = judge(contract(objective(), claim={"within_days": 5}), late)
    assert not found.credit_due
    assert "a credit of 25.00 EUR is lost, since it was claimed too late" in found.objectives[0].reason
    assert "; credit 25.00" not in found.explain()


def test_no_figure_has_an_exponent() -> None:
    assert figure(Fraction(0)) == "0.00000000"
    assert figure(Fraction(1, 10**8)) == "0.00000001"
    down = facts(outage("2025-04-01 00:00", "2025-05-01 00:00"))
    said = judge(contract(objective(target="99.9")), down).explain()
    assert "= 0.00000000 %" in said
    assert not re.search(r"\dE[-+]\d", said)


def test_no_hole_is_found_beyond_the_longest_window() -> None:
    rows = [{"at_most": "10 h", "credit": 0}, {"more_than": "10 h", "at_most": "745 h", "credit": "10%"}]
    month = text_of(objective({"kind": "duration_tiers", "tiers": rows}))
    assert check_contract(month, name="k")[1] == ()
    shorter = month.replace("745 h", "744 h")
    assert [finding.code for finding in check_contract(shorter, name="k")[1]] == ["tier_hole"]


def test_refused_maintenance_looks_refused_and_the_picture_names_cap_and_credit() -> None:
    terms = contract(objective(), cap={"share": "20%"}, maintenance={"notice": "5 d"})
    work = (
        MaintenanceWindow(reference="A", start=at("2025-04-10 08:00"), end=at("2025-04-10 09:00")),
        MaintenanceWindow(
            reference="B",
            start=at("2025-04-20 08:00"),
            end=at("2025-04-20 09:00"),
            announced_at=at("2025-04-01 00:00"),
        ),
    )
    found = judge(terms, facts(HALF_A_DAY, maintenance=work))
    assert [period.start for period in found.refused_maintenance] == [at("2025-04-10 08:00")]
    drawn = as_svg(found)
    assert drawn.count(f'fill="{COLOURS["refused maintenance"]}"') == 2  # the bar and its mark in the legend
    assert "planned work that the contract does not leave out" in drawn
    assert "Credit due: 20.00 EUR, cap: 20.00 EUR" in drawn


@pytest.mark.parametrize("kind", ["tiers", "credit"])
def test_a_tier_is_shown_as_its_own_contract_writes_it(kind: str) -> None:
    """Two contracts whose tables are equal but for a zero at the end, judged one after the other."""
    worth, shown = ("credit" if kind == "tiers" else "rate"), []
    for bound in ("99", "99.0", "99.00"):
        tiers = [{"at_least": "99.9", worth: "0%"}, {"at_least": bound, "below": "99.9", worth: "10%"}]
        terms = contract(objective({"kind": kind, "tiers": [*tiers, {"below": bound, worth: "25%"}]}, target="99.9"))
        [judged] = judge(terms, facts()).objectives
        shown.append(judged.next_tier.tier if judged.next_tier else None)
    assert shown == [f"at least {bound}, below 99.9" for bound in ("99", "99.0", "99.00")]


COLUMN = {
    "kind": "duration_tiers",
    "tiers": [{"at_most": "259 s", "credit": "0%"}, {"more_than": "259 s", "credit": "1%"}],
    "percent_column": [{"at_least": "99.99", "credit": "0%"}, {"below": "99.99", "at_least": "99", "credit": "1%"}],
}


@pytest.mark.parametrize(("hours", "said"), [(0, None), (1, None), (8, "says nothing, the duration column 1%")])
def test_a_second_column_is_warned_about_only_where_it_says_something_else(hours: int, said: str | None) -> None:
    known = facts(outage("2025-04-10 00:00", f"2025-04-10 {hours:02}:00")) if hours else facts()
    found = judge(contract(objective(COLUMN)), known).objectives[0]
    assert [said in warning for warning in found.warnings if said] == ([True] if said else [])
    assert bool(found.warnings) == bool(said)


def test_what_the_cap_cuts_is_said_with_its_share_and_its_amount() -> None:
    found = judge(contract(objective(), cap={"share": "20%"}), facts(HALF_A_DAY))
    assert "25 is above the cap of 20 % of the window = 20" in found.credit_steps


def test_an_incident_that_was_claimed_too_late_is_told_with_its_last_day() -> None:
    first = outage("2025-04-02 08:00", "2025-04-02 20:00", "A")
    second = outage("2025-04-20 08:00", "2025-04-20 20:00", "B")
    terms = contract(objective(), claim={"within_days": 5, "counted_from": "outage_end"})
    in_time = judge(terms, facts(first, second), as_of=at("2025-04-22"))
    assert "not paid: A, not claimed until 2025-04-07 (the last day, in UTC)" in in_time.objectives[0].steps
    filed = ClaimFiled(filed_at=at("2025-04-21 09:00"))
    claimed = judge(terms, facts(first, second, claim=filed))
    assert "not paid: A, claimed after 2025-04-07 (the last day, in UTC)" in claimed.objectives[0].steps


def test_only_a_part_of_the_window_is_said_to_be_one() -> None:
    part = (AgreedTime(start=at("2025-04-11")),)
    said = "only this part of the contract's window 2025-04-01"
    assert said in judge(contract(), facts(agreements=part)).explain()
    assert "only this part" not in judge(contract(), facts()).explain()


def test_an_outage_that_is_too_short_is_noted_once_with_the_length_that_counts() -> None:
    hours = {"opens": "09:00", "closes": "17:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
    terms = contract(counting={"shortest": {"at_least": "1 h"}, "service_hours": [hours]})
    by_night = outage("2025-04-10 18:00", "2025-04-10 20:00", "N")
    short = outage("2025-04-11 16:30", "2025-04-11 18:00", "S")
    polled = outage(
        "2025-04-14 10:05", "2025-04-14 10:20", "P", start_bounds=[at("2025-04-14 10:00"), at("2025-04-14 10:05")]
    )
    noted = [
        one for one in judge(terms, facts(by_night, short, polled)).objectives[0].intervals if "too short" in one.why
    ]
    assert [(one.reference, one.why.split(" is")[0]) for one in noted] == [("S", "30 min"), ("P", "15 min")]
