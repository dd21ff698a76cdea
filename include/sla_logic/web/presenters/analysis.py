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
from include.sla_logic.web.presenters.phrases import (
    at,
    checks,
    errors,
    findings,
    listed,
    present,
    resources,
    sentence,
    shared,
)
from include.sla_logic.web.translations import gettext, ngettext
from include.sla_logic.web.wording import in_words


@present.register
def _(document: Investigation) -> Iterator[str]:
    yield gettext(
        "At %(at)s Service Management looked for the cause of “%(symptom)s” and saw %(resources)s of its own layer "
        "with %(errors)s.",
        at=at(document.investigated_at),
        symptom=in_words(document.symptom.value),
        resources=resources(len(document.resources)),
        errors=errors(len(document.findings)),
    )
    yield from findings(document.findings)
    if document.analyzable:
        yield sentence(gettext("Service Management can analyse the problem itself: %(reason)s", reason=document.reason))
    else:
        yield sentence(
            gettext("Service Management hands the problem to Resource Provisioning: %(reason)s", reason=document.reason)
        )


@present.register
def _(document: ResourceCheck) -> Iterator[str]:
    n = len(document.alarms)
    yield gettext(
        "At %(at)s Resource Provisioning checked %(resources)s, %(alarms)s and the service itself.",
        at=at(document.checked_at),
        resources=resources(len(document.resources)),
        alarms=ngettext("%(n)s alarm", "%(n)s alarms", n, n=n) if n else gettext("no alarms"),
    )
    yield from findings(document.findings)
    yield from checks(document.checks)
    if document.problem_detected:
        yield sentence(gettext("A problem is detected: %(reason)s", reason=document.reason))
    else:
        yield sentence(gettext("No problem is detected: %(reason)s", reason=document.reason))


@present.register
def _(document: ProblemAnalysis) -> Iterator[str]:
    yield sentence(
        gettext(
            "%(department)s concluded at %(at)s that the problem is %(problem)s: %(reason)s",
            department=gettext(document.department.value),
            at=at(document.analyzed_at),
            problem=in_words(document.type_of_problem),
            reason=document.reason,
        )
    )
    yield from findings(document.findings)
    yield from shared(document.service_problems)


@present.register
def _(document: TroubleReport) -> Iterator[str]:
    yield sentence(
        gettext(
            "%(department)s reported at %(at)s that the problem of %(service)s is %(problem)s: %(reason)s",
            department=gettext(document.department.value),
            at=at(document.created_at),
            service=document.service,
            problem=in_words(document.type_of_problem),
            reason=document.reason,
        )
    )
    yield from findings(document.findings)
    yield from shared(document.service_problems, ticket=document.ticket)


@present.register
def _(document: NormalExecutionNotification) -> Iterator[str]:
    yield gettext(
        "Resource Provisioning notified at %(at)s that %(service)s executes normally; it checked %(resources)s.",
        at=at(document.created_at),
        service=document.service,
        resources=resources(document.resources_checked),
    )
    yield from checks(document.checks)
    if document.not_measurable:
        yield gettext(
            "What could not be measured does not count as normal: %(what)s.",
            what=listed(map(in_words, document.not_measurable)),
        )


@present.register
def _(document: StatusReport) -> Iterator[str]:
    yield gettext("Resource Provisioning sent its status report at %(at)s.", at=at(document.sent_at))
    yield from _status(document)
    yield gettext("A restoration can be requested until %(at)s.", at=at(document.restoration_deadline))


@present.register
def _(document: FinalStatusReport) -> Iterator[str]:
    yield gettext("Service Management concluded at %(at)s.", at=at(document.sent_at))
    yield from _status(document)
    yield gettext(
        "The report of %(department)s started the time for a restoration, which ends at %(at)s.",
        department=gettext(document.clock_started_by.value),
        at=at(document.restoration_deadline),
    )


def _status(document: StatusReport | FinalStatusReport) -> Iterator[str]:
    if document.trouble is not None:
        yield from present(document.trouble)
    if document.normal_execution is not None:
        yield from present(document.normal_execution)
