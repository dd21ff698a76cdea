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
    findings,
    listed,
    performance,
    present,
    resources,
    sentence,
    shared,
)
from include.sla_logic.web.translations import gettext, ngettext
from include.sla_logic.web.wording import in_words


@present.register
def _(document: RestorationRequest) -> Iterator[str]:
    yield gettext(
        "Service Management asked at %(at)s for an automatic restoration of %(service)s against %(types)s, by "
        "%(remedy)s. It has to be sent by %(deadline)s.",
        at=at(document.requested_at),
        service=document.service,
        types=listed(in_words(each) for each in document.types_of_problem),
        remedy=in_words(document.remedy),
        deadline=at(document.deadline),
    )
    if document.held_because:
        yield sentence(gettext("It waits for an operator's release: %(why)s", why=gettext(document.held_because)))
    else:
        yield gettext("It was sent at once, as the remedy is safe to automate.")


@present.register
def _(document: TrackedErrors) -> Iterator[str]:
    n = len(document.errors)
    found = ngettext("%(n)s possible error", "%(n)s possible errors", n, n=n) if n else gettext("no possible errors")
    yield gettext(
        "Resource Provisioning followed %(resources)s of %(service)s at %(at)s and found %(errors)s.",
        resources=resources(document.resources_tracked),
        service=document.service,
        at=at(document.tracked_at),
        errors=found,
    )
    yield from findings(document.errors)
    yield from shared(document.service_problems, ticket=document.ticket)


@present.register
def _(document: CorrectiveActions) -> Iterator[str]:
    n = len(document.corrections)
    done = ngettext("%(n)s correction", "%(n)s corrections", n, n=n) if n else gettext("no corrections")
    yield gettext(
        "%(department)s undertook %(corrections)s at %(at)s.",
        department=gettext(document.department.value),
        corrections=done,
        at=at(document.undertaken_at),
    )
    yield from corrections(document)


@present.register
def _(document: TroubleshootingReport) -> Iterator[str]:
    if document.restored:
        yield gettext(
            "Resource Provisioning reported at %(at)s that the service is restored, and ended its part.",
            at=at(document.sent_at),
        )
    else:
        yield gettext(
            "Resource Provisioning reported at %(at)s that the service is not restored, and ended its part.",
            at=at(document.sent_at),
        )
    yield from corrections(document.actions)


@present.register
def _(document: RestorationTermination) -> Iterator[str]:
    why = {
        RestorationOutcome.TOO_LATE: gettext(
            "no request had been sent by %(deadline)s", deadline=at(document.deadline)
        ),
        RestorationOutcome.REJECTED: gettext("an operator rejected the request"),
    }.get(document.outcome, in_words(document.outcome.value))
    yield gettext(
        "Resource Provisioning ended its part at %(at)s without a restoration: %(why)s.",
        at=at(document.terminated_at),
        why=why,
    )


@present.register
def _(document: ServicePerformanceReport) -> Iterator[str]:
    yield gettext(
        "Service Management told Customer Service at %(at)s how the service performs: %(outcome)s.",
        at=at(document.sent_at),
        outcome=in_words(document.outcome.value),
    )
    yield from performance(document.performance)
    yield from checks(document.checks)


@present.register
def _(document: ProblemResolutionReport) -> Iterator[str]:
    problem = f" ({in_words(document.type_of_problem)})" if document.type_of_problem else ""
    yield gettext(
        "Service Management reported at %(at)s: %(outcome)s.",
        at=at(document.sent_at),
        outcome=in_words(document.outcome.value) + problem,
    )
    if document.actions is not None:
        yield from corrections(document.actions)
    else:
        yield from checks(document.checks)
        if document.shortcomings:
            yield sentence(gettext("What is missing: %(what)s", what="; ".join(document.shortcomings)))
