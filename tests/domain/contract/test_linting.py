import inspect
import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.contract import (
    Finding,
    UnableToReadContract,
    check_contract,
    read_contract,
    term_linting,
    tier_linting,
    tier_table,
)
from include.sla_logic.domain.contract.rules import Tiers
from tests.domain.sla.make import DURATION_TIERS, PERCENT_TIERS, objective, text_of


def findings(*objectives: dict[str, Any], **fields: Any) -> tuple[Finding, ...]:
    return check_contract(text_of(*objectives, **fields), name="k.yaml")[1]


def tiers(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return objective({"kind": "tiers", "tiers": list(rows), **fields})


def durations(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return objective({"kind": "duration_tiers", "tiers": list(rows), **fields})


def codes(found: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.level) for finding in found]


def test_a_sound_contract_has_no_findings() -> None:
    assert findings(objective(target="99.9"), objective(DURATION_TIERS, id="minutes")) == ()


def test_a_hole_warns_with_its_line_and_a_value_that_falls_into_it() -> None:
    text = text_of(tiers({"at_least": "99.5", "credit": "0%"}, {"below": "99.0", "credit": "10%"}))
    _, (found,) = check_contract(text, name="k.yaml")
    assert (found.code, found.level) == ("tier_hole", "warns")
    assert found.witness == "99 percent"
    assert "from 99 percent to below 99.5 percent" in found.text
    assert text.splitlines()[found.line - 1].strip().startswith("- below: '99.0'")


def test_tiers_that_touch_on_the_grid_of_a_rounding_have_no_hole_between_them() -> None:
    rows = ({"at_least": "99.70", "credit": "0%"}, {"at_most": "99.69", "credit": "10%"})
    assert findings(tiers(*rows, round_decimals=2)) == ()
    (found,) = findings(tiers(*rows))
    assert found.code == "tier_hole"
    assert found.witness == "99.695 percent"


@pytest.mark.parametrize(
    ("decimals", "low", "high", "witness", "edges"),
    [
        ({}, {"at_most": "99.69"}, {"at_least": "99.9"}, "99.795", "above 99.69 percent to below 99.9 percent"),
        ({}, {"below": "99.69"}, {"more_than": "99.9"}, "99.69", "from 99.69 percent to 99.9 percent"),
        (
            {"round_decimals": 2},
            {"at_most": "99.69"},
            {"at_least": "99.9"},
            "99.7",
            "from 99.7 percent to 99.89 percent",
        ),
        (
            {"round_decimals": 2},
            {"below": "99.69"},
            {"more_than": "99.9"},
            "99.69",
            "from 99.69 percent to 99.9 percent",
        ),
        (
            {"round_decimals": 1},
            {"at_most": "99.69"},
            {"at_least": "99.9"},
            "99.7",
            "from 99.7 percent to 99.8 percent",
        ),
        (
            {"round_decimals": 1},
            {"at_most": "99.69"},
            {"more_than": "99.75"},
            "99.7",
            "from 99.7 percent to 99.7 percent",
        ),
    ],
)
def test_a_hole_is_named_by_its_edges_and_a_value_in_it_as_finely_as_values_are_rounded(
    decimals: dict[str, int], low: dict[str, str], high: dict[str, str], witness: str, edges: str
) -> None:
    (found,) = findings(tiers(high | {"credit": "0%"}, low | {"credit": "10%"}, **decimals))
    assert (found.code, found.witness) == ("tier_hole", f"{witness} percent")
    assert edges in found.text


def test_tiers_that_touch_on_whole_seconds_have_no_hole_between_them() -> None:
    assert findings(durations({"at_most": "259 s", "credit": 0}, {"at_least": "260 s", "credit": "1%"})) == ()
    (found,) = findings(durations({"below": "259 s", "credit": 0}, {"more_than": "259 s", "credit": "1%"}))
    assert found.witness == "4 min 19 s"


def test_a_table_without_a_last_tier_has_a_hole_at_its_end() -> None:
    (found,) = findings(durations({"at_most": "2 h", "credit": 0}))
    assert "from 2 h 1 s on" in found.text


def test_overlapping_tiers_that_differ_are_refused_and_those_that_agree_warn() -> None:
    differing = tiers({"at_least": "99.0", "credit": "0%"}, {"at_most": "99.0", "credit": "10%"})
    assert codes(findings(differing)) == [("tier_overlap", "refuses")]
    assert findings(differing)[0].witness == "99 percent"
    agreeing = tiers({"at_least": "99.0", "credit": "5%"}, {"at_most": "99.5", "credit": "5%"})
    assert codes(findings(agreeing)) == [("tier_overlap", "warns")]


def test_a_worse_value_that_earns_less_is_refused() -> None:
    rows = (
        {"at_least": "99", "credit": "0%"},
        {"at_least": "98", "below": "99", "credit": "20%"},
        {"below": "98", "credit": "10%"},
    )
    assert codes(findings(tiers(*rows))) == [("credits_not_monotone", "refuses")]


def test_a_misprinted_duration_shows_as_overlap_or_disorder() -> None:
    rows = (
        {"below": "8 h", "credit": "10%"},
        {"at_least": "8 h", "below": "6 h", "credit": "20%"},  # 16 h was meant
        {"at_least": "16 h", "credit": "30%"},
    )
    assert ("unreachable_tier", "refuses") in codes(findings(durations(*rows)))


def test_units_that_are_mixed_up_are_refused() -> None:
    fractions = tiers({"at_least": "0.999", "credit": "0%"}, {"below": "0.999", "credit": "10%"})
    assert ("unit_mix_up", "refuses") in codes(findings(fractions))
    above = tiers({"at_least": "999", "credit": "0%"}, {"below": "999", "credit": "10%"})
    assert ("unit_mix_up", "refuses") in codes(findings(above))
    assert ("unit_mix_up", "refuses") in codes(findings(objective(target="0.999")))
    assert ("unit_mix_up", "refuses") in codes(findings(objective(target="120")))


def test_a_rule_that_counts_seconds_fits_no_metric_of_milliseconds() -> None:
    wrong = {"id": "l", "metric": "latency", "rule": DURATION_TIERS}
    assert ("unit_mix_up", "refuses") in codes(findings(wrong))
    sums = {"kind": "sum_per_day", "applies_to": "repair", "sum": "5"}
    assert ("unit_mix_up", "refuses") in codes(findings(objective(sums)))
    assert ("unit_mix_up", "refuses") in codes(findings(objective({"kind": "event_credits"})))


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "share_per_step", "step": "0.1", "credit": "1%"},
        {"kind": "share_when_missed", "credit": "1%"},
        {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "1%"}]},
        {"kind": "day_per_excess_block", "block": "1 h"},
    ],
)
def test_a_rule_that_needs_a_target_is_refused_without_one(rule: dict[str, Any]) -> None:
    assert ("missing_target", "refuses") in codes(findings(objective(rule)))


