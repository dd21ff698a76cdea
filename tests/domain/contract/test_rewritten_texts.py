"""`sla contract migrate`, letter by letter: each replaced kind, on lines and in one row, and what stands around it."""

from typing import Any

import pytest
import yaml

from include.sla_logic.domain.contract import UnableToReadContract
from include.sla_logic.domain.contract.migration import migrate

HEAD = """\
id: K
version: "1"
title: T  # kept
zone: UTC
currency: CHF
charge_base: recurring
"""
LATE = "days late are paid by the window in which they lie, no longer all at once"
# The metric, the rule as it was, and as it is rewritten.
RULES = [
    (
        "availability",
        "kind: tiers\ntiers:\n- {at_least: 99, credit: 0}  # good\n- below: 99\n  credit: 5%",
        "kind: credit\ntiers:\n- {at_least: 99, rate: 0}  # good\n- below: 99\n  rate: 5%",
    ),
    (
        "availability",
        (
            "tiers:\n- {below: 1 h, credit: 0}\n- {at_least: 1 h, credit: 5%}\nkind: duration_tiers\n"
            "percent_column: [{credit: 5%}]"
        ),
        "tiers:\n- {below: 1 h, rate: 0}\n- {at_least: 1 h, rate: 5%}\nkind: credit\npercent_column: [{credit: 5%}]",
    ),
    (
        "availability",
        "kind: day_per_block\nblock: 1 h  # one",
        "kind: credit\nrate: {day: in_period}\nblock: 1 h  # one",
    ),
    ("availability", "days: 30\nkind: day_per_block\nblock: 1 h", "rate: {day: 30}\nkind: credit\nblock: 1 h"),
    (
        "availability",
        "kind: day_per_excess_block\nblock: 1 h\nnearest: 15 min",
        "kind: credit\nbeyond: target\nrate: {day: in_period}\nblock: 1 h\nnearest: 15 min",
    ),
    (
        "availability",
        "kind: day_per_excess_block\nblock: 1 h\ndays: in_period",
        "kind: credit\nbeyond: target\nblock: 1 h\nrate: {day: in_period}",
    ),
    (
        "availability",
        "kind: share_per_day\nshare: 1/30\noutage: {more_than: 1 h}",
        "kind: credit\nfor_each: day\nrate: 1/30\noutage: {more_than: 1 h}",
    ),
    ("availability", "kind: share_when_missed\ncredit: 5%", "kind: credit\nwhen: target_missed\nrate: 5%"),
    (
        "availability",
        "kind: share_per_step\nstep: 1\ncredit: 5%\nmost_steps: 3",
        "kind: credit\nbeyond: target\nblock: 1\nrate: 5%\nmost_blocks: 3",
    ),
    (
        "jitter",
        (
            "kind: overrun_tiers\nthresholds:\n- overrun: 20\n  credit: 2%\n- {overrun: 10.5, credit: 1%}\n"
            "- overrun: 30  # most\n  credit: 3%"
        ),
        (
            "kind: credit\ntiers_by: overrun\ntiers:\n- {below: 10.5, rate: 0}\n- at_least: 20\n  below: 30\n"
            "  rate: 2%\n- {at_least: 10.5, below: 20, rate: 1%}\n- at_least: 30  # most\n  rate: 3%"
        ),
    ),
    (
        "jitter",
        "kind: overrun_tiers\nthresholds:\n   - credit: 1%\n     overrun: 10\n   - {credit: 2%, overrun: 20}",
        (
            "kind: credit\ntiers_by: overrun\ntiers:\n   - {below: 10, rate: 0}\n   - rate: 1%\n     at_least: 10\n"
            "     below: 20\n   - {rate: 2%, at_least: 20}"
        ),
    ),
    (
        "jitter",
        "kind: overrun_tiers\nthresholds: [{overrun: 20, credit: 2%}, {overrun: 10, credit: 1%}]",
        (
            "kind: credit\ntiers_by: overrun\n"
            "tiers: [{below: 10, rate: 0}, {at_least: 20, rate: 2%}, {at_least: 10, below: 20, rate: 1%}]"
        ),
    ),
    (
        "delay",
        "kind: sum_per_day\nsum: 5.5\napplies_to: repair\ngrace_working_days: 2",
        "kind: credit\nfor_each: day\nrate: 5.5 CHF\npromise: repair\ngrace_working_days: 2",
    ),
    (
        "delay",
        "kind: daily_rate\nperiods_per_year: 12",
        "kind: credit\nfor_each: day\nrate: {day: 365}\ntimes: 12",
    ),
    (
        "delay",
        "kind: daily_rate\nperiods_per_year: 12\ndays_per_year: 360",
        "kind: credit\nfor_each: day\ntimes: 12\nrate: {day: 360}",
    ),
    ("availability", "kind: credit\nwhen: target_missed\nrate: 5%", "kind: credit\nwhen: target_missed\nrate: 5%"),
    (
        "availability",
        "kind: hour_waiver\ndowntime: {at_least: 1 min}",
        "kind: hour_waiver\ndowntime: {at_least: 1 min}",
    ),
]


def on_lines(rule: str, column: int) -> str:
    return "".join(f"\n{' ' * column}{line}" for line in rule.splitlines())


def in_a_row(rule: str) -> str:
    return yaml.safe_dump(yaml.safe_load(rule), default_flow_style=True, width=1000, sort_keys=False).strip()


