"""Service Management analyses, or sends the problem on to Resource Provisioning (rows 8 to 10)."""

from enum import StrEnum

from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.diagnosis import (
    Investigation,
    ProblemAnalysis,
    analyze,
    investigate,
    report_trouble,
)
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.process.case_documents import sighting_of
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


class AnalyzableAnswer(StrEnum):
    """The steps that may follow `is_problem_analyzable`."""

    HERE = "analyze_problem"
    RESOURCE_PROVISIONING = "send_to_resource_provisioning"


@step
def is_problem_analyzable(file: CaseFile) -> AnalyzableAnswer:
    """Investigate whether the problem can be analysed here or may lie in the resources.

    Reads the DetailedProblemReport and, of resources and alarms, only the service layer; writes the Investigation.
    Analyzable is what a rule of the service layer in the diagnosis table explains. Row 8 of the process.
    """
    report = file.read(DetailedProblemReport)
    investigation = investigate(
        report.symptom,
        report.commitments,
        file.network.resources(report.service),
        file.network.alarms(report.service),
        policy=file.policies.diagnosis,
        now=file.now,
    )
    file.write(investigation)
    file.record(f"Investigated: {investigation.reason}.", lane=Lane.SERVICE_MANAGEMENT)
    return AnalyzableAnswer.HERE if investigation.analyzable else AnalyzableAnswer.RESOURCE_PROVISIONING


@step
def analyze_problem(file: CaseFile) -> None:
    """Analyse the problem on the service layer.

    Reads the Investigation; writes the ProblemAnalysis with the type of problem that explains the symptom. Where a
    service problem of the same resource exists, its analysis is used. Row 9 of the process.
    """
    investigation = file.read(Investigation)
    seen = sighting_of(file, investigation.investigated_at)
    file.write(
        analyze(
            investigation.explaining,
            ticket=file.ticket.id,
            department=Lane.SERVICE_MANAGEMENT,
            reason=investigation.reason,
            problems=file.problems.tie(investigation.explaining, seen),
            policy=file.policies.diagnosis,
            now=file.now,
        )
    )


@step
def create_trouble_report(file: CaseFile) -> None:
    """Create the trouble report that names the type of problem.

    Reads the ProblemAnalysis; writes the TroubleReport. Row 9 of the process.
    """
    service = file.read(DetailedProblemReport).service
    report = report_trouble(file.read(ProblemAnalysis), ticket=file.ticket.id, service=service, now=file.now)
    file.write(report)
    file.record(f"Trouble report: {report.type_of_problem}.", lane=Lane.SERVICE_MANAGEMENT)


@step
def send_to_resource_provisioning(file: CaseFile) -> None:
    """Send the detailed problem report to Resource Provisioning and assign the ticket to it.

    Row 10 of the process.
    """
    why = file.read(Investigation).reason
    file.record(f"Detailed problem report sent to Resource Provisioning: {why}.", lane=Lane.SERVICE_MANAGEMENT)
    file.hand_over(Lane.RESOURCE_PROVISIONING)
