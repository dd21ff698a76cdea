"""What several steps of Service Management measure or look up."""

from include.sla_logic.domain.service_performance import ServicePerformance, summarise
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.verification import Check, check_probes, targets_of
from include.sla_logic.process.case_documents import agreement_and_contract
from include.sla_logic.process.ports import CaseFile


def measure(file: CaseFile) -> tuple[Check, ...]:
    """Measure the service now and compare it with what the contract promises."""
    targets = targets_of(agreement_and_contract(file)[1], file.policies.remedies.verify_at_least)
    return check_probes(file.network.probe(file.ticket.service), targets)


def actual_performance(file: CaseFile) -> ServicePerformance:
    """Compare the window of the first comparison once more, as it is known now."""
    agreement, contract = agreement_and_contract(file)
    window = file.read(SlaComparison).window
    comparison = compare(
        contract, file.measurements.facts(agreement, window, as_of=file.now), window=window, as_of=file.now
    )
    within = file.policies.priorities.at_risk_when_next_tier_within
    return summarise(comparison, contract, at_risk_within=within)
