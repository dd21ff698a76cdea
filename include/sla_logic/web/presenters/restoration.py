"""Sentences for what Service Management and Resource Provisioning write about the correction."""

from collections.abc import Iterator

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.resolution import ProblemResolutionReport, ServicePerformanceReport
from include.sla_logic.domain.restoration import (
    RestorationOutcome,
    RestorationRequest,
    RestorationTermination,
    TrackedErrors,
    TroubleshootingReport,
)
from include.sla_logic.web.presenters.phrases import (
    at,
    checks,
    corrections,
    counted,
    findings,
    listed,
    performance,
    present,
    sentence,
    shared,
)
from include.sla_logic.web.wording import in_words


@present.register
def _(document: RestorationRequest) -> Iterator[str]:
    types = listed(in_words(each) for each in document.types_of_problem)
    yield (
        f"Service Management asked at {at(document.requested_at)} for an automatic restoration of {document.service} "
        f"against {types}, by {in_words(document.remedy)}. It has to be sent by {at(document.deadline)}."
    )
    if document.held_because:
        yield sentence(f"It waits for an operator's release: {document.held_because}")
    else:
        yield "It was sent at once, as the remedy is safe to automate."


@present.register
def _(document: TrackedErrors) -> Iterator[str]:
    yield (
        f"Resource Provisioning followed {counted(document.resources_tracked, 'resource')} of {document.service} at "
        f"{at(document.tracked_at)} and found {counted(len(document.errors), 'possible error')}."
    )
    yield from findings(document.errors)
    yield from shared(document.service_problems, ticket=document.ticket)


@present.register
def _(document: CorrectiveActions) -> Iterator[str]:
    yield (
        f"{document.department.value} undertook {counted(len(document.corrections), 'correction')} at "
        f"{at(document.undertaken_at)}."
    )
    yield from corrections(document)


@present.register
def _(document: TroubleshootingReport) -> Iterator[str]:
    done = "the service is restored" if document.restored else "the service is not restored"
    yield f"Resource Provisioning reported at {at(document.sent_at)} that {done}, and ended its part."
    yield from corrections(document.actions)


@present.register
def _(document: RestorationTermination) -> Iterator[str]:
    why = {
        RestorationOutcome.TOO_LATE: f"no request had been sent by {at(document.deadline)}",
        RestorationOutcome.REJECTED: "an operator rejected the request",
    }.get(document.outcome, in_words(document.outcome.value))
    yield f"Resource Provisioning ended its part at {at(document.terminated_at)} without a restoration: {why}."


@present.register
def _(document: ServicePerformanceReport) -> Iterator[str]:
    yield (
        f"Service Management told Customer Service at {at(document.sent_at)} how the service performs: "
        f"{in_words(document.outcome.value)}."
    )
    yield from performance(document.performance)
    yield from checks(document.checks)


@present.register
def _(document: ProblemResolutionReport) -> Iterator[str]:
    problem = f" ({in_words(document.type_of_problem)})" if document.type_of_problem else ""
    yield f"Service Management reported at {at(document.sent_at)}: {in_words(document.outcome.value)}{problem}."
    if document.actions is not None:
        yield from corrections(document.actions)
    else:
        yield from checks(document.checks)
        if document.shortcomings:
            yield sentence(f"What is missing: {'; '.join(document.shortcomings)}")
