"""Sentences for what Customer Service and Billing & Collections write, from the report to the end."""

from collections.abc import Iterator

from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.follow_up import Basis, Remeasurement, Reopening, Resolution, WorkDone
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.premium import PremiumCase
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.sla.comparison import ObjectiveJudgement
from include.sla_logic.web.presenters.phrases import (
    at,
    counted,
    listed,
    measures,
    performance,
    present,
    quantity,
    sentence,
    span,
)
from include.sla_logic.web.rendering import amount
from include.sla_logic.web.wording import in_words

_VERDICTS = {"met": "the promise is kept", "breached": "the promise is broken"}
_WITHOUT_PROMISE = {"not_promised": "nothing is promised"}


@present.register
def _(document: ProblemNotification) -> Iterator[str]:
    yield (
        f"Customer {document.customer} notified us about {document.service}: {in_words(document.symptom.value)} since "
        f"{at(document.observed_from)}."
    )
    yield f"In the customer's words: “{document.description}”"


@present.register
def _(document: ProblemReport) -> Iterator[str]:
    until = "and still going on" if document.observed_to is None else f"until {at(document.observed_to)}"
    observed = f"{in_words(document.symptom.value)}, observed from {at(document.observed_from)} {until}"
    whose = f"{document.customer_name} ({document.customer})"
    affected = f"{document.service_name} ({document.service}) is affected: {observed}."
    if document.proactive:
        yield f"We noticed at {at(document.reported_at)} that {affected} {whose} has reported nothing."
        yield f"In the words of the alarm: “{document.description}”"
    else:
        yield f"{whose} reported at {at(document.reported_at)} that {affected}"
        yield f"In the customer's words: “{document.description}”"
    if document.parameters:
        values = listed(f"{in_words(p.metric.value)} {quantity(p.value, p.unit)}" for p in document.parameters)
        yield f"The customer's own figures: {values}."
    yield (
        f"Impact is {document.impact} and urgency {document.urgency}. The service is subscribed under contract "
        f"{document.contract}, version {document.contract_version}."
    )
    if document.protected:
        yield "The customer belongs to a protected group, which comes first."


@present.register
def _(document: SlaComparison) -> Iterator[str]:
    yield (
        f"{document.service} was judged against {document.contract_title} (version {document.contract_version}) for "
        f"{span(document.window)}, with what was known at {at(document.as_of)}."
    )
    for judged in document.objectives:
        yield from _objective(judged)
    if document.credit_due is None:
        yield "How much is owed is not known; a person must decide."
    else:
        capped = f", limited by the cap of {amount(document.cap)}" if document.capped and document.cap else ""
        yield f"The credit due for this window is {amount(document.credit_due)}{capped}."
        yield sentence(document.claim.reason)
    if document.provisional:
        yield sentence(f"This is provisional: {'; '.join(document.provisional_reasons)}")
    if document.needs_approval:
        yield sentence(f"A second person has to approve it: {'; '.join(document.approval_reasons)}")
    if document.chronic and document.chronic.state == "reached":
        yield sentence(f"The customer has the right of {document.chronic.right}: {document.chronic.reason}")
    elif document.chronic and document.chronic.state == "one_event_before":
        yield sentence(
            f"One more event gives the customer the right of {document.chronic.right}: {document.chronic.reason}"
        )


def _objective(judged: ObjectiveJudgement) -> Iterator[str]:
    promised = "by table" if judged.target is None else quantity(judged.target, judged.unit)
    said = _VERDICTS | _WITHOUT_PROMISE
    verdict = said.get(judged.verdict.value, "whether the promise is kept is unknown")
    credit = f", which is worth {amount(judged.credit)}" if judged.credit else ""
    yield sentence(
        f"{judged.title}: promised {promised}, measured "
        f"{quantity(judged.measured, judged.unit, judged.target)}; {verdict}{credit}"
    )
    if judged.verdict.value not in _VERDICTS:
        yield sentence(judged.reason)


@present.register
def _(document: CounterMeasurePlan) -> Iterator[str]:
    again = "The plan was re-prioritised once. " if document.reprioritised else ""
    yield (
        f"{again}Impact {document.impact} and urgency {document.urgency} give priority {document.base_priority.value}; "
        f"{counted(len(document.measures), 'measure')} planned at {at(document.planned_at)}."
    )
    yield from measures(document.measures)


@present.register
def _(document: CustomerSignificance) -> Iterator[str]:
    premium = "is a premium customer by contract" if document.premium else "is not a premium customer"
    yield (
        f"Customer {document.customer} {premium}. The history of the relationship gives {document.score} of 100 points "
        f"(band: {in_words(document.band.value)})."
    )
    if gave := [each for each in document.reasons if each.points]:
        points = (f"{each.points} for {in_words(each.factor)} ({each.observed or 'not known'})" for each in gave)
        yield f"The points: {listed(points)}."
    if unknown := [each for each in document.reasons if each.code.endswith(":unknown")]:
        yield f"Not known, and so without points: {listed(in_words(each.factor) for each in unknown)}."


