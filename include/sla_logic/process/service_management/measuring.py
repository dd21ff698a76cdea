"""What several steps of Service Management measure or look up."""

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.service_performance import ServicePerformance, summarise
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.verification import Check, check_probes, targets_of
from include.sla_logic.process.ports import CaseFile


def _agreement(file: CaseFile) -> tuple[Agreement, Contract]:
    report = file.read(ProblemReport)
    agreement = file.contracts.agreement(report.customer, report.service, at=report.observed_from)
    return agreement, file.contracts.contract(agreement)


def measure(file: CaseFile) -> tuple[Check, ...]:
    """Measure the service now and compare it with what the contract promises."""
    targets = targets_of(_agreement(file)[1], file.policies.remedies.verify_at_least)
    return check_probes(file.network.probe(file.ticket.service), targets)


def actual_performance(file: CaseFile) -> ServicePerformance:
    """Compare the window of the first comparison once more, as it is known now."""
    agreement, contract = _agreement(file)
    window = file.read(SlaComparison).window
    comparison = compare(
        contract, file.measurements.facts(agreement, window, as_of=file.now), window=window, as_of=file.now
    )
    within = file.policies.priorities.at_risk_when_next_tier_within
    return summarise(comparison, contract, at_risk_within=within)
