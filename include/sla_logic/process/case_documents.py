"""What several steps read from the case file: the agreement that the run found, the comparison, the outcome."""

from datetime import datetime

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.resolution import ProblemResolutionReport, ServicePerformanceReport
from include.sla_logic.domain.service_performance import ServicePerformance, summarise
from include.sla_logic.domain.service_problem import Sighting, sighting
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


def compare_now(
    file: CaseFile, agreement: Agreement, contract: Contract, window: Period | None = None
) -> SlaComparison:
    """Compare the window in which the observed period begins, or another, as far as it is known at this moment."""
    window = window or contract.window_at(file.read(ProblemReport).observed_from)
    facts = file.measurements.facts(agreement, window, as_of=file.now)
    return compare(contract, facts, window=window, as_of=file.now)


def performance(file: CaseFile) -> ServicePerformance:
    """Reduce the newest comparison to what other documents repeat."""
    return _summary(file, file.read(SlaComparison), agreement_and_contract(file)[1])


def actual_performance(file: CaseFile) -> ServicePerformance:
    """Compare the window of the first comparison once more, as it is known now."""
    agreement, contract = agreement_and_contract(file)
    return _summary(file, compare_now(file, agreement, contract, file.read(SlaComparison).window), contract)


def _summary(file: CaseFile, comparison: SlaComparison, contract: Contract) -> ServicePerformance:
    within = file.policies.priorities.at_risk_when_next_tier_within
    return summarise(comparison, contract, at_risk_within=within)


def sighting_of(file: CaseFile, seen_at: datetime) -> Sighting:
    """Return what a service problem needs to know of this incident."""
    return sighting(file.read(ProblemReport), file.read(CounterMeasurePlan).highest, seen_at=seen_at)


def outcome_report(file: CaseFile) -> ServicePerformanceReport | ProblemResolutionReport:
    """Return the report with which Service Management ended its part: one of two kinds."""
    return file.find(ServicePerformanceReport) or file.read(ProblemResolutionReport)
