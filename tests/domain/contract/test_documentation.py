"""What the documentation shows is what the product reads."""

import re
from pathlib import Path

import pytest
import yaml

from include.sla_logic.domain.contract import check_contract, measures, rules
from include.sla_logic.domain.contract.contract import Contract, MetricName
from include.sla_logic.domain.contract.credit_rule import Credit, CreditTier
from include.sla_logic.domain.contract.terms import Chronic, Claim, Counting, MaintenanceTerms
from include.sla_logic.domain.facts_file import FactsFile, read_facts
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.sla import compare
from tests.domain.sla.make import text_of

PAGE = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text(encoding="utf-8")
CONTRACT, RULES, FACTS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_example_contract_has_no_findings() -> None:
    contract, findings = check_contract(CONTRACT, name="example")
    assert contract is not None
    assert findings == ()


@pytest.mark.parametrize("example", re.split(r"^(?=# )", RULES, flags=re.MULTILINE)[1:])
def test_the_example_rules_can_be_loaded(example: str) -> None:
    rule = yaml.safe_load(example)["rule"]
    metric = {"metric": "time_to_restore", "target": "2 h"} if rule.get("block") else {"metric": "availability"}
    text = text_of({"id": "o", "target": 99.9, **metric, "rule": rule}, cap={"share": "100%"})
    contract, findings = check_contract(text, name="example")
    assert contract is not None
    assert findings == ()


def test_every_part_of_a_credit_rule_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_]+)(?::[^`]*)?`", PAGE))
    assert (set(Credit.model_fields) | set(CreditTier.model_fields)) - documented == set()


def test_the_example_facts_are_judged_by_the_example_contract() -> None:
    contract, _ = check_contract(CONTRACT, name="example")
    known = read_facts(FACTS, name="facts")
    assert contract is not None
    assert known.window is not None
    assert known.as_of is not None
    found = compare(contract, known.facts(), window=known.window, as_of=known.as_of)
    assert found.objectives[0].counted_seconds == (2 * 60 + 30 + 2 * 60) * 60
    assert found.breached


@pytest.mark.parametrize("model", [Contract, Counting, MaintenanceTerms, Claim, Chronic])
def test_every_field_of_the_contract_is_documented(model: type) -> None:
    documented = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert set(model.model_fields) - documented - {"objectives", "right", "outage"} == set()


def test_every_metric_measure_and_rule_is_documented_by_its_name() -> None:
    names = {metric.value for metric in MetricName}
    for module in (measures, rules):
        for model in vars(module).values():
            kind = getattr(model, "model_fields", {}).get("kind")
            names |= set() if kind is None else {kind.default}
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_every_fact_is_documented() -> None:
    assert {name for name in FactsFile.model_fields | ServiceFacts.model_fields if name not in PAGE} == set()
