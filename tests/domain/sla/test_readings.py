"""Values that were read elsewhere: what a rule may do with one, and what becomes of it beside lost outages."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from include.sla_logic.domain.measurements import Delay, Reading
from include.sla_logic.domain.sla import ObjectiveJudgement, RefusalCode, Verdict
from tests.domain.sla.make import at, contract, euros, facts, first, judge, objective, outage

BANDS = [{"below": "1 h", "rate": 0}, {"at_least": "1 h", "rate": "5%"}]


def read(value: str, metric: str = "availability", unit: str = "percent") -> Reading:
    return Reading(metric=metric, value=Decimal(value), unit=unit)


def credited(value: str, **rule: Any) -> ObjectiveJudgement:
    terms = contract(objective({"kind": "credit", **rule}, target="99.9"), format=2)
    return first(terms, facts(readings=(read(value),)))


@pytest.mark.parametrize("value", ["100", "99.5"])
@pytest.mark.parametrize(
    "rule",
    [
        {"rate": "5%"},
        {"rate": "5%", "block": "1 h"},
        {"rate": "5%", "beyond": "10 min"},
        {"rate": "5%", "beyond": "target", "nearest": "15 min"},
        {"rate": "5%", "beyond": "target", "block": "1 h"},
        {"rate": "pro_rata", "beyond": "target"},
        {"rate": {"greater_of": ["pro_rata", "5%"]}, "beyond": "target"},
        {"tiers": BANDS},
        {"rate": "5%", "for_each": "event"},
        {"rate": "5%", "for_each": "day"},
    ],
)
def test_a_rule_that_counts_downtime_refuses_a_reading(value: str, rule: dict[str, Any]) -> None:
    found = credited(value, **rule)
    assert (found.verdict, found.refusal, found.credit) == (Verdict.REFUSED, RefusalCode.UNIT_MISMATCH, None)
    assert "give the outages" in found.reason


@pytest.mark.parametrize(
    ("rule", "credit"),
    [
        ({"rate": "5%", "when": "target_missed"}, "5.00"),
        ({"rate": "7 EUR", "when": "target_missed"}, "7.00"),
        ({"rate": "5%", "beyond": "target"}, "5.00"),
        ({"rate": "5%", "beyond": "target", "block": "0.1"}, "20.00"),
        ({"tiers": [{"at_least": "99.9", "rate": 0}, {"below": "99.9", "rate": "3 EUR"}]}, "3.00"),
    ],
)
def test_a_rule_about_the_value_is_judged_on_a_reading(rule: dict[str, Any], credit: str) -> None:
    assert credited("99.5", **rule).credit == euros(credit)
    assert credited("99.9", **rule).credit == euros("0.00")


def test_a_target_that_is_kept_by_a_reading_owes_nothing_whatever_is_counted() -> None:
    assert credited("99.9", rate="5%", block="1 h", when="target_missed").credit == euros("0.00")


LATE = {"id": "line", "metric": "delay", "rule": {"kind": "credit", "for_each": "day", "rate": "5 EUR"}}


def test_days_late_that_were_read_are_paid_one_by_one() -> None:
    assert first(contract(LATE, format=2), facts(readings=(read("3", "line", "days"),))).credit == euros("15.00")
    tiers = [{"from_day": 1, "rate": "5 EUR"}, {"from_day": 3, "rate": "20 EUR"}]
    rising = LATE | {"rule": {"kind": "credit", "for_each": "day", "tiers": tiers}}
    assert first(contract(rising, format=2), facts(readings=(read("4", "line", "days"),))).credit == euros("50.00")


def test_no_number_of_days_is_without_end() -> None:
    found = first(contract(LATE, format=2), facts(readings=(read("36501", "line", "days"),)))
    assert found.refusal is RefusalCode.CONTRADICTING_FACTS
    with pytest.raises(ValidationError):
        Delay(kind="line", days_late=36_501)


def test_an_outage_that_was_reported_too_late_is_lost_also_where_a_reading_agrees_with_all_of_them() -> None:
    """15 minutes of April are 0.0347 %, 75 are 0.1736 %."""
    own = outage("2025-04-10 08:00", "2025-04-10 08:15", "A", ticket_opened_at=at("2025-04-10 08:10"))
    late = outage("2025-04-12 08:00", "2025-04-12 09:00", "B", ticket_opened_at=at("2025-04-13 08:00"))
    rule = {"kind": "credit", "when": "target_missed", "rate": "10%"}
    terms = contract(objective(rule, target="99.9"), format=2, claim={"ticket_within": "1 h"})
    for known, credit in (((own, late), "0.00"), ((late,), "0.00"), ((own,), "0.00")):
        value = {2: "99.826", 1: "99.861" if known == (late,) else "99.965"}[len(known)]
        found = first(terms, facts(*known, readings=(read(value),)))
        assert (found.refusal, found.credit) == (None, euros(credit)), found.steps
    on_time = late.model_copy(update={"ticket_opened_at": at("2025-04-12 08:30")})
    assert first(terms, facts(own, on_time, readings=(read("99.826"),))).credit == euros("10.00")


@pytest.mark.parametrize(
    ("value", "agrees"),
    [("100", True), ("99", False), ("99.8", True), ("100.0", False), ("99.83", True), ("99.82", False)],
)
def test_a_reading_agrees_with_records_that_round_to_its_own_decimals(value: str, agrees: bool) -> None:
    """75 minutes of April leave 99.826 %."""
    down = outage("2025-04-12 08:00", "2025-04-12 09:15")
    terms = contract(objective({"kind": "credit", "when": "target_missed", "rate": "10%"}, target="99.9"), format=2)
    found = first(terms, facts(down, readings=(read(value),)))
    assert found.credit == (euros("10.00") if agrees else None)
    assert found.refusal is (None if agrees else RefusalCode.CONTRADICTING_FACTS)


def test_a_value_that_only_a_reading_tells_is_one_of_the_whole_window() -> None:
    rule = {"kind": "credit", "when": "target_missed", "rate": "10%"}
    terms = contract(objective(rule, target="99.9"), format=2, claim={"ticket": "required"})
    found = judge(terms, facts(readings=(read("99.5"),)))
    assert (found.objectives[0].credit, found.credit_due) == (euros("10.00"), euros("0.00"))
    assert "the customer reported nothing in the window" in "\n".join(found.credit_steps)


@pytest.mark.parametrize(
    ("metric", "value", "unit", "possible"),
    [
        ("availability", "0", "percent", True),
        ("availability", "100", "percent", True),
        ("availability", "100.0001", "%", False),
        ("packet_loss", "100.5", "percent", False),
        ("delay", "36500", "days", True),  # a hundred years
        ("delay", "36501", "days", False),
        ("latency", "36501", "ms", True),  # no bound is known
        ("latency", "0", "ms", True),
        ("latency", "-0.1", "ms", False),
    ],
)
def test_a_reading_lies_within_what_its_unit_can_say(metric: str, value: str, unit: str, possible: bool) -> None:
    rule = {"kind": "credit", "when": "target_missed", "rate": "5%"}
    promised = {"id": "o", "metric": metric, "target": "50", "rule": rule}
    found = first(contract(promised, format=2), facts(readings=(read(value, metric, unit),)))
    assert (found.refusal is None) == possible
    if not possible:
        assert found.reason == f"A reading of {metric} of {value} {unit} cannot be right."
        assert found.refusal is RefusalCode.CONTRADICTING_FACTS


@pytest.mark.parametrize(("beyond", "credit"), [("target", "15.00"), ("60", "5.00"), ("0", "65.00"), ("65", "0.00")])
def test_a_value_is_paid_beyond_the_number_that_is_free_and_not_beyond_its_target(beyond: str, credit: str) -> None:
    rule = {"kind": "credit", "beyond": beyond, "block": "1", "rate": "1%"}
    promised = {"id": "l", "metric": "latency", "target": "50", "rule": rule}
    found = first(contract(promised, format=2), facts(readings=(read("65", "latency", "ms"),)))
    assert found.credit == euros(credit)
