"""Sentences for what Customer Service writes, from the report to the end."""

from collections.abc import Iterator

from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.follow_up import Basis, Remeasurement, Reopening, Resolution, WorkDone
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.premium import PremiumCase
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.web.presenters.phrases import (
    at,
    listed,
    measures,
    performance,
    present,
    quantity,
    sentence,
)
from include.sla_logic.web.rendering import amount
from include.sla_logic.web.translations import gettext, ngettext
from include.sla_logic.web.wording import in_words


@present.register
def _(document: ProblemNotification) -> Iterator[str]:
    yield gettext(
        "Customer %(customer)s notified us about %(service)s: %(symptom)s since %(start)s.",
        customer=document.customer,
        service=document.service,
        symptom=in_words(document.symptom.value),
        start=at(document.observed_from),
    )
    yield gettext("In the customer's words: “%(words)s”", words=document.description)


@present.register
def _(document: ProblemReport) -> Iterator[str]:
    said = {
        "whose": f"{document.customer_name} ({document.customer})",
        "at": at(document.reported_at),
        "affected": _affected(document),
    }
    if document.proactive:
        yield gettext("We noticed at %(at)s that %(affected)s %(whose)s has reported nothing.", **said)
        yield gettext("In the words of the alarm: “%(words)s”", words=document.description)
    else:
        yield gettext("%(whose)s reported at %(at)s that %(affected)s", **said)
        yield gettext("In the customer's words: “%(words)s”", words=document.description)
    if document.parameters:
        values = listed(f"{in_words(p.metric.value)} {quantity(p.value, p.unit)}" for p in document.parameters)
        yield gettext("The customer's own figures: %(values)s.", values=values)
    yield gettext(
        "Impact is %(impact)s and urgency %(urgency)s. The service is subscribed under contract %(contract)s, version "
        "%(version)s.",
        impact=document.impact,
        urgency=document.urgency,
        contract=document.contract,
        version=document.contract_version,
    )
    if document.protected:
        yield gettext("The customer belongs to a protected group, which comes first.")


def _affected(document: ProblemReport) -> str:
    said = {
        "service": f"{document.service_name} ({document.service})",
        "symptom": in_words(document.symptom.value),
        "start": at(document.observed_from),
    }
    if document.observed_to is None:
        return gettext("%(service)s is affected: %(symptom)s, observed from %(start)s and still going on.", **said)
    return gettext(
        "%(service)s is affected: %(symptom)s, observed from %(start)s until %(end)s.",
        end=at(document.observed_to),
        **said,
    )


@present.register
def _(document: CounterMeasurePlan) -> Iterator[str]:
    n = len(document.measures)
    plan = gettext(
        "Impact %(impact)s and urgency %(urgency)s give priority %(priority)s; %(measures)s planned at %(at)s.",
        impact=document.impact,
        urgency=document.urgency,
        priority=document.base_priority.value,
        measures=ngettext("%(n)s measure", "%(n)s measures", n, n=n) if n else gettext("no measures"),
        at=at(document.planned_at),
    )
    yield f"{gettext('The plan was re-prioritised once.')} {plan}" if document.reprioritised else plan
    yield from measures(document.measures)


@present.register
def _(document: CustomerSignificance) -> Iterator[str]:
    said = {"customer": document.customer, "score": document.score, "band": in_words(document.band.value)}
    if document.premium:
        yield gettext(
            "Customer %(customer)s is a premium customer by contract. The history of the relationship gives %(score)s "
            "of 100 points (band: %(band)s).",
            **said,
        )
    else:
        yield gettext(
            "Customer %(customer)s is not a premium customer. The history of the relationship gives %(score)s of 100 "
            "points (band: %(band)s).",
            **said,
        )
    if gave := [each for each in document.reasons if each.points]:
        points = (
            gettext(
                "%(points)s for %(factor)s (%(observed)s)",
                points=each.points,
                factor=in_words(each.factor),
                observed=each.observed or gettext("not known"),
            )
            for each in gave
        )
        yield gettext("The points: %(points)s.", points=listed(points))
    if unknown := [each for each in document.reasons if each.code.endswith(":unknown")]:
        factors = listed(in_words(each.factor) for each in unknown)
        yield gettext("Not known, and so without points: %(factors)s.", factors=factors)


