"""Every case of a credit-case file, through the contract format, the linting and the judgement.

The file is the one that CREDIT_CASES names, else the shared one.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from include.sla_logic.domain.contract import UnableToReadContract, check_contract
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.sla import SlaComparison
from tests.acceptance.case_object import CaseObject
from tests.acceptance.credit_case_contract import contract_text
from tests.acceptance.credit_case_expectation import differences, refusal_of
from tests.acceptance.credit_case_judging import judge, observed, undefined

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = Path(os.environ.get("CREDIT_CASES", SHARED / "credit_cases" / "cases.json"))
ASKED = "CREDIT_CASES" in os.environ  # a file that was asked for and is not there is an error, not a skip
DOCUMENT = json.loads(FILE.read_text("utf-8")) if ASKED or FILE.is_file() else {"contracts": {}, "cases": []}
CASES = DOCUMENT["cases"]

pytestmark = pytest.mark.skipif(not CASES, reason=f"no credit cases at {FILE.name}: set CREDIT_CASES or SHARED_DATA")


def entry_of(case: dict[str, Any]) -> dict[str, Any]:
    return DOCUMENT["contracts"][case["contract"]]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_worked_case_comes_out_as_worked_by_hand(case: dict[str, Any]) -> None:
    entry, explained = entry_of(case), "refused before it could be judged"
    try:
        comparison = judge(entry, case)
        seen, explained = observed(comparison), comparison.explain()
    except (ValidationError, UnableToReadContract) as error:
        seen = {"credit": None, "error": refusal_of(error)}
    assert differences(case["expected"], seen, undefined(entry, case)) == {}, explained


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_worked_case_is_rebated_once_and_explained(case: dict[str, Any]) -> None:
    try:
        comparison = judge(entry_of(case), case)
    except (ValidationError, UnableToReadContract):
        assert case["expected"].get("error") is not None
        return
    rebate = work_out_rebate(comparison, earlier=[])
    assert comparison.credit_due is None or rebate.total == comparison.credit_due
    assert SlaComparison.model_validate_json(comparison.model_dump_json()) == comparison
    assert comparison.contract_version in comparison.explain()


BARE = {
    "timezone": "UTC",
    "monthly_charge": {"amount": "100.00", "currency": "EUR"},
    "measured": {"metric": "latency", "target": "50", "value": "50"},
}


@pytest.mark.parametrize("name", sorted(DOCUMENT["contracts"]))
def test_every_contract_of_the_file_can_be_written_and_its_known_defects_are_found(name: str) -> None:
    entry = DOCUMENT["contracts"][name]
    for kind in entry.get("rates", {"": ""}):
        given = CaseObject(entry)
        contract, findings = check_contract(contract_text(name, given, CaseObject(BARE | {"kind": kind})), name=name)
        assert given.unread() == []
        assert contract is not None, findings
        assert not [finding for finding in findings if finding.level == "refuses"]
        assert bool(entry.get("known_defect")) <= bool(findings)