def test_two_columns_that_disagree_in_months_of_other_lengths_warn_with_a_witness_each() -> None:
    column = [{"at_least": "99.99", "credit": 0}, {"below": "99.99", "credit": "1%"}]
    rows = ({"at_most": "259 s", "credit": 0}, {"more_than": "259 s", "credit": "1%"})
    found = findings(durations(*rows, percent_column=column))
    assert codes(found) == [("columns_disagree", "warns")] * 3
    assert ["28 days" in found[0].text, "29 days" in found[1].text, "31 days" in found[2].text] == [True] * 3
    assert found[2].witness == "4 min 20 s (260 s)"


def test_a_tier_beyond_the_longest_window_is_refused() -> None:
    rows = ({"at_most": "40 d", "credit": 0}, {"more_than": "40 d", "credit": "1%"})
    assert codes(findings(durations(*rows))) == [("unreachable_tier", "refuses")]
    assert findings(durations(*rows), window="quarter") == ()


def test_a_cap_below_a_tier_warns() -> None:
    (found,) = findings(objective(PERCENT_TIERS), cap={"share": "50%"})
    assert (found.code, found.level, found.witness) == ("cap_below_tier", "warns", "100%")


def test_credits_without_end_and_without_cap_warn() -> None:
    blocks = objective({"kind": "day_per_block", "block": "1 h"})
    assert codes(findings(blocks)) == [("no_cap", "warns")]
    assert findings(blocks, cap={"share": "100%"}) == ()
    assert codes(findings(tiers({"credit": "120%"}))) == [("no_cap", "warns")]
    assert codes(findings(cap={"share": "150%"})) == [("cap_above_charge", "warns")]


