"""Resource Provisioning checks resources and alarms, and reports what it found (rows 11 to 14)."""

from enum import StrEnum

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
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.status_report import StatusReport
from include.sla_logic.process.case_documents import sighting_of
from include.sla_logic.process.correcting import measure
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


class ProblemAnswer(StrEnum):
    """The steps that may follow `is_problem_detected`."""

    DETECTED = "analyze_resource_problem"
    NORMAL = "notify_normal_execution"


@step
def is_problem_detected(file: CaseFile) -> ProblemAnswer:
    """Check whether there is any problem: look at resources and alarms, and measure the service.

    Writes the ResourceCheck. A measurement that returns nothing shows neither a problem nor health.
    Row 11 of the process.
    """
    service = file.read(DetailedProblemReport).service
    check = check_resources(
        file.network.resources(service),
        file.network.alarms(service),
        measure(file),
        policy=file.policies.diagnosis,
        now=file.now,
    )
    file.write(check)
    file.record(f"Resources checked: {check.reason}.", lane=Lane.RESOURCE_PROVISIONING)
    return ProblemAnswer.DETECTED if check.problem_detected else ProblemAnswer.NORMAL


@step
def analyze_resource_problem(file: CaseFile) -> None:
    """Analyse the detected problem.

    Reads the ResourceCheck and the diagnosis table; writes the ProblemAnalysis. Ties the ticket to the service
    problem of each faulty resource and uses an analysis made under another ticket. Row 12 of the process.
    """
    check = file.read(ResourceCheck)
    problems = file.problems.tie(check.findings, sighting_of(file, check.checked_at))
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


@step
def create_resource_trouble_report(file: CaseFile) -> None:
    """Create the trouble report that names the type of problem in the resources.

    Reads the ProblemAnalysis; writes the TroubleReport. Row 12 of the process.
    """
    service = file.read(DetailedProblemReport).service
    report = report_trouble(file.read(ProblemAnalysis), ticket=file.ticket.id, service=service, now=file.now)
    file.write(report)
    file.record(f"Trouble report: {report.type_of_problem}.", lane=Lane.RESOURCE_PROVISIONING)


@step
def notify_normal_execution(file: CaseFile) -> None:
    """Create the notification that the service executes normally.

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


@step
def send_status_report(file: CaseFile) -> None:
    """Send the trouble report or the notification to Service Management in a status report.

    Writes the StatusReport. Its sending starts the clock: the deadline for a restoration request is stored with it,
    by the restoration window of the contract (2 days unless it says otherwise). Row 14 of the process.
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
