"""What several steps read from the case file: the agreement that the run found, the comparison, the outcome."""

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.resolution import ProblemResolutionReport, ServicePerformanceReport
from include.sla_logic.domain.service_performance import ServicePerformance, summarise
from include.sla_logic.domain.sla import SlaComparison, compare
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


def window_of(file: CaseFile, contract: Contract) -> Period:
    """Return the window of the contract in which the observed period begins."""
    observed_from = file.read(ProblemReport).observed_from
    return contract.window_at(observed_from)


def compare_now(file: CaseFile, agreement: Agreement, contract: Contract) -> SlaComparison:
    """Compare the window with the SLA, as far as it is known at this moment."""
    window = window_of(file, contract)
    facts = file.measurements.facts(agreement, window, as_of=file.now)
    return compare(contract, facts, window=window, as_of=file.now)


def performance(file: CaseFile) -> ServicePerformance:
    """Reduce the newest comparison to what other documents repeat."""
    _, contract = agreement_and_contract(file)
    within = file.policies.priorities.at_risk_when_next_tier_within
    return summarise(file.read(SlaComparison), contract, at_risk_within=within)


def outcome_report(file: CaseFile) -> ServicePerformanceReport | ProblemResolutionReport:
    """Return the report with which Service Management ended its part: one of two kinds."""
    return file.find(ServicePerformanceReport) or file.read(ProblemResolutionReport)
