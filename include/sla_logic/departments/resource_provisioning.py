"""Resource Provisioning: resources, alarms, corrective actions, and the wait (rows 11 to 14, 20 to 24)."""

from datetime import datetime
from enum import StrEnum
from functools import partial

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.corrective_actions import CorrectiveActions, carry_out, order_key, verify
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.diagnosis import (
    NormalExecutionNotification,
    ProblemAnalysis,
    ResourceCheck,
    TroubleReport,
    analyze,
    check_resources,
    report_trouble,
)
from include.sla_logic.domain.diagnosis_table import find_errors
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.restoration import (
    RestorationOutcome,
    RestorationRequest,
    RestorationTermination,
    TrackedErrors,
    TroubleshootingReport,
)
from include.sla_logic.domain.service_problem import Sighting, restored_meanwhile, sighting, ties_to
from include.sla_logic.domain.status_report import StatusReport
from include.sla_logic.domain.verification import Check, check_probes, targets_of
from include.sla_logic.ports import CaseFile


class ProblemAnswer(StrEnum):
    """Where the process goes on after the check of the resources."""

    DETECTED = "analyze_resource_problem"
    NORMAL = "notify_normal_execution"


class AfterTheWait(StrEnum):
    """Where the process goes on after `await_restoration_request`."""

    RESTORE = "track_errors"
    TERMINATE = "terminate_restoration"


class UnableToEndTheWait(Exception):
    """The activity needs an outcome of the wait that is not there."""


def is_problem_detected(file: CaseFile) -> ProblemAnswer:
    """Check whether there is any possible problem: resources, alarms, and the service measured afresh.

    Writes the ResourceCheck. A measurement of which nothing came back is no problem and no proof of health.
    Row 11 of the process.
    """
    service = file.read(DetailedProblemReport).service
    check = check_resources(
        file.network.resources(service),
        file.network.alarms(service),
        _measure(file),
        policy=file.policies.diagnosis,
        now=file.now,
    )
    file.write(check)
    file.record(f"Resources checked: {check.reason}.", lane=Lane.RESOURCE_PROVISIONING)
    return ProblemAnswer.DETECTED if check.problem_detected else ProblemAnswer.NORMAL


def analyze_resource_problem(file: CaseFile) -> None:
    """Analyse the detected problem.

    Reads the ResourceCheck and the diagnosis table; writes the ProblemAnalysis. Ties the ticket to the service
    problem of each faulty resource: what was analysed under another ticket is taken over. Row 12 of the process.
    """
    check = file.read(ResourceCheck)
    problems = file.problems.tie(check.findings, _sighting(file, check.checked_at))
    analysis = analyze(
        check.findings,
        ticket=file.ticket.id,
        department=Lane.RESOURCE_PROVISIONING,
        reason=check.reason,
        problems=problems,
        policy=file.policies.diagnosis,
        now=file.now,
    )
    file.write(analysis)
    for tie in analysis.service_problems:
        file.record(f"Tied to {tie.id}, analysed as {tie.analysed_as}.", lane=Lane.RESOURCE_PROVISIONING)


def create_resource_trouble_report(file: CaseFile) -> None:
    """Create the trouble report that names the type of problem.

    Reads the ProblemAnalysis; writes the TroubleReport. Row 12 of the process.
    """
    service = file.read(DetailedProblemReport).service
    report = report_trouble(file.read(ProblemAnalysis), ticket=file.ticket.id, service=service, now=file.now)
    file.write(report)
    file.record(f"Trouble report: {report.type_of_problem}.", lane=Lane.RESOURCE_PROVISIONING)


def notify_normal_execution(file: CaseFile) -> None:
    """Create the notification about the normal service execution.

    Reads the ResourceCheck; writes the NormalExecutionNotification, which names what could not be measured.
    Row 13 of the process.
    """
    check = file.read(ResourceCheck)
    file.write(
        NormalExecutionNotification(
            ticket=file.ticket.id,
            service=file.read(DetailedProblemReport).service,
            resources_checked=len(check.resources),
            checks=check.checks,
            not_measurable=tuple(c.metric.value for c in check.checks if c.measured is None),
            created_at=file.now,
        )
    )
    file.record("The service executes normally.", lane=Lane.RESOURCE_PROVISIONING)


def send_status_report(file: CaseFile) -> None:
    """Send the trouble report or the notification to Service Management in a status report.

    Writes the StatusReport. Its sending starts the clock: the deadline for a restoration request is stored with
    it, by the window of the contract (2 days unless it says otherwise). Row 14 of the process.
    """
    window = file.read(DetailedProblemReport).restoration_window
    file.write(
        StatusReport(
            ticket=file.ticket.id,
            trouble=file.find(TroubleReport),
            normal_execution=file.find(NormalExecutionNotification),
            sent_at=file.now,
            restoration_deadline=file.now + window,
        )
    )
    file.hand_over(Lane.SERVICE_MANAGEMENT)


