"""Sentences for what Service Management and Resource Provisioning write while they search for the problem."""

from collections.abc import Iterator

from include.sla_logic.domain.diagnosis import (
    Investigation,
    NormalExecutionNotification,
    ProblemAnalysis,
    ResourceCheck,
    TroubleReport,
)
from include.sla_logic.domain.status_report import FinalStatusReport, StatusReport
from include.sla_logic.web.presenters.phrases import at, checks, counted, findings, listed, present, sentence, shared
from include.sla_logic.web.wording import in_words


@present.register
def _(document: Investigation) -> Iterator[str]:
    yield (
        f"At {at(document.investigated_at)} Service Management looked for the cause of "
        f"“{in_words(document.symptom.value)}” and saw {counted(len(document.resources), 'resource')} of its own layer "
        f"with {counted(len(document.findings), 'error')}."
    )
    yield from findings(document.findings)
    can = "can analyse the problem itself" if document.analyzable else "hands the problem to Resource Provisioning"
    yield sentence(f"Service Management {can}: {document.reason}")


@present.register
def _(document: ResourceCheck) -> Iterator[str]:
    yield (
        f"At {at(document.checked_at)} Resource Provisioning checked {counted(len(document.resources), 'resource')}, "
        f"{counted(len(document.alarms), 'alarm')} and the service itself."
    )
    yield from findings(document.findings)
    yield from checks(document.checks)
    verdict = "A problem is detected" if document.problem_detected else "No problem is detected"
    yield sentence(f"{verdict}: {document.reason}")


@present.register
def _(document: ProblemAnalysis) -> Iterator[str]:
    yield sentence(
        f"{document.department.value} concluded at {at(document.analyzed_at)} that the problem is "
        f"{in_words(document.type_of_problem)}: {document.reason}"
    )
    yield from findings(document.findings)
    yield from shared(document.service_problems)


@present.register
def _(document: TroubleReport) -> Iterator[str]:
    yield sentence(
        f"{document.department.value} reported at {at(document.created_at)} that the problem of {document.service} is "
        f"{in_words(document.type_of_problem)}: {document.reason}"
    )
    yield from findings(document.findings)
    yield from shared(document.service_problems, ticket=document.ticket)


@present.register
def _(document: NormalExecutionNotification) -> Iterator[str]:
    yield (
        f"Resource Provisioning notified at {at(document.created_at)} that {document.service} executes normally; it "
        f"checked {counted(document.resources_checked, 'resource')}."
    )
    yield from checks(document.checks)
    if document.not_measurable:
        yield f"What could not be measured does not count as normal: {listed(map(in_words, document.not_measurable))}."


@present.register
def _(document: StatusReport) -> Iterator[str]:
    yield f"Resource Provisioning sent its status report at {at(document.sent_at)}."
    yield from _status(document)
    yield f"A restoration can be requested until {at(document.restoration_deadline)}."


@present.register
def _(document: FinalStatusReport) -> Iterator[str]:
    yield f"Service Management concluded at {at(document.sent_at)}."
    yield from _status(document)
    yield (
        f"The report of {document.clock_started_by.value} started the time for a restoration, which ends at "
        f"{at(document.restoration_deadline)}."
    )


def _status(document: StatusReport | FinalStatusReport) -> Iterator[str]:
    if document.trouble is not None:
        yield from present(document.trouble)
    if document.normal_execution is not None:
        yield from present(document.normal_execution)
