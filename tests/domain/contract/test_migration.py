"""`sla contract migrate`: a file in the newest format says the same, and keeps its comments."""

from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.contract import Contract, UnableToReadContract, check_contract, read_contract, rules
from include.sla_logic.domain.contract.migration import migrate
from include.sla_logic.domain.measurements import Delay, Reading, Restoration
from include.sla_logic.domain.sla import ObjectiveJudgement
from tests.domain.sla.make import STEPS, TIERS, contract_of, facts, first, objective, outage, text_of

OLD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kind": "tiers", "tiers": TIERS}, {}),
    ({"kind": "tiers", "round_decimals": 2, "tiers": TIERS}, {}),
    ({"kind": "duration_tiers", "tiers": STEPS}, {}),
    ({"kind": "duration_tiers", "tiers": STEPS, "percent_column": TIERS}, {}),
    ({"kind": "day_per_block", "block": "1 h"}, {}),
    ({"kind": "day_per_block", "block": "24 h", "counts": "full", "days": 30}, {}),
    ({"kind": "day_per_excess_block", "block": "4 h", "nearest": "15 min"}, {}),
    ({"kind": "day_per_excess_block", "block": "1 h", "counts": "full", "days": 31}, {}),
    ({"kind": "share_per_day", "share": "1/30", "outage": {"more_than": "60 s"}}, {}),
    ({"kind": "share_per_step", "step": "0.1", "credit": "1%"}, {}),
    ({"kind": "share_per_step", "step": "0.5", "credit": "5%", "counts": "full", "most_steps": 3}, {}),
    ({"kind": "share_when_missed", "credit": "35%"}, {}),
    ({"kind": "share_per_step", "step": 1, "credit": "1/30"}, {"metric": "latency", "target": "50"}),
    ({"kind": "share_per_step", "step": 3600, "credit": "5%"}, {"metric": "time_to_restore", "target": "2 h"}),
    (
        {
            "kind": "overrun_tiers",
            "thresholds": [
                {"overrun": 25, "credit": "20%"},
                {"overrun": 10, "credit": "10%"},
                {"overrun": 50, "credit": "30%"},
            ],
        },
        {"metric": "latency", "target": "50"},
    ),
    (
        {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "10%"}]},
        {"metric": "latency", "target": "50"},
    ),
    ({"kind": "sum_per_day", "sum": "9.76", "applies_to": "repair", "grace_working_days": 2}, {"metric": "delay"}),
    ({"kind": "sum_per_day", "sum": 5, "applies_to": "repair"}, {"metric": "delay"}),
    ({"kind": "daily_rate", "periods_per_year": 4}, {"metric": "delay"}),
    ({"kind": "daily_rate", "periods_per_year": 12, "days_per_year": 360}, {"metric": "delay"}),
]
NAMES = [f"{number} {rule['kind']}" for number, (rule, _fields) in enumerate(OLD)]


def written(rule: dict[str, Any], fields: dict[str, Any], *, flow: bool) -> str:
    about = objective(target="99.9") | fields | {"rule": rule}
    if about["metric"] == "delay":
        del about["target"]
    text = text_of(about, calendar={"country": "AT"}, currency="EUR")
    if flow:
        rest = text.index("objectives:")
        shown = yaml.safe_dump([about], default_flow_style=True, width=10_000)
        text = f"{text[:rest]}objectives: {shown}"
    return text.replace("title: A contract", "title: A contract  # what it is called")


@cache
def both(text: str) -> tuple[str, Contract, Contract]:
    """Return the rewritten text, and what the two texts say."""
    new, _notes = migrate(text, name="k")
    return new, read_contract(text, name="k"), read_contract(new, name="k")


def credit(judged: ObjectiveJudgement) -> Fraction | None:
    return None if judged.credit_exact is None else Fraction(judged.credit_exact)


seconds = st.one_of(st.integers(0, 200_000), st.sampled_from([0, 59, 60, 61, 299, 300, 2592, 2593, 3600, 86400]))


@pytest.mark.parametrize("flow", [False, True], ids=["block", "flow"])
@pytest.mark.parametrize(("rule", "fields"), OLD, ids=NAMES)
@settings(max_examples=12)
@given(
    down=st.lists(st.tuples(st.integers(0, 2_300_000), seconds), max_size=4),
    value=st.decimals(40, 120, places=2),
    repairs=st.lists(seconds, min_size=1, max_size=3),
    late=st.tuples(st.integers(1, 20), st.integers(0, 9)),
)
def test_a_rewritten_rule_pays_the_same(
    rule: dict[str, Any],
    fields: dict[str, Any],
    flow: bool,
    down: list[tuple[int, int]],
    value: Any,
    repairs: list[int],
    late: tuple[int, int],
) -> None:
    new, old, rewritten = both(written(rule, fields, flow=flow))
    due = date(2025, 4, late[0])
    known = facts(*(_outage(number, *span) for number, span in enumerate(down)))
    if fields.get("metric") == "latency":
        known = facts(readings=[Reading(metric="latency", value=value, unit="ms")])
    if fields.get("metric") == "time_to_restore":
        known = facts(restorations=[Restoration(reference=f"R{i}", seconds=length) for i, length in enumerate(repairs)])
    if fields.get("metric") == "delay":
        known = facts(delays=[Delay(kind="repair", due=due, done=date.fromordinal(due.toordinal() + late[1]))])
    one, two = (first(terms, known) for terms in (old, rewritten))
    assert (credit(one), one.breached, one.measured_exact) == (credit(two), two.breached, two.measured_exact), new
    assert (one.tier_bounds, one.value_bounds, one.next_tier) == (two.tier_bounds, two.value_bounds, two.next_tier)


