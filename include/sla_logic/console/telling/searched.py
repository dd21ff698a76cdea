"""What Service Management and Resource Provisioning write while they search for the problem."""

from collections.abc import Iterator

from include.sla_logic.console.telling.words import at, checks, counted, findings, listed, sentence, shared, tell
from include.sla_logic.console.wording import say_code
from include.sla_logic.domain.diagnosis import (
    Investigation,
    NormalExecutionNotification,
    ProblemAnalysis,
    ResourceCheck,
    TroubleReport,
)
from include.sla_logic.domain.status_report import FinalStatusReport, StatusReport


@tell.register
def _(paper: Investigation) -> Iterator[str]:
    yield (
        f"At {at(paper.investigated_at)} Service Management looked for what explains “{say_code(paper.symptom.value)}” "
        f"and saw {counted(len(paper.resources), 'resource')} of its own layer with "
        f"{counted(len(paper.findings), 'error')}."
    )
    yield from findings(paper.findings)
    can = "can analyse the problem itself" if paper.analyzable else "hands the problem to Resource Provisioning"
    yield sentence(f"Service Management {can}: {paper.reason}")


@tell.register
def _(paper: ResourceCheck) -> Iterator[str]:
    yield (
        f"At {at(paper.checked_at)} Resource Provisioning checked {counted(len(paper.resources), 'resource')}, "
        f"{counted(len(paper.alarms), 'alarm')} and the service itself."
    )
    yield from findings(paper.findings)
    yield from checks(paper.checks)
    verdict = "A problem is detected" if paper.problem_detected else "No problem is detected"
    yield sentence(f"{verdict}: {paper.reason}")


@tell.register
def _(paper: ProblemAnalysis) -> Iterator[str]:
    yield sentence(
        f"{paper.department.value} concluded at {at(paper.analyzed_at)} that the problem is "
        f"{say_code(paper.type_of_problem)}: {paper.reason}"
    )
    yield from findings(paper.findings)
    yield from shared(paper.service_problems)


@tell.register
def _(paper: TroubleReport) -> Iterator[str]:
    yield sentence(
        f"{paper.department.value} reported at {at(paper.created_at)} that the problem of {paper.service} is "
        f"{say_code(paper.type_of_problem)}: {paper.reason}"
    )
    yield from findings(paper.findings)
    yield from shared(paper.service_problems, ticket=paper.ticket)


@tell.register
def _(paper: NormalExecutionNotification) -> Iterator[str]:
    yield (
        f"Resource Provisioning notified at {at(paper.created_at)} that {paper.service} executes normally; it checked "
        f"{counted(paper.resources_checked, 'resource')}."
    )
    yield from checks(paper.checks)
    if paper.not_measurable:
        yield f"What could not be measured is not taken for normal: {listed(map(say_code, paper.not_measurable))}."


@tell.register
def _(paper: StatusReport) -> Iterator[str]:
    yield f"Resource Provisioning sent its status report at {at(paper.sent_at)}."
    yield from _status(paper)
    yield f"A restoration can be requested until {at(paper.restoration_deadline)}."


@tell.register
def _(paper: FinalStatusReport) -> Iterator[str]:
    yield f"Service Management concluded at {at(paper.sent_at)}."
    yield from _status(paper)
    yield (
        f"The report of {paper.clock_started_by.value} started the time for a restoration, which ends at "
        f"{at(paper.restoration_deadline)}."
    )


def _status(paper: StatusReport | FinalStatusReport) -> Iterator[str]:
    if paper.trouble is not None:
        yield from tell(paper.trouble)
    if paper.normal_execution is not None:
        yield from tell(paper.normal_execution)
