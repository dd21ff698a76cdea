"""Resource Provisioning after the wait: track and correct errors, or end without restoration (rows 20 to 24)."""

from enum import StrEnum

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.diagnosis_table import find_errors
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.restoration import (
    RestorationOutcome,
    RestorationRequest,
    RestorationTermination,
    TrackedErrors,
    TroubleshootingReport,
)
from include.sla_logic.domain.service_problem import restored_meanwhile, ties_to
from include.sla_logic.process.case_documents import sighting_of
from include.sla_logic.process.correcting import undertake
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


class AfterTheWait(StrEnum):
    """The steps that may follow `await_restoration_request`."""

    RESTORE = "track_errors"
    TERMINATE = "terminate_restoration"


class UnableToEndTheWait(ForeseenError):
    """The step needs an outcome of the wait that was not reached."""


def go_on_after_the_wait(outcome: RestorationOutcome) -> AfterTheWait:
    """Return the step to which the outcome of the wait leads. Row 20 of the process."""
    return AfterTheWait.RESTORE if outcome is RestorationOutcome.IN_TIME else AfterTheWait.TERMINATE


@step
def track_errors(file: CaseFile) -> None:
    """Track all possible errors: every alarm and every resource out of service on which the service runs.

    Writes the TrackedErrors. It includes errors of service problems that were restored under another ticket in the
    meantime, with the orders that were given. Row 21 of the process.
    """
    service = file.read(DetailedProblemReport).service
    resources = file.network.resources(service)
    errors = find_errors(resources, file.network.alarms(service), file.policies.diagnosis)
    done = restored_meanwhile(file.problems.tied, errors)
    problems = (*file.problems.tie(errors, sighting_of(file, file.now)), *done)
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


@step
def undertake_restoration(file: CaseFile) -> None:
    """Undertake the corrective actions for every tracked error, then measure the service again.

    Reads the TrackedErrors and the remedy table; writes the CorrectiveActions. Against a service problem, the first
    of its incidents gives the orders and the others get the same answers. What is not verified is escalated later,
    never reported as solved. Row 22 of the process.
    """
    tracked = file.read(TrackedErrors)
    verdict = undertake(
        "undertake_restoration", tracked.errors, tracked.service_problems, file, lane=Lane.RESOURCE_PROVISIONING
    )
    file.record(f"Restoration undertaken: {verdict}.", lane=Lane.RESOURCE_PROVISIONING)


@step
def send_troubleshooting_report(file: CaseFile) -> None:
    """Tell Service Management what was tracked, done and measured; Resource Provisioning's part ends.

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


@step
def terminate_restoration(file: CaseFile) -> None:
    """End Resource Provisioning's part without a restoration: the request was too late or rejected.

    Writes the RestorationTermination. The run goes on; this is no failure. Row 24 of the process.
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