def test_working_days_without_a_calendar_warn() -> None:
    assert codes(findings(maintenance={"notice_working_days": 5})) == [("missing_calendar", "warns")]
    assert findings(maintenance={"notice_working_days": 5}, calendar={"country": "SE"}) == ()


def test_a_target_that_already_pays_warns() -> None:
    assert codes(findings(objective(target="99.5"))) == [("target_disagrees", "warns")]


def test_thresholds_given_twice_or_out_of_order_are_refused() -> None:
    def jitter(*rows: tuple[int, str]) -> dict[str, Any]:
        thresholds = [{"overrun": overrun, "credit": credit} for overrun, credit in rows]
        return {"id": "j", "metric": "jitter", "target": 2, "rule": {"kind": "overrun_tiers", "thresholds": thresholds}}

    assert codes(findings(jitter((10, "1%"), (10, "2%")))) == [("tier_overlap", "refuses")]
    assert codes(findings(jitter((10, "5%"), (20, "2%")))) == [("credits_not_monotone", "refuses")]
    assert findings(jitter((20, "5%"), (10, "2%"))) == ()


def test_a_refused_contract_is_not_loaded_and_a_warned_one_is() -> None:
    overlap = text_of(tiers({"at_least": "99.0", "credit": "0%"}, {"at_most": "99.0", "credit": "10%"}))
    with pytest.raises(
        UnableToReadContract, match=r"k\.yaml, line \d+: tiers 1 and 2 share values and differ"
    ) as caught:
        read_contract(overlap, name="k.yaml")
    assert caught.value.code == "tier_overlap"
    assert read_contract(text_of(tiers({"at_least": "99.0", "credit": "0%"})), name="k.yaml").id == "K-1"


bounds = st.decimals(min_value=0, max_value=100, places=1)
rows_of_tiers = st.lists(
    st.tuples(
        st.none() | bounds,
        st.sampled_from(["at_least", "more_than"]),
        st.none() | bounds,
        st.sampled_from(["at_most", "below"]),
    ),
    min_size=1,
    max_size=5,
)


@given(rows_of_tiers, st.none() | st.integers(0, 1))
def test_holes_and_overlaps_agree_with_trying_out_every_value(rows: Any, decimals: int | None) -> None:
    table = [
        {name: str(value) for value, name in ((low, low_name), (high, high_name)) if value is not None}
        | {"credit": f"{i}%"}
        for i, (low, low_name, high, high_name) in enumerate(rows)
    ]
    rule: dict[str, Any] = {"kind": "tiers", "tiers": table}
    step = Fraction(1, 20) if decimals is None else Fraction(1, 10**decimals)
    if decimals is not None:
        rule["round_decimals"] = decimals
    parsed = Tiers.model_validate(rule)
    values = [step * i for i in range(int(100 / step) + 1)]
    holders = [sum(tier.holds(value) for tier in parsed.tiers) for value in values]
    found = {code for code, _level in codes(findings(objective(rule)))}
    assert ("tier_hole" in found) == (0 in holders)
    assert ("tier_overlap" in found) == any(count > 1 for count in holders)


@given(rows_of_tiers)
def test_the_witness_of_a_hole_really_falls_into_it(rows: Any) -> None:
    table = [
        {name: str(value) for value, name in ((low, low_name), (high, high_name)) if value is not None}
        | {"credit": "1%"}
        for low, low_name, high, high_name in rows
    ]
    rule = {"kind": "tiers", "tiers": table}
    parsed = Tiers.model_validate(rule)
    for finding in findings(objective(rule)):
        if finding.code == "tier_hole" and finding.witness:
            value = Fraction(Decimal(finding.witness.removesuffix(" percent")))
            assert not any(tier.holds(value) for tier in parsed.tiers)