@present.register
def _(document: DetailedProblemReport) -> Iterator[str]:
    yield (
        f"Service Management was asked at {at(document.created_at)} to work on {document.service_name} "
        f"({document.service}): {in_words(document.symptom.value)}. The contract {document.contract} allows "
        f"{counted(document.restoration_window.days, 'day')} for an automatic restoration."
    )
    yield from performance(document.commitments)
    yield from measures(document.measures)
    if document.premium:
        yield "The customer is a premium customer: the extra problem fix process works on it as well."


@present.register
def _(document: PremiumCase) -> Iterator[str]:
    yield f"The extra problem fix process was asked at {at(document.requested_at)} to take care of {document.service}."
    if document.child_ticket and document.taken_over_at:
        yield f"It took over at {at(document.taken_over_at)} as ticket {document.child_ticket}."
    else:
        yield "It has not taken over yet."


@present.register
def _(document: CustomerReport) -> Iterator[str]:
    outcome = in_words(document.outcome.value) + (f" ({document.problem_title})" if document.problem_title else "")
    yield f"This report tells {document.customer_name} about {document.service_name}: {outcome}."
    yield from performance(document.performance)
    for done in document.done:
        ran = "was carried out" if done.ran else "was tried without success"
        yield sentence(f"{in_words(done.action.value)} at {done.resource_name} {ran} at {at(done.at)}")
    if document.credit is None:
        yield "The credit was not known yet when this was written."
    else:
        yield f"The credit is {amount(document.credit.amount)} ({in_words(document.credit.state.value)})."
        yield sentence(document.credit.reason)
    if document.next_steps:
        yield f"What happens next: {listed(in_words(step.value) for step in document.next_steps)}."


@present.register
def _(document: Rebate) -> Iterator[str]:
    yield f"For {document.service} in the window {span(document.window)} the customer gets {amount(document.total)}."
    yield sentence(document.reason)
    for line in document.lines:
        before = f", less {amount(line.earlier)} credited before" if line.earlier else ""
        yield f"{sentence(in_words(line.objective))[:-1]}: {amount(line.gross)}{before}, leaves {amount(line.net)}."
    if document.provisional:
        yield "The amount is provisional: not everything is known yet."
    if document.held_for_approval:
        yield sentence(f"Nothing is booked before a second person approves it: {document.held_because}")
    if document.claim_required and document.claim_last_day:
        yield f"The customer has to claim it by {document.claim_last_day:%-d %B %Y}, the last day."
    elif document.claim_required and document.claim_deadline:
        yield f"The customer has to claim it before {at(document.claim_deadline)}."
    yield from (sentence(note) for note in document.notes)


@present.register
def _(document: BillingAdjustment) -> Iterator[str]:
    where = (
        f"invoice {document.invoice} of account {document.account}"
        if document.invoice
        else f"account {document.account}"
    )
    if document.held:
        yield f"Nothing was booked on {where}: the rebate waits for a second person."
    elif document.booked:
        yield f"Billing & Collections booked {amount(document.booked)} on {where}."
    else:
        yield f"Billing & Collections booked nothing on {where}."
    yield sentence(document.reason)
    if document.invoice_before is not None and document.invoice_after is not None and document.booked:
        yield f"The invoice went from {amount(document.invoice_before)} to {amount(document.invoice_after)}."


@present.register
def _(document: ClosedIncident) -> Iterator[str]:
    ended = "is resolved" if document.ending is Ending.RESOLVED else "stays open and is escalated to specialists"
    yield f"{document.ticket} {ended}: {in_words(document.outcome.value)}, at {at(document.closed_at)}."
    yield f"The customer's credit is {amount(document.credit)} ({in_words(document.credit_state.value)})."
    if document.premium:
        yield "The extra problem fix process continued in parallel."


@present.register
def _(document: WorkDone) -> Iterator[str]:
    yield f"Done at {at(document.done_at)}, recorded by {document.recorded_by}: “{document.done}”"


@present.register
def _(document: Remeasurement) -> Iterator[str]:
    yield sentence(f"Measured again at {at(document.measured_at)} for {document.measured_by}: {document.verdict}")


@present.register
def _(document: Resolution) -> Iterator[str]:
    measured = document.measured_at if document.basis is Basis.MEASUREMENT else None
    rests_on = "without a measurement" if measured is None else f"as measured at {at(measured)}"
    yield f"Resolved {rests_on}, says {document.resolved_by}: “{document.reason}”"


@present.register
def _(document: Reopening) -> Iterator[str]:
    yield f"Opened again at {at(document.reopened_at)}, says {document.reopened_by}: “{document.reason}”"
