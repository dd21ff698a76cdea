"""What the check finds in credit rules: every finding with its line and a value that shows it."""

import inspect
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.contract import check_contract, credit_linting
from tests.domain.contract.test_linting import WITNESSED as OF_OTHER_RULES
from tests.domain.sla.make import at, contract, facts, first, judge, objective, outage, text_of


def rule(**parts: Any) -> dict[str, Any]:
    return objective({"kind": "credit", **parts}, target="99.9")


def restore(**parts: Any) -> dict[str, Any]:
    return {"id": "r", "metric": "time_to_restore", "target": "2 h", "rule": {"kind": "credit", **parts}}


def latency(**parts: Any) -> dict[str, Any]:
    return {"id": "l", "metric": "latency", "target": "50", "rule": {"kind": "credit", **parts}}


def late(**parts: Any) -> dict[str, Any]:
    return {"id": "d", "metric": "delay", "rule": {"kind": "credit", **parts}}


HOLED = [{"below": "1 h", "rate": 0}, {"at_least": "2 h", "rate": "5%"}]
SHARED = [{"at_most": "1 h", "rate": "1%"}, {"at_least": "1 h", "rate": "5%"}]
FALLING = [{"below": "1 h", "rate": "5%"}, {"at_least": "1 h", "rate": "1%"}]
TWICE = [{"from_day": 3, "rate": "1%"}, {"from_day": 3, "rate": "2%"}]
CHEAPER = [{"below": "1 h", "rate": "5 EUR"}, {"at_least": "1 h", "rate": "1 EUR"}]
LONG_DAY = [{"below": "26 h", "rate": "1%"}, {"at_least": "26 h", "rate": "2%"}]
NEXT_SECOND = [{"at_most": "1 h", "rate": 0}, {"at_least": "1 h 1 s", "rate": "5%"}]
A_SECOND_LATER = [{"at_most": "1 h", "rate": 0}, {"at_least": "1 h 2 s", "rate": "5%"}]
APART = [{"at_least": "99.9", "rate": 0}, {"at_most": "99.88", "rate": "5%"}]
FOURTH = [{"rate": "1%"}, {"from_block": 4, "rate": "2%"}]
VALUES = [{"at_least": "99.0", "rate": 0}, {"below": "99.0", "rate": "5%"}]
WITNESSED: list[tuple[str, str, dict[str, Any], str, str | None]] = [
    ("tier_hole", "warns", rule(tiers=A_SECOND_LATER), "- at_most: 1 h", "1 h 1 s"),
    ("tier_hole", "warns", rule(tiers=APART, round_decimals=2), "- at_most: '99.88'", "99.89 percent"),
    ("tier_hole", "warns", rule(tiers=HOLED), "- below: 1 h", "1 h"),
    ("tier_hole", "warns", rule(for_each="event", tiers=HOLED), "- below: 1 h", "1 h"),
    ("tier_hole", "warns", rule(for_each="day", tiers=[{"at_least": "1 h", "rate": "5%"}]), "- at_least: 1 h", "1 s"),
    ("tier_hole", "warns", rule(tiers=[{"from_day": 2, **t} for t in HOLED], for_each="day"), "- from_day: 2", "1 h"),
    ("tier_overlap", "refuses", rule(tiers=SHARED), "- at_least: 1 h", "1 h"),
    ("tier_overlap", "refuses", rule(for_each="day", tiers=TWICE), "- from_day: 3", "0 s"),
    ("credits_not_monotone", "refuses", rule(tiers=FALLING), "- at_least: 1 h", "1 h"),
    ("credits_not_monotone", "refuses", rule(tiers=CHEAPER), "- at_least: 1 h", "1 h"),
    ("unreachable_tier", "refuses", rule(tiers=[{"below": "40 d", "rate": 0}, {"at_least": "40 d", "rate": "1%"}]),
     "- at_least: 40 d", None),
    ("unreachable_tier", "refuses", rule(for_each="day", tiers=LONG_DAY), "- at_least: 26 h", None),
    ("unreachable_tier", "refuses", rule(block="40 d", counts="full", rate="1%"), "block: 40 d", "40 d"),
    ("unreachable_tier", "refuses", rule(for_each="day", beyond="26 h", rate="1%"), "beyond: 26 h", "1 d 2 h"),
    ("unreachable_tier", "refuses", rule(block="1 h", most_blocks=3, tiers=FOURTH), "- from_block: 4", None),
    ("unit_mix_up", "refuses", rule(block=1, rate="1%"), "block: 1", None),
    ("unit_mix_up", "refuses", rule(for_each="event", tiers=VALUES), "tiers:", None),
    ("unit_mix_up", "refuses", rule(tiers=[*VALUES, {"at_least": "1 h", "rate": "1%"}]), "tiers:", None),
    ("unit_mix_up", "refuses", rule(for_each="event", beyond="target", rate="1%"), "beyond: target", None),
    ("unit_mix_up", "refuses", rule(promise="repair", rate="1%"), "promise: repair", None),
    ("unit_mix_up", "refuses", latency(block="1 h", beyond="target", rate="1%"), "block: 1 h", None),
    ("unit_mix_up", "refuses", latency(rate="1%"), "rate: 1%", None),
    ("unit_mix_up", "refuses", latency(when="target_missed", rate="pro_rata"), "kind: credit", None),
    ("unit_mix_up", "refuses", latency(for_each="event", when="target_missed", rate="1%"), "for_each: event", None),
    ("unit_mix_up", "refuses", restore(for_each="day", rate="1%"), "for_each: day", None),
    ("unit_mix_up", "refuses", restore(for_each="event", event_in="cut", rate="1%"), "event_in: cut", None),
    ("unit_mix_up", "refuses", late(for_each="day", first_day="outage", rate="1 EUR"), "first_day: outage", None),
    ("missing_target", "refuses", rule(beyond="target", rate="1%") | {"target": None}, "beyond: target", None),
    ("currency_mismatch", "refuses", rule(rate="5 USD"), "kind: credit", "5 USD"),
    ("bounds_contradict", "refuses", rule(rate="5%", each_at_least="2%", each_at_most="1%"), "each_at_least: 2%", "2%"),
    ("cap_below_tier", "warns", rule(for_each="event", rate="5%", each_at_most="1%"), "each_at_most: 1%", "5%"),
    ("no_cap", "warns", rule(for_each="event", rate="5%"), "kind: credit", None),
    ("no_cap", "warns", rule(rate="pro_rata", times=5), "kind: credit", None),
    ("target_disagrees", "warns", rule(tiers=[{"at_least": "99.95", "rate": 0}, {"below": "99.95", "rate": "5%"}]),
     "target: '99.9'", "99.9"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "level", "about", "line", "witness"), WITNESSED)