def _outage(number: int, start: int, length: int) -> Any:
    base = outage("2025-04-01 00:00", None)
    moment = base.start.timestamp() + start
    at = type(base.start).fromtimestamp
    ends = at(moment + length, tz=base.start.tzinfo)
    return base.model_copy(update={"reference": f"O{number}", "start": at(moment, tz=base.start.tzinfo), "end": ends})


@pytest.mark.parametrize("flow", [False, True], ids=["block", "flow"])
@pytest.mark.parametrize(("rule", "fields"), OLD, ids=NAMES)
def test_a_rewritten_file_is_of_the_newest_format_and_keeps_its_comments(rule, fields, flow) -> None:
    text = written(rule, fields, flow=flow)
    new, notes = migrate(text, name="k")
    terms = read_contract(new, name="k")
    assert terms.format == 2
    assert terms.objectives[0].rule.kind == "credit"
    assert "# what it is called" in new
    assert bool(notes) == (rule["kind"] in ("sum_per_day", "daily_rate"))
    assert migrate(new, name="k") == (new, ())


def test_every_replaced_kind_is_tried_here() -> None:
    assert {rule["kind"] for rule, _fields in OLD} == set(rules.REPLACED_KINDS)


SAMPLES = sorted((Path(__file__).parents[3] / "include" / "sla_logic").rglob("contracts/*.yaml"))


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_every_contract_of_the_product_can_be_rewritten_and_differs_in_nothing_but_its_rules(file: Path) -> None:
    text = file.read_text("utf-8")
    new, _notes = migrate(text, name=file.name)
    old_terms, new_terms = (read_contract(one, name=file.name).model_dump() for one in (text, new))
    assert new_terms.pop("format") == 2
    assert old_terms.pop("format") == 1
    for terms in (old_terms, new_terms):
        for one in terms["objectives"]:
            del one["rule"]
    assert old_terms == new_terms
    assert [line for line in text.splitlines() if line.strip().startswith("#")] == [
        line for line in new.splitlines() if line.strip().startswith("#")
    ]


@pytest.mark.parametrize("flow", [False, True], ids=["block", "flow"])
@pytest.mark.parametrize("format_", [{}, {"format": 1}, {"format": 2}], ids=["no format", "format 1", "format 2"])
@pytest.mark.parametrize(
    ("claim", "clock", "says"),
    [
        ({}, "reported", "a note"),
        ({}, "ticket_opened", "a note"),
        ({}, "detected", "nothing"),
        ({}, "outage", "nothing"),
        ({}, None, "nothing"),
        ({"within_days": 30}, "reported", "a note"),
        ({"ticket": "required"}, "reported", "nothing"),
        ({"ticket": "not_required"}, "ticket_opened", "nothing"),
        ({"ticket_within": "72 h"}, "reported", "a term"),
        ({"ticket_within": "72 h"}, None, "a term"),
        ({"ticket_within": "72 h", "ticket": "required"}, None, "nothing"),
    ],
)
def test_who_is_paid_without_a_ticket_is_kept_or_said(claim, clock, says, format_, flow) -> None:
    """What format 1 pays without a word of tickets, the newest format pays only where the contract says so."""
    counting = {"shortest": {"at_least": "5 min"}} | ({} if clock is None else {"clock_start": clock})
    terms = {name: part for name, part in {"claim": claim, "counting": counting}.items() if part}
    rule = objective({"kind": "credit", "rate": "5%"}) if format_ == {"format": 2} else objective()
    text = yaml.safe_dump(contract_of(rule, **format_, **terms), sort_keys=False, default_flow_style=flow, width=10_000)
    if format_ == {"format": 2}:
        says = "nothing"
    new, notes = migrate(text, name="k")
    assert yaml.safe_load(new).get("claim", {}) == claim | ({"ticket": "not_required"} if says == "a term" else {})
    assert len(notes) == (says == "a note")
    for note in notes:
        line = int(note.removeprefix("line ").partition(":")[0])
        assert "clock_start" in text.splitlines()[line - 1]


def test_a_replaced_kind_in_a_file_of_the_newest_format_is_refused_with_what_to_do() -> None:
    terms, findings = check_contract(text_of(format=2), name="k")
    assert terms is not None
    assert [(f.code, f.level) for f in findings] == [("replaced_kind", "refuses")]
    assert "sla contract migrate" in findings[0].text


@pytest.mark.parametrize("format_", [0, 3, "2", True, 1.5, None])
def test_a_format_that_this_release_does_not_know_is_refused(format_: Any) -> None:
    assert check_contract(text_of(format=format_), name="k")[0] is None


def test_the_command_prints_or_rewrites(tmp_path: Path) -> None:
    file = tmp_path / "k.yaml"
    file.write_text(written({"kind": "sum_per_day", "sum": 5, "applies_to": "repair"}, {"metric": "delay"}, flow=False))
    printed = CliRunner().invoke(app, ["contract", "migrate", str(file)])
    assert printed.exit_code == 0
    assert "rate: 5 EUR" in printed.stdout
    assert "line 1" in printed.stderr
    assert "sum_per_day" in file.read_text()
    done = CliRunner().invoke(app, ["contract", "migrate", "--write", str(file)])
    assert "written in format 2" in done.stdout
    assert read_contract(file.read_text(), name="k").format == 2


def test_a_text_that_is_no_contract_is_refused_with_its_line() -> None:
    with pytest.raises(UnableToReadContract, match="line 1"):
        migrate("[]", name="k")
