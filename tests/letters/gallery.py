"""Letters about the contracts of the gallery: each is judged on its facts, and told to a customer in both ways."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from include.sla_logic.cli.assess import _from_files
from include.sla_logic.domain.counted_times import counted_times
from include.sla_logic.domain.credit import BillingAdjustment, Decision
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.service_performance import summarise
from include.sla_logic.domain.sla import Assessed
from include.sla_logic.domain.stated_credit import state_credit
from include.sla_logic.domain.statement import (
    SettlementStatement,
    StatedCredit,
    StatementKind,
    counted_outages,
    owed_by,
)
from tests.letters.reports import report

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
NAMES = sorted(folder.name for folder in GALLERY.iterdir() if folder.is_dir())


def changed(name: str, folder: Path, *, contract: Mapping[str, str], facts: Mapping[str, str]) -> Assessed:
    """Judge a contract of the gallery whose files say something else."""
    for file, changes in (("contract.yaml", contract), ("facts.yaml", facts)):
        text = (GALLERY / name / file).read_text("utf-8")
        for before, after in changes.items():
            assert before in text
            text = text.replace(before, after)
        (folder / file).write_text(text, "utf-8")
    return _from_files(folder / "contract.yaml", folder / "facts.yaml", None, None)


@cache
def judged(name: str) -> Assessed:
    """Judge a contract of the gallery on the facts beside it."""
    return _from_files(GALLERY / name / "contract.yaml", GALLERY / name / "facts.yaml", None, None)


def statement_about(assessed: Assessed, locale: str, earlier: Sequence[EarlierCredit] = ()) -> SettlementStatement:
    """Return the letter about the settled window, with its credit booked."""
    comparison, contract = assessed.comparison, assessed.contract
    rebate = work_out_rebate(comparison, earlier=earlier)
    booked = StatedCredit(
        reference="SR-1:1",
        window=comparison.window,
        amount=rebate.gross,
        state="booked",
        booked_at=comparison.window.end + timedelta(days=4),
        new=True,
    )
    return SettlementStatement(
        reference="SR-1",
        kind=StatementKind.FINAL,
        customer="C-1001",
        locale=locale,
        provider=contract.provider,
        zone=contract.zone,
        service="S-1001",
        service_name="Line",
        contract=contract.id,
        contract_version=contract.version,
        performance=summarise(comparison, contract, at_risk_within=timedelta(0)),
        outages=counted_outages(comparison),
        **owed_by(rebate),
        credits=(booked,) if rebate.gross else (),
        promised=False,
        follows=False,
        claimed_late=comparison.claim.state == "late",
        claim_deadline=comparison.claim.deadline,
        amounts="net",
        created_at=comparison.window.end + timedelta(days=4),
    )


def report_about(
    assessed: Assessed, locale: str, earlier: Sequence[EarlierCredit] = (), decided: Sequence[Decision] = ()
) -> CustomerReport:
    """Return the letter about an incident in that window, with its credit booked."""
    comparison, contract = assessed.comparison, assessed.contract
    rebate = work_out_rebate(comparison, earlier=earlier, decided=decided).model_copy(
        update={"held_for_approval": False, "provisional": False, "claim_required": False}
    )
    booked = BillingAdjustment(account="A-1", invoice=None, references=("x",), booked=rebate.total, reason="booked")
    return report(
        locale=locale,
        zone=contract.zone,
        series=(),
        measured_now=(),
        contract=contract.id,
        contract_version=contract.version,
        performance=summarise(comparison, contract, at_risk_within=timedelta(0)),
        times=counted_times(comparison, assessed.facts),
        credit=state_credit(rebate, booked),
    )


def credit_of(name: str) -> Money:
    """Return what the window owes."""
    return work_out_rebate(judged(name).comparison, earlier=()).gross
