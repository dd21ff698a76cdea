"""What Service Management and Resource Provisioning write about the correction."""

from collections.abc import Iterator

from include.sla_logic.console.telling.words import (
    at,
    checks,
    corrections,
    counted,
    findings,
    listed,
    performance,
    sentence,
    shared,
    tell,
)
from include.sla_logic.console.wording import say_code
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.resolution import ProblemResolutionReport, ServicePerformanceReport
from include.sla_logic.domain.restoration import (
    RestorationOutcome,
    RestorationRequest,
    RestorationTermination,
    TrackedErrors,
    TroubleshootingReport,
)


@tell.register
def _(paper: RestorationRequest) -> Iterator[str]:
    types = listed(say_code(each) for each in paper.types_of_problem)
    yield (
        f"Service Management asked at {at(paper.requested_at)} for an automatic restoration of {paper.service} against "
        f"{types}, by {say_code(paper.remedy)}. It has to be sent by {at(paper.deadline)}."
    )
    if paper.held_because:
        yield sentence(f"It waits for an operator's release: {paper.held_because}")
    else:
        yield "It was sent at once, as the remedy is safe to automate."


@tell.register
def _(paper: TrackedErrors) -> Iterator[str]:
    yield (
        f"Resource Provisioning followed {counted(paper.resources_tracked, 'resource')} of {paper.service} at "
        f"{at(paper.tracked_at)} and found {counted(len(paper.errors), 'possible error')}."
    )
    yield from findings(paper.errors)
    yield from shared(paper.service_problems, ticket=paper.ticket)


@tell.register
def _(paper: CorrectiveActions) -> Iterator[str]:
    yield (
        f"{paper.department.value} undertook {counted(len(paper.corrections), 'correction')} at "
        f"{at(paper.undertaken_at)}."
    )
    yield from corrections(paper)


@tell.register
def _(paper: TroubleshootingReport) -> Iterator[str]:
    done = "the service is restored" if paper.restored else "the service is not restored"
    yield f"Resource Provisioning reported at {at(paper.sent_at)} that {done}, and ended its part."
    yield from corrections(paper.actions)


@tell.register
def _(paper: RestorationTermination) -> Iterator[str]:
    why = {
        RestorationOutcome.TOO_LATE: f"no request had been sent by {at(paper.deadline)}",
        RestorationOutcome.REJECTED: "an operator rejected the request",
    }.get(paper.outcome, say_code(paper.outcome.value))
    yield f"Resource Provisioning ended its part at {at(paper.terminated_at)} without a restoration: {why}."


@tell.register
def _(paper: ServicePerformanceReport) -> Iterator[str]:
    yield (
        f"Service Management told Customer Service at {at(paper.sent_at)} how the service performs: "
        f"{say_code(paper.outcome.value)}."
    )
    yield from performance(paper.performance)
    yield from checks(paper.checks)


@tell.register
def _(paper: ProblemResolutionReport) -> Iterator[str]:
    problem = f" ({say_code(paper.type_of_problem)})" if paper.type_of_problem else ""
    yield f"Service Management reported at {at(paper.sent_at)}: {say_code(paper.outcome.value)}{problem}."
    if paper.actions is not None:
        yield from corrections(paper.actions)
    else:
        yield from checks(paper.checks)
        if paper.shortcomings:
            yield sentence(f"What is missing: {'; '.join(paper.shortcomings)}")
