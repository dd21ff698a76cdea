"""What both technical departments do to correct a service: measure it, give the orders, measure it again."""

from collections.abc import Sequence
from functools import partial

from include.sla_logic.domain.corrective_actions import carry_out, order_key, verify
from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.service_problem import ProblemTie
from include.sla_logic.domain.verification import Check, check_probes, targets_of
from include.sla_logic.process.case_documents import agreement_and_contract
from include.sla_logic.process.ports import CaseFile


def measure(file: CaseFile) -> tuple[Check, ...]:
    """Measure the service now and compare it with what the contract promises."""
    targets = targets_of(agreement_and_contract(file)[1], file.policies.remedies.verify_at_least)
    return check_probes(file.network.probe(file.ticket.service), targets)


def undertake(step: str, findings: Sequence[Finding], ties: Sequence[ProblemTie], file: CaseFile, *, lane: Lane) -> str:
    """Give the orders of the remedy table for the findings, measure the service, write the CorrectiveActions.

    Returns the verdict. The keys of the orders hold the step, or the service problem they are given for: one order
    serves all its incidents. Rows 18 and 22 of the process.
    """
    service, network = file.ticket.service, file.network
    key = partial(order_key, file.installation, file.ticket.id, step, ties=ties)
    attempts = carry_out(
        findings,
        file.policies.remedies,
        lambda action, resource: network.undertake(action, resource, order=key(action, resource)),
    )
    actions = verify(
        attempts,
        department=lane,
        checks=measure(file),
        resources=network.resources(service),
        alarms=network.alarms(service),
        policy_versions=(file.policies.diagnosis.version, file.policies.remedies.version),
        now=file.now,
    )
    file.write(actions)
    file.problems.restored(actions.restored)
    return actions.verdict