def go_on_after_the_wait(outcome: RestorationOutcome) -> AfterTheWait:
    """Tell the sensor `await_restoration_request` which way the outcome of the wait leads. Row 20 of the process."""
    return AfterTheWait.RESTORE if outcome is RestorationOutcome.IN_TIME else AfterTheWait.TERMINATE


def track_errors(file: CaseFile) -> None:
    """Track all possible errors: every alarm and every resource out of service in the topology of the service.

    Writes the TrackedErrors. Errors of a service problem that was restored meanwhile under another ticket are
    taken over, with what was ordered against them. Row 21 of the process.
    """
    service = file.read(DetailedProblemReport).service
    resources = file.network.resources(service)
    errors = find_errors(resources, file.network.alarms(service), file.policies.diagnosis)
    done = restored_meanwhile(file.problems.tied, errors)
    problems = (*file.problems.tie(errors, _sighting(file, file.now)), *done)
    tracked = TrackedErrors(
        ticket=file.ticket.id,
        service=service,
        resources_tracked=len(resources),
        errors=(*errors, *(finding for problem in done for finding in problem.findings)),
        tracked_at=file.now,
        policy_version=file.policies.diagnosis.version,
        service_problems=ties_to(problems),
    )
    file.write(tracked)
    file.record(f"{len(tracked.errors)} errors tracked.", lane=Lane.RESOURCE_PROVISIONING)


def undertake_restoration(file: CaseFile) -> None:
    """Undertake the corrective actions for every tracked error, then measure the service again.

    Reads the TrackedErrors and the remedy table; writes the CorrectiveActions. Against a service problem the first
    of its incidents orders, and the others get the same answers. What is not verified is escalated later, never
    reported as solved. Row 22 of the process.
    """
    service, network, tracked = file.read(DetailedProblemReport).service, file.network, file.read(TrackedErrors)
    key = partial(order_key, file.ticket.id, "undertake_restoration", ties=tracked.service_problems)
    attempts = carry_out(
        tracked.errors,
        file.policies.remedies,
        lambda action, resource: network.undertake(action, resource, order=key(action, resource)),
    )
    actions = verify(
        attempts,
        department=Lane.RESOURCE_PROVISIONING,
        checks=_measure(file),
        resources=network.resources(service),
        alarms=network.alarms(service),
        policy_versions=(file.policies.diagnosis.version, file.policies.remedies.version),
        now=file.now,
    )
    file.write(actions)
    file.problems.restored(actions.restored)
    file.record(f"Restoration undertaken: {actions.verdict}.", lane=Lane.RESOURCE_PROVISIONING)


def send_troubleshooting_report(file: CaseFile) -> None:
    """Send Service Management what was tracked, done and measured; Resource Provisioning's part ends.

    Writes the TroubleshootingReport. Row 23 of the process.
    """
    actions = file.read(CorrectiveActions)
    file.write(
        TroubleshootingReport(
            ticket=file.ticket.id,
            errors=file.read(TrackedErrors).errors,
            actions=actions,
            restored=actions.verified,
            shortcomings=actions.shortcomings,
            sent_at=file.now,
        )
    )
    file.hand_over(Lane.SERVICE_MANAGEMENT)


def terminate_restoration(file: CaseFile) -> None:
    """End Resource Provisioning's part without a restoration: the request came too late, or was rejected.

    Writes the RestorationTermination. The run goes on: this is no failure of it. Row 24 of the process.
    """
    outcome = file.restorations.outcome
    if outcome not in {RestorationOutcome.TOO_LATE, RestorationOutcome.REJECTED}:
        msg = f"The restoration of {file.ticket.id} cannot be terminated: the outcome of its wait is {outcome}."
        raise UnableToEndTheWait(msg)
    file.write(
        RestorationTermination(
            ticket=file.ticket.id,
            outcome=outcome,
            deadline=file.read(RestorationRequest).deadline,
            terminated_at=file.now,
        )
    )
    file.record(f"No restoration: the request was {outcome.value}.", lane=Lane.RESOURCE_PROVISIONING)
    file.hand_over(Lane.SERVICE_MANAGEMENT)


def _sighting(file: CaseFile, seen_at: datetime) -> Sighting:
    return sighting(file.read(ProblemReport), file.read(CounterMeasurePlan).highest, seen_at=seen_at)


def _measure(file: CaseFile) -> tuple[Check, ...]:
    """Measure the service afresh and compare it with what the contract promises."""
    targets = targets_of(_contract(file), file.policies.remedies.verify_at_least)
    return check_probes(file.network.probe(file.ticket.service), targets)


def _contract(file: CaseFile) -> Contract:
    report = file.read(ProblemReport)
    agreement = file.contracts.agreement(report.customer, report.service, at=report.observed_from)
    return file.contracts.contract(agreement)
