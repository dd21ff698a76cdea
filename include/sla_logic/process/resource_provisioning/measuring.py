"""What several steps of Resource Provisioning measure or look up."""

from datetime import datetime

from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.service_problem import Sighting, sighting
from include.sla_logic.domain.verification import Check, check_probes, targets_of
from include.sla_logic.process.case_documents import agreement_and_contract
from include.sla_logic.process.ports import CaseFile


def sighting_of(file: CaseFile, seen_at: datetime) -> Sighting:
    """Return what a service problem needs to know of this incident."""
    return sighting(file.read(ProblemReport), file.read(CounterMeasurePlan).highest, seen_at=seen_at)


def measure(file: CaseFile) -> tuple[Check, ...]:
    """Measure the service now and compare it with what the contract promises."""
    targets = targets_of(agreement_and_contract(file)[1], file.policies.remedies.verify_at_least)
    return check_probes(file.network.probe(file.ticket.service), targets)