def objectives(metric: str, *rules: str) -> str:
    target = "" if metric == "delay" else "\n    target: 50"
    each = (f"  - id: a{i}\n    metric: {metric}{target}\n    rule:{rule}\n" for i, rule in enumerate(rules))
    return "objectives:\n" + "".join(each)


@pytest.mark.parametrize(("metric", "old", "new"), RULES)
def test_a_rule_is_rewritten_where_it_stands_and_nothing_else_is(metric: str, old: str, new: str) -> None:
    two = [objectives(metric, on_lines(rule, 6), f" {in_a_row(rule)}") for rule in (old, new)]
    written, notes = migrate(HEAD + two[0], name="k")
    assert written == "format: 2\n" + HEAD + two[1]
    lines = (HEAD + two[0]).splitlines()
    at = [number for number, line in enumerate(lines, 1) if "kind: " in line]
    assert notes == tuple(f"line {line}: {LATE}" for line in at if metric == "delay")


def test_two_objectives_that_share_one_rule_have_it_rewritten_once() -> None:
    shared = objectives("availability", " &r {kind: share_when_missed, credit: 5%}", " *r")
    written, _notes = migrate(HEAD + shared, name="k")
    new = objectives("availability", " &r {kind: credit, when: target_missed, rate: 5%}", " *r")
    assert written == "format: 2\n" + HEAD + new


RULE = {"kind": "share_when_missed", "credit": "5%"}
FIELDS: dict[str, Any] = {
    **yaml.safe_load(HEAD),
    "objectives": [{"id": "a", "metric": "jitter", "target": 1, "rule": RULE}],
}


def test_a_file_in_one_row_begins_with_its_format() -> None:
    text = yaml.safe_dump(FIELDS, default_flow_style=True, width=1000, sort_keys=False)
    new = text.replace("kind: share_when_missed, credit:", "kind: credit, when: target_missed, rate:")
    assert migrate(text, name="k") == ("{format: 2, " + new[1:], ())


def test_a_format_that_is_stated_is_replaced_where_it_stands() -> None:
    text = f"{HEAD}format: 1  # old\n{objectives('availability', ' {kind: share_when_missed, credit: 5%}')}"
    written, _notes = migrate(text, name="k")
    assert written.startswith(HEAD + "format: 2  # old\n")


@pytest.mark.parametrize(
    ("claim", "new"),
    [
        (
            "claim:\n  note: x\n  ticket_within: 72 h",
            "claim:\n  note: x\n  ticket: not_required\n  ticket_within: 72 h",
        ),
        ("claim: {ticket_within: 72 h, note: x}", "claim: {ticket: not_required, ticket_within: 72 h, note: x}"),
        ("claim: {ticket: required, ticket_within: 72 h}", "claim: {ticket: required, ticket_within: 72 h}"),
    ],
)
def test_who_is_paid_is_said_before_how_soon_a_ticket_must_follow(claim: str, new: str) -> None:
    promised = objectives("availability", " {kind: credit, when: target_missed, rate: 5%}")
    assert migrate(f"{HEAD}{claim}\n{promised}", name="k") == (f"format: 2\n{HEAD}{new}\n{promised}", ())


@pytest.mark.parametrize("written", ["clock_start: reported", "clock_start:\n    reported"])
def test_the_note_on_means_names_the_line_on_which_the_clock_starts(written: str) -> None:
    promised = objectives("availability", " {kind: credit, when: target_missed, rate: 5%}")
    _written, notes = migrate(f"{HEAD}counting:\n  stops_for: []\n  {written}\n{promised}", name="k")
    assert notes == (
        (
            "line 9: means, percentiles and sampled downtime are paid only if the customer reported something; "
            "claim: {ticket: not_required} pays them all"
        ),
    )


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("{}", "{}"),
        ("title: T\n", "format: 2\ntitle: T\n"),
        ("objectives: 5\n", "format: 2\nobjectives: 5\n"),
        ("objectives:\n- 5\n- {rule: 5}\n- {rule: {}}\n", "format: 2\nobjectives:\n- 5\n- {rule: 5}\n- {rule: {}}\n"),
        (
            "objectives: [{rule: {kind: overrun_tiers, thresholds: []}}]\n",
            "format: 2\nobjectives: [{rule: {kind: credit, tiers_by: overrun, tiers: []}}]\n",
        ),
        ("claim: 5\ncounting: 5\n", "format: 2\nclaim: 5\ncounting: 5\n"),
    ],
)
def test_of_a_file_that_is_wrong_in_itself_what_can_be_is_rewritten(text: str, new: str) -> None:
    assert migrate(text, name="k") == (new, ())


def test_what_would_be_wrong_only_in_the_newest_format_is_refused_with_its_line() -> None:
    text = HEAD.replace("currency: CHF\n", "") + objectives("delay", " {kind: sum_per_day, sum: 5, applies_to: x}")
    with pytest.raises(UnableToReadContract, match=r"k, line 10: it cannot be rewritten: .*None"):
        migrate(text, name="k")


@pytest.mark.parametrize("rule", ["{kind: tiers}", "{kind: duration_tiers, tiers: 5}", "{kind: overrun_tiers}"])
def test_a_table_without_tiers_is_refused_as_the_newest_format_refuses_it(rule: str) -> None:
    with pytest.raises(UnableToReadContract, match=r"k, line \d+: it cannot be rewritten: objectives.0.rule"):
        migrate(HEAD + objectives("availability", f" {rule}"), name="k")