def test_the_percentage_column_is_checked_like_any_table() -> None:
    rows = [
        {"at_least": "99.9", "credit": "5%"},
        {"at_least": "99.95", "credit": "0%"},
        {"below": "90", "credit": "50%"},
    ]
    text = text_of(objective(DURATION_TIERS | {"percent_column": rows}))
    found = [f for f in check_contract(text, name="k.yaml")[1] if f.code in ("tier_hole", "tier_overlap")]
    lines = text.splitlines()
    shown = {f.code: (f.level, f.witness, lines[f.line - 1].strip()) for f in found}
    assert shown == {
        "tier_overlap": ("refuses", "99.95 percent", "- at_least: '99.95'"),
        "tier_hole": ("warns", "90 percent", "- below: '90'"),
    }


STEP = {"kind": "share_per_step", "step": "1", "credit": "10%"}


def test_steps_that_exceed_the_cap_or_the_charge_warn() -> None:
    latency = {"id": "latency", "metric": "latency", "target": "50"}
    capped = findings(latency | {"rule": STEP | {"most_steps": 9}}, cap={"share": "25%"})
    assert [(f.code, f.witness) for f in capped] == [("cap_below_tier", "90%")]
    assert codes(findings(latency | {"rule": STEP | {"most_steps": 9}})) == []
    assert codes(findings(latency | {"rule": STEP})) == [("no_cap", "warns")]
    short = findings(objective(STEP | {"step": "0.1"}, target="99.9"))
    assert [(f.code, f.witness) for f in short] == [("no_cap", "9990%")]
    assert codes(findings(objective(STEP | {"step": "0.1"}, target="99.9"), cap={"share": "100%"})) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = text_of(tiers({"at_least": "99.5", "credit": "0%"}, {"below": "99.0", "credit": "10%"}))
    bare = "\n".join(line for line in text.splitlines() if not line.startswith(("zone", "charge_base")))
    contract, found = check_contract(bare, name="k.yaml")
    assert contract is None
    assert codes(found) == [("missing_zone", "refuses"), ("missing_charge_base", "refuses"), ("tier_hole", "warns")]
    assert "99.0" in bare.splitlines()[found[2].line - 1]


def test_columns_are_compared_in_months_with_a_change_of_the_clocks() -> None:
    duration = [{"at_most": "2678 s", "credit": "0%"}, {"more_than": "2678 s", "credit": "5%"}]
    percent = [{"at_least": "99.9", "credit": "0%"}, {"below": "99.9", "credit": "5%"}]
    rule = {"kind": "duration_tiers", "tiers": duration, "percent_column": percent}
    found = [f for f in findings(objective(rule), zone="Europe/London") if f.code == "columns_disagree"]
    assert any("month of 743 h" in f.text for f in found)
    assert any("month of 745 h" in f.text for f in found)
    assert not any("743 h" in f.text for f in findings(objective(rule), zone="UTC"))
    assert all(f.witness for f in found)


