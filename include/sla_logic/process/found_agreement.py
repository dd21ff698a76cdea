"""The agreement that the run found when the problem was reported: the run keeps it."""

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.process.ports import CaseFile


def agreement_and_contract(file: CaseFile) -> tuple[Agreement, Contract]:
    """Return the agreement and contract in force when the problem began, not those of today.

    Reports of earlier releases do not hold the agreement: it is looked up as it is known now.
    """
    report = file.read(ProblemReport)
    if report.found is None:
        agreement = file.contracts.agreement(report.customer, report.service, at=report.observed_from)
    else:
        agreement = file.contracts.keep(report.found, at=report.observed_from)
    return agreement, file.contracts.contract(agreement)