def test_every_finding_names_its_line_and_shows_a_value(
    code: str, level: str, about: dict[str, Any], line: str, witness: str | None
) -> None:
    text = text_of(about)
    lines = ["", *text.splitlines()]
    shown = [(f.level, lines[f.line].strip(), f.witness) for f in check_contract(text, name="k")[1] if f.code == code]
    assert any((one, value) == (level, witness) and where.startswith(line) for one, where, value in shown), shown


def test_every_code_of_the_linting_of_credit_rules_has_a_witness() -> None:
    given = set(re.findall(r'code="(\w+)"', inspect.getsource(credit_linting)))
    assert given - {row[0] for row in WITNESSED} == set()
    assert {row[0] for row in WITNESSED} - given <= {row[0] for row in OF_OTHER_RULES}


SOUND = [
    rule(for_each="event", tiers=[{"below": "5 min", "rate": 0}, {"at_least": "5 min", "rate": "5%"}], at_most="50%"),
    rule(beyond="10 min", tiers=NEXT_SECOND),
    rule(round_decimals=2, tiers=[{"at_least": "99.9", "rate": 0}, {"at_most": "99.89", "rate": "5%"}]),
    rule(beyond="target", tiers=[{"at_most": "1 h", "rate": "1%"}, {"more_than": "1 h", "rate": "5%"}]),
    rule(for_each="day", tiers=[{"from_day": 3, "rate": "5%"}, {"from_day": 5, "rate": "10%"}], at_most="100%"),
    rule(tiers=[{"at_least": "99.9", "rate": 0}, {"below": "99.9", "rate": "pro_rata"}]),
    restore(for_each="event", beyond="target", block="1 h", rate="5%", at_most="50%"),
    latency(when="target_missed", rate="5%"),
    latency(beyond="target", block=1, rate="1/30", most_blocks=15),
    latency(tiers_by="overrun", tiers=[{"below": 10, "rate": 0}, {"at_least": 10, "rate": "10%"}]),
    late(for_each="day", promise="repair", rate="5 EUR", at_most="50 EUR"),
]


