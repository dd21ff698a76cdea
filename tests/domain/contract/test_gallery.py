"""The gallery: every contract of it is judged as it was worked by hand, and together they use the whole language."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.contract import Contract, check_contract, measures, rules
from include.sla_logic.domain.contract.credit_rule import Credit, CreditTier
from include.sla_logic.domain.contract.terms import Claim, Counting, MaintenanceTerms
from include.sla_logic.domain.money import minor_digits

GALLERY = Path(__file__).parents[3] / "docs" / "gallery"
NAMES = sorted(folder.name for folder in GALLERY.iterdir() if folder.is_dir())
# What a contract of the gallery may be warned about: its source says so.
WARNINGS = {"cap_above_charge", "columns_disagree"}


def text_of(name: str) -> str:
    return (GALLERY / name / "contract.yaml").read_text("utf-8")


def contract_of(name: str) -> Contract:
    contract, _findings = check_contract(text_of(name), name=name)
    assert contract is not None
    return contract


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_of_the_gallery_is_judged_as_it_was_worked_by_hand(name: str) -> None:
    files = (str(GALLERY / name / file) for file in ("contract.yaml", "facts.yaml"))
    done = CliRunner().invoke(app, ["assess", *files])
    worked = yaml.safe_load((GALLERY / name / "result.yaml").read_text("utf-8"))
    assert done.exit_code == 0, done.output
    assert f"  due: {worked['credit']}\n" in done.output, done.output


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_of_the_gallery_is_complete_and_sound(name: str) -> None:
    contract, findings = check_contract(text_of(name), name=name)
    assert contract is not None
    assert contract.format == 2
    assert contract.source
    assert contract.assumptions
    assert text_of(name).startswith("# ")
    assert {(finding.level, finding.code) for finding in findings} <= {("warns", code) for code in WARNINGS}
    index = (GALLERY / "README.md").read_text("utf-8")
    worked = yaml.safe_load((GALLERY / name / "result.yaml").read_text("utf-8"))
    clause = text_of(name).splitlines()[0].removeprefix("# ")
    assert f"| [{name}]({name}/contract.yaml) | {clause}. | {contract.source} | {worked['credit']} |" in index


def test_there_are_contracts_enough() -> None:
    assert len(NAMES) >= 20
    assert len({contract_of(name).source for name in NAMES}) == len(NAMES)


def used(part: BaseModel | None) -> set[str]:
    return set() if part is None else set(part.model_fields_set)


def test_together_they_use_every_rule_every_counting_and_every_claim_term() -> None:
    contracts = [contract_of(name) for name in NAMES]
    objectives = [objective for contract in contracts for objective in contract.objectives]
    credit = [objective.rule for objective in objectives if isinstance(objective.rule, Credit)]
    kinds = {objective.rule.kind for objective in objectives}
    assert kinds == {"credit", "hour_waiver", "event_credits"}
    assert set(rules.REPLACED_KINDS) & kinds == set()
    parts: list[tuple[type[BaseModel], Any]] = [
        (Credit, [used(rule) for rule in credit]),
        (CreditTier, [used(tier) for rule in credit for tier in rule.tiers]),
        (Counting, [used(one.counting) for one in (*contracts, *objectives)]),
        (Claim, [used(contract.claim) for contract in contracts]),
        (MaintenanceTerms, [used(contract.maintenance) for contract in contracts]),
    ]
    missing = {model.__name__: set(model.model_fields) - set().union(*found) for model, found in parts}
    assert {name: fields for name, fields in missing.items() if fields} == {}


def test_together_they_use_every_rate_and_every_way_of_measuring() -> None:
    text = "\n".join(text_of(name) for name in NAMES)
    for rate in ("pro_rata", "greater_of", "day: in_period", " EUR", "1/30", "%"):
        assert rate in text
    kinds = {objective.measured_by.kind for name in NAMES for objective in contract_of(name).objectives}
    models = [model for model in vars(measures).values() if "kind" in getattr(model, "model_fields", {})]
    known = {model.model_fields["kind"].default for model in models}
    assert known <= kinds


def test_the_command_starts_a_contract_from_one_of_them() -> None:
    listed = CliRunner().invoke(app, ["contract", "new"])
    assert listed.exit_code == 0
    assert [line.split(":")[0] for line in listed.stdout.splitlines()] == NAMES
    shown = CliRunner().invoke(app, ["contract", "new", "storms"])
    assert shown.stdout == text_of("storms")
    unknown = CliRunner().invoke(app, ["contract", "new", "../storms"])
    assert unknown.exit_code == 1
    assert "sla contract new lists them" in unknown.stderr


def test_amounts_are_written_in_the_minor_unit() -> None:
    for name in NAMES:
        worked = yaml.safe_load((GALLERY / name / "result.yaml").read_text("utf-8"))
        amount, currency = worked["credit"].split()
        digits = minor_digits(currency)
        assert re.fullmatch(rf"\d+\.\d{{{digits}}}" if digits else r"\d+", amount)
        assert Decimal(worked["credit"].split()[0]) >= 0
        assert worked["how"]
