"""Service Management chooses counter-measures, takes or requests them, and reports (rows 15 to 19, 25)."""

from enum import StrEnum

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.diagnosis import ResourceCheck, TroubleReport
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.remedies import Route
from include.sla_logic.domain.resolution import Outcome, ServicePerformanceReport, conclude, why_not_examined
from include.sla_logic.domain.restoration import RestorationRequest, RestorationTermination, TroubleshootingReport
from include.sla_logic.domain.service_problem import all_free
from include.sla_logic.domain.status_report import FinalStatusReport, StatusReport, conclude_status
from include.sla_logic.process.case_documents import actual_performance
from include.sla_logic.process.correcting import measure, undertake
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


class CounterMeasureChoice(StrEnum):
    """The steps that may follow `choose_counter_measures`: the three ways of the process."""

    NOTHING_TO_CORRECT = "send_actual_service_performance"
    MINOR_CORRECTIONS = "undertake_minor_corrections"
    AUTOMATIC_RESTORATION = "request_automatic_restoration"


_WAYS = {
    Route.NONE: CounterMeasureChoice.NOTHING_TO_CORRECT,
    Route.MINOR: CounterMeasureChoice.MINOR_CORRECTIONS,
    Route.RESTORATION: CounterMeasureChoice.AUTOMATIC_RESTORATION,
}


@step
def prepare_final_status_report(file: CaseFile) -> None:
    """Prepare the final status report from Service Management's own analysis or the status report received.

    Writes the FinalStatusReport with the deadline of the StatusReport. Where Service Management analysed the
    problem itself, the clock starts with the sending of this report. Row 15 of the process.
    """
    final = conclude_status(
        file.find(StatusReport),
        file.find(TroubleReport),
        ticket=file.ticket.id,
        window=file.read(DetailedProblemReport).restoration_window,
        now=file.now,
    )
    file.write(final)
    found = ", ".join(final.types_of_problem) or "normal execution"
    file.record(f"Final status report: {found}.", lane=Lane.SERVICE_MANAGEMENT)


@step
def choose_counter_measures(file: CaseFile) -> CounterMeasureChoice:
    """Choose the counter-measures from the final status report and the remedy table.

    No problem: send the actual performance. Minor: correct here. Otherwise: request an automatic restoration.
    Of several findings, the one with the weightiest remedy decides. Row 16 of the process.
    """
    types = file.read(FinalStatusReport).types_of_problem
    remedy = file.policies.remedies.choose(types) if types else None
    route = remedy.route if remedy else Route.NONE
    file.record(f"Chosen: {route.value} ({remedy.title if remedy else 'no problem'}).", lane=Lane.SERVICE_MANAGEMENT)
    return _WAYS[route]


@step
def send_actual_service_performance(file: CaseFile) -> None:
    """Send the actual service performance to Customer Service, where no problem was detected.

    Measures the service and compares the contract window as of now; writes the ServicePerformanceReport. A
    measurement that breaks a promise is escalated, and so is a service of which nothing could be examined.
    Row 17 of the process.
    """
    final, checks, found = file.read(FinalStatusReport), measure(file), file.find(ResourceCheck)
    report = ServicePerformanceReport(
        ticket=final.ticket,
        performance=actual_performance(file),
        checks=checks,
        type_of_problem=final.trouble.type_of_problem if final.trouble else None,
        sent_at=file.now,
        unexamined=why_not_examined(checks, None if found is None else len(found.resources)),
    )
    file.write(report)
    file.record("Actual service performance sent to Customer Service.", lane=Lane.SERVICE_MANAGEMENT)
    if report.outcome is Outcome.NOT_EXAMINED:
        file.escalate(f"not examined: {report.unexamined}")
    elif report.shortcomings:
        file.escalate("; ".join(report.shortcomings))


@step
def undertake_minor_corrections(file: CaseFile) -> None:
    """Undertake the minor corrective actions that the remedy table names, then measure the service again.

    Reads the FinalStatusReport; writes the CorrectiveActions with the answer to every order. Against a service
    problem, one order is given for all its incidents. Row 18 of the process.
    """
    trouble = file.read(FinalStatusReport).trouble
    findings, ties = (trouble.findings, trouble.service_problems) if trouble else ((), ())
    verdict = undertake("undertake_minor_corrections", findings, ties, file, lane=Lane.SERVICE_MANAGEMENT)
    file.record(f"Minor corrections undertaken: {verdict}.", lane=Lane.SERVICE_MANAGEMENT)


@step
def request_automatic_restoration(file: CaseFile) -> None:
    """Create the request for automatic restoration and send it to Resource Provisioning.

    Sent at once where the remedy is safe to automate or an operator has already released the service problem;
    otherwise held for an operator's release, with the same deadline. Writes the RestorationRequest and opens the
    wait. Row 19 of the process.
    """
    final = file.read(FinalStatusReport)
    remedy = file.policies.remedies.choose(final.types_of_problem)
    problems = file.problems.tied if remedy.why_held else ()
    is_free = all_free(problems)
    held_because = None if is_free else remedy.why_held
    file.write(
        RestorationRequest(
            ticket=final.ticket,
            service=file.ticket.service,
            types_of_problem=final.types_of_problem,
            remedy=remedy.type,
            requested_at=file.now,
            deadline=final.restoration_deadline,
            held_because=held_because,
            policy_version=file.policies.remedies.version,
        )
    )
    file.restorations.open(deadline=final.restoration_deadline, held_because=held_because)
    if is_free:
        names = " and ".join(problem.id for problem in problems)
        file.record(f"No release is needed: {names} was released already.", lane=Lane.SERVICE_MANAGEMENT)
    file.hand_over(Lane.RESOURCE_PROVISIONING)


@step
def send_problem_resolution_report(file: CaseFile) -> None:
    """Send the problem resolution report to Customer Service; Service Management's part ends.

    Reads the CorrectiveActions, the TroubleshootingReport or the RestorationTermination. What was not restored, or
    not verified by a measurement, is escalated and never reported as solved. Row 25 of the process.
    """
    report = conclude(
        file.read(FinalStatusReport),
        termination=file.find(RestorationTermination),
        troubleshooting=file.find(TroubleshootingReport),
        actions=file.find(CorrectiveActions),
        now=file.now,
    )
    file.write(report)
    file.record(f"Problem resolution report sent: {report.outcome.value}.", lane=Lane.SERVICE_MANAGEMENT)
    if not report.outcome.is_settled:
        file.escalate("; ".join((report.outcome.value, *report.shortcomings)))