@pytest.mark.parametrize("about", SOUND)
def test_a_sound_rule_has_no_findings(about: dict[str, Any]) -> None:
    assert check_contract(text_of(about), name="k")[1] == ()


def test_outages_that_are_too_short_to_count_leave_no_hole() -> None:
    about = rule(for_each="event", tiers=[{"at_least": "5 min", "rate": "5%"}], at_most="50%")
    text = text_of(about, counting={"shortest": {"at_least": "5 min"}})
    assert check_contract(text, name="k")[1] == ()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "give one of rate and tiers"),
        ({"rate": "5%", "tiers": [{"rate": "5%"}]}, "give one of rate and tiers"),
        ({"rate": "5%", "counts": "full"}, "counts says which blocks"),
        ({"rate": "5%", "most_blocks": 3}, "most_blocks needs a block"),
        ({"tiers": [{"from_block": 2, "rate": "5%"}]}, "from_block needs a block"),
        ({"tiers": [{"from_day": 2, "rate": "5%"}]}, "from_day needs for_each: day"),
        ({"tiers": [{"from_event": 2, "rate": "5%"}]}, "from_event needs for_each: event"),
        ({"rate": "5%", "outage": {"at_least": "1 h"}}, "outage needs for_each: day"),
        ({"rate": "5%", "at_most": "pro_rata"}, "'pro_rata' cannot be read; write a share such as 10%"),
        ({"rate": 5}, "cannot be read; write a share"),
        ({"rate": "5"}, "cannot be read; write a share"),
        ({"rate": "5 eur"}, "cannot be read; write a share"),
        ({"rate": {"days": 3}}, "cannot be read; write a share"),
        ({"rate": {"greater_of": ["5%"]}}, "which compares two to 4 rates"),
        ({"rate": {"greater_of": ["5%", {"lesser_of": ["1%", "2%"]}]}}, "cannot be read; write a share"),
        ({"rate": "-5%"}, "cannot be read; write a share"),
        ({"rate": "5%", "times": 0}, "of more than 0"),
        ({"rate": "5%", "block": "0 s"}, "more than 0"),
    ],
)
def test_parts_that_do_not_go_together_are_refused_with_what_to_write(parts: dict[str, Any], said: str) -> None:
    terms, findings = check_contract(text_of(rule(**parts)), name="k")
    assert terms is None
    assert any(said in finding.text for finding in findings), findings


edges = st.sampled_from(["1 min", "5 min", "30 min", "1 h", "4 h", "1 d"])


@given(edges, edges, st.sampled_from([0, 1, -1]), st.sampled_from(["window", "event"]))
def test_a_hole_warns_exactly_where_a_length_is_refused(low: str, high: str, shift: int, each: str) -> None:
    tiers = [{"below": low, "rate": 0}, {"at_least": high, "rate": "5%"}]
    text = text_of(rule(for_each=each, tiers=tiers, at_most="100%"))
    terms, findings = check_contract(text, name="k")
    assert terms is not None
    codes = {finding.code for finding in findings}
    edge = terms.objectives[0].rule.tiers[0].below  # type: ignore[union-attr]
    start = at("2025-04-10 00:00")
    end = start + timedelta(seconds=int(edge) + shift)  # type: ignore[arg-type]
    known = facts(outage("2025-04-10 00:00", None).model_copy(update={"end": end}))
    if "tier_overlap" in codes:
        return
    refused = judge(terms, known).objectives[0].refusal is not None
    assert refused <= ("tier_hole" in codes)


def test_the_steps_name_quantity_rate_and_result() -> None:
    terms = contract(restore(for_each="event", beyond="target", block="1 h", counts="full", rate="5%"))
    found = first(terms, facts(outage("2025-04-10 08:00", "2025-04-10 13:00", "INC-7")))
    assert "INC-7: 18000 s (5 h); beyond the target: 10800 s (3 h); 3 full block(s)" in "\n".join(found.steps)
    assert "3 x 5% = 15%" in "\n".join(found.steps)