@present.register
def _(document: DetailedProblemReport) -> Iterator[str]:
    days = document.restoration_window.days
    yield gettext(
        "Service Management was asked at %(at)s to work on %(service)s: %(symptom)s. The contract %(contract)s allows "
        "%(days)s for an automatic restoration.",
        at=at(document.created_at),
        service=f"{document.service_name} ({document.service})",
        symptom=in_words(document.symptom.value),
        contract=document.contract,
        days=ngettext("%(n)s day", "%(n)s days", days, n=days) if days else gettext("no days"),
    )
    yield from performance(document.commitments)
    yield from measures(document.measures)
    if document.premium:
        yield gettext("The customer is a premium customer: the extra problem fix process works on it as well.")


@present.register
def _(document: PremiumCase) -> Iterator[str]:
    yield gettext(
        "The extra problem fix process was asked at %(at)s to take care of %(service)s.",
        at=at(document.requested_at),
        service=document.service,
    )
    if document.child_ticket and document.taken_over_at:
        yield gettext(
            "It took over at %(at)s as ticket %(ticket)s.",
            at=at(document.taken_over_at),
            ticket=document.child_ticket,
        )
    else:
        yield gettext("It has not taken over yet.")


@present.register
def _(document: CustomerReport) -> Iterator[str]:
    outcome = in_words(document.outcome.value) + (
        f" ({gettext(document.problem_title)})" if document.problem_title else ""
    )
    yield gettext(
        "This report tells %(customer)s about %(service)s: %(outcome)s.",
        customer=document.customer_name,
        service=document.service_name,
        outcome=outcome,
    )
    yield from performance(document.performance)
    for done in document.done:
        said = {"action": in_words(done.action.value), "resource": done.resource_name, "at": at(done.at)}
        if done.ran:
            yield sentence(gettext("%(action)s at %(resource)s was carried out at %(at)s", **said))
        else:
            yield sentence(gettext("%(action)s at %(resource)s was tried without success at %(at)s", **said))
    if document.credit is None:
        yield gettext("The credit was not known yet when this was written.")
    else:
        said = {"amount": amount(document.credit.amount), "state": in_words(document.credit.state.value)}
        yield gettext("The credit is %(amount)s (%(state)s).", **said)
        yield sentence(document.credit.reason)
    if document.next_steps:
        steps = listed(in_words(step.value) for step in document.next_steps)
        yield gettext("What happens next: %(steps)s.", steps=steps)


@present.register
def _(document: ClosedIncident) -> Iterator[str]:
    said = {"ticket": document.ticket, "outcome": in_words(document.outcome.value), "at": at(document.closed_at)}
    if document.ending is Ending.RESOLVED:
        yield gettext("%(ticket)s is resolved: %(outcome)s, at %(at)s.", **said)
    else:
        yield gettext(
            "%(ticket)s stays open and is escalated to specialists: %(outcome)s, at %(at)s.",
            **said,
        )
    yield gettext(
        "The customer's credit is %(amount)s (%(state)s).",
        amount=amount(document.credit),
        state=in_words(document.credit_state.value),
    )
    if document.premium:
        yield gettext("The extra problem fix process continued in parallel.")


@present.register
def _(document: WorkDone) -> Iterator[str]:
    said = {"at": at(document.done_at), "who": document.recorded_by, "what": document.done}
    yield gettext("Done at %(at)s, recorded by %(who)s: “%(what)s”", **said)


@present.register
def _(document: Remeasurement) -> Iterator[str]:
    said = {"at": at(document.measured_at), "who": document.measured_by, "verdict": document.verdict}
    yield sentence(gettext("Measured again at %(at)s for %(who)s: %(verdict)s", **said))


@present.register
def _(document: Resolution) -> Iterator[str]:
    measured = document.measured_at if document.basis is Basis.MEASUREMENT else None
    said = {"who": document.resolved_by, "reason": document.reason}
    if measured is None:
        yield gettext("Resolved without a measurement, says %(who)s: “%(reason)s”", **said)
    else:
        yield gettext("Resolved as measured at %(at)s, says %(who)s: “%(reason)s”", at=at(measured), **said)


@present.register
def _(document: Reopening) -> Iterator[str]:
    said = {"at": at(document.reopened_at), "who": document.reopened_by, "reason": document.reason}
    yield gettext("Opened again at %(at)s, says %(who)s: “%(reason)s”", **said)
