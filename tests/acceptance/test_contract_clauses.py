"""Clauses of real contracts, worked by hand, through `sla assess`: each case has facts and its right answer.

A case without a contract of its own is judged by the one in `clauses/`, written from the clause that it names.
"""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "contract_clauses"
OURS = Path(__file__).parent / "clauses"
CASES = (
    {case.name: case for case in sorted(FOLDER.iterdir()) if (case / "facts.yaml").is_file()} if FOLDER.is_dir() else {}
)
# Two agreements of one service: walked through the ledger elsewhere, since one judgement cannot show it.
ELSEWHERE = {"fault-double-credit-after-upgrade"}

pytestmark = pytest.mark.skipif(not CASES, reason="no contract_clauses beside this checkout: name them in SHARED_DATA")


def contract_of(name):
    own = CASES[name] / "contract.yaml"
    return own if own.is_file() else OURS / f"{name}.yaml"


EXPRESSIBLE = sorted(name for name in CASES if contract_of(name).is_file())


def assess(name):
    """Judge the case; None for a file that is refused."""
    done = CliRunner().invoke(app, ["assess", str(contract_of(name)), str(CASES[name] / "facts.yaml"), "--json"])
    return json.loads(done.stdout) if done.exit_code == 0 else None


@pytest.mark.parametrize("name", EXPRESSIBLE)
def test_the_clause_is_judged_as_it_was_worked_by_hand(name):
    expected = json.loads((CASES[name] / "expected.json").read_text(encoding="utf-8"))
    judged = assess(name)
    if expected["credit"] is None:
        assert judged is None or judged["credit_due"] is None
        return
    if judged is None and "or refused" in expected["state"]:
        return
    assert judged is not None
    due = judged["credit_due"]
    assert (Decimal(due["amount"]), due["currency"]) == (Decimal(expected["credit"]), expected["currency"])
    if "claim_state" in expected:
        assert judged["claim"]["state"] == expected["claim_state"]
    if "credit_percent" in expected:
        assert Decimal(judged["credit_percent"]) == Decimal(expected["credit_percent"])
    if "next_tier_costs_more" in expected:
        nearest = [objective["next_tier"] for objective in judged["objectives"]]
        assert all(tier is None or Decimal(tier["costs_more"]["amount"]) == 0 for tier in nearest)


def test_every_clause_can_be_written():
    assert set(CASES) == set(EXPRESSIBLE)
    assert {case.name for case in FOLDER.iterdir() if case.is_dir()} - set(CASES) <= ELSEWHERE