OVERRUN = {"id": "j", "metric": "jitter", "target": 2}
TWICE = {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "1%"}, {"overrun": 10, "credit": "2%"}]}
FALLING = {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "5%"}, {"overrun": 20, "credit": "2%"}]}
UNEVEN = {"at_most": "99", "credit": "1%"}, {"at_least": "99", "credit": "0%"}
WITNESSED: list[tuple[str, str, dict[str, Any], dict[str, Any], str, str | None]] = [
    ("unit_mix_up", "refuses", objective({"kind": "event_credits"}), {}, "rule:", None),
    ("unit_mix_up", "refuses", objective(target="120"), {}, "target: '120'", None),
    ("unit_mix_up", "refuses", objective(target="0.999"), {}, "target: '0.999'", None),
    (
        "unit_mix_up",
        "refuses",
        tiers({"at_least": "0", "credit": "0%"}, {"below": "120", "credit": 0}),
        {},
        "- below",
        None,
    ),
    (
        "unit_mix_up",
        "refuses",
        tiers({"at_least": "0.9", "credit": 0}, {"below": "0.9", "credit": "1%"}),
        {},
        "- at_",
        None,
    ),
    (
        "unknown_objective",
        "refuses",
        objective(),
        {"chronic": {"missed": {"windows": 3, "objective": "x"}}},
        "missed:",
        None,
    ),
    (
        "bounds_contradict",
        "refuses",
        objective(),
        {"chronic": {"missed": {"windows": 3, "within": 2}}},
        "missed:",
        "3",
    ),
    ("replaced_kind", "refuses", objective(), {"format": 2}, "rule:", None),
    ("missing_target", "refuses", objective({"kind": "share_when_missed", "credit": "1%"}), {}, "rule:", None),
    ("target_disagrees", "warns", objective(target="99.5"), {}, "target: '99.5'", "99.5"),
    ("cap_below_tier", "warns", objective(), {"cap": {"share": "50%"}}, "rule:", "100%"),
    ("no_cap", "warns", tiers({"credit": "120%"}), {}, "rule:", "120%"),
    ("no_cap", "warns", objective({"kind": "day_per_block", "block": "1 h"}), {}, "rule:", None),
    (
        "missing_calendar",
        "warns",
        objective(),
        {"calendar": {}, "maintenance": {"notice_working_days": 5}},
        "calendar:",
        None,
    ),
    ("cap_above_charge", "warns", objective(), {"cap": {"share": "150%"}}, "cap:", None),
    (
        "tier_hole",
        "warns",
        tiers({"at_least": "99", "credit": 0}, {"below": "98", "credit": "1%"}),
        {},
        "- below: '98'",
        "98 percent",
    ),
    ("tier_overlap", "refuses", tiers(*UNEVEN), {}, "- at_least: '99'", "99 percent"),
    ("tier_overlap", "refuses", OVERRUN | {"rule": TWICE}, {}, "- overrun: 10", None),
    ("credits_not_monotone", "refuses", OVERRUN | {"rule": FALLING}, {}, "- overrun: 20", None),
    (
        "credits_not_monotone",
        "refuses",
        tiers({"at_least": "99", "credit": "5%"}, {"below": "99", "credit": "1%"}),
        {},
        "- below: '99'",
        "0 percent",
    ),
    (
        "unreachable_tier",
        "refuses",
        durations({"at_least": "8 h", "below": "6 h", "credit": 0}),
        {},
        "- at_least: 8 h",
        None,
    ),
    (
        "unreachable_tier",
        "refuses",
        durations({"at_most": "40 d", "credit": 0}, {"more_than": "40 d", "credit": "1%"}),
        {},
        "- more_than: 40 d",
        None,
    ),
    (
        "columns_disagree",
        "warns",
        objective(DURATION_TIERS | {"percent_column": [{"credit": "0%"}]}),
        {},
        "percent_column:",
        "5 min (300 s)",
    ),
]


@pytest.mark.parametrize(("code", "level", "about", "fields", "line", "witness"), WITNESSED)
def test_every_finding_names_its_line_and_shows_a_value(
    code: str, level: str, about: dict[str, Any], fields: dict[str, Any], line: str, witness: str | None
) -> None:
    text = text_of(about, **fields)
    lines = ["", *text.splitlines()]
    shown = [
        (f.level, lines[f.line].strip(), f.witness) for f in check_contract(text, name="k.yaml")[1] if f.code == code
    ]
    assert any((one, value) == (level, witness) and where.startswith(line) for one, where, value in shown), shown


def test_every_code_of_the_linting_is_in_the_table_above() -> None:
    sources = (inspect.getsource(module) for module in (term_linting, tier_linting, tier_table))
    given = {code for source in sources for code in re.findall(r'code="(\w+)"', source)}
    assert given == {row[0] for row in WITNESSED}


def test_a_contract_that_is_silent_on_agreements_warns_and_names_what_is_supposed() -> None:
    silent = text_of().replace("partial_window: cut\n", "").replace("on_agreement_change: apart\n", "")
    _, found = check_contract(silent, name="k.yaml")
    assert codes(found) == [("silent_on_agreement_change", "warns"), ("silent_partial_window", "warns")]
    assert ["as apart" in found[0].text, "as cut" in found[1].text] == [True, True]


def test_proration_none_warns_where_it_meets_a_cut_window() -> None:
    (found,) = findings(proration="none")
    assert (found.code, found.level) == ("cut_window_charged_in_full", "warns")
    assert findings(proration="none", partial_window="excluded") == ()
