"""What Customer Service and Billing & Collections write: report, judgement, plan, letter, money, end."""

from collections.abc import Iterator

from include.sla_logic.console.rendering import amount
from include.sla_logic.console.telling.words import (
    at,
    counted,
    listed,
    measures,
    performance,
    quantity,
    sentence,
    span,
    tell,
)
from include.sla_logic.console.wording import say_code
from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.premium import PremiumCase
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.rebate import BillingAdjustment, Rebate
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.sla.comparison import ObjectiveJudgement

_VERDICTS = {"met": "the promise is kept", "breached": "the promise is broken"}


@tell.register
def _(paper: ProblemNotification) -> Iterator[str]:
    yield (
        f"Customer {paper.customer} notified us about {paper.service}: {say_code(paper.symptom.value)} since "
        f"{at(paper.observed_from)}."
    )
    yield f"In the customer's words: “{paper.description}”"


@tell.register
def _(paper: ProblemReport) -> Iterator[str]:
    still = "and it was still going on" if paper.observed_to is None else f"until {at(paper.observed_to)}"
    yield (
        f"{paper.customer_name} ({paper.customer}) reported at {at(paper.reported_at)} that {paper.service_name} "
        f"({paper.service}) is affected: {say_code(paper.symptom.value)}, observed from {at(paper.observed_from)} "
        f"{still}."
    )
    yield f"In the customer's words: “{paper.description}”"
    if paper.parameters:
        values = listed(f"{say_code(p.metric.value)} {quantity(p.value, p.unit)}" for p in paper.parameters)
        yield f"The customer's own figures: {values}."
    yield (
        f"Impact is {paper.impact} and urgency {paper.urgency}. The service is subscribed under contract "
        f"{paper.contract}, version {paper.contract_version}."
    )
    if paper.protected:
        yield "The customer belongs to a protected group, which comes before everybody else."


@tell.register
def _(paper: SlaComparison) -> Iterator[str]:
    yield (
        f"{paper.service} was judged against {paper.contract_title} (version {paper.contract_version}) for "
        f"{span(paper.window)}, with what was known at {at(paper.as_of)}."
    )
    for judged in paper.objectives:
        yield from _objective(judged)
    if paper.credit_due is None:
        yield "How much is owed cannot be named; a person must decide."
    else:
        capped = f", limited by the cap of {amount(paper.cap)}" if paper.capped and paper.cap else ""
        yield f"The credit due for this window is {amount(paper.credit_due)}{capped}. {sentence(paper.claim.reason)}"
    if paper.provisional:
        yield sentence(f"This is provisional: {'; '.join(paper.provisional_reasons)}")
    if paper.needs_approval:
        yield sentence(f"A second person has to approve it: {'; '.join(paper.approval_reasons)}")
    if paper.chronic and paper.chronic.state == "reached":
        yield sentence(f"The customer has the right of {paper.chronic.right}: {paper.chronic.reason}")
    elif paper.chronic and paper.chronic.state == "one_event_before":
        yield sentence(f"One more event gives the customer the right of {paper.chronic.right}: {paper.chronic.reason}")


def _objective(judged: ObjectiveJudgement) -> Iterator[str]:
    promised = "by table" if judged.target is None else quantity(judged.target, judged.unit)
    verdict = _VERDICTS.get(judged.verdict.value, "nobody can tell whether the promise is kept")
    credit = f", which is worth {amount(judged.credit)}" if judged.credit else ""
    yield sentence(
        f"{judged.title}: promised {promised}, measured "
        f"{quantity(judged.measured, judged.unit, judged.target)}; {verdict}{credit}"
    )
    if judged.verdict.value not in _VERDICTS:
        yield sentence(judged.reason)


@tell.register
def _(paper: CounterMeasurePlan) -> Iterator[str]:
    again = "The plan was re-prioritised once. " if paper.reprioritised else ""
    yield (
        f"{again}Impact {paper.impact} and urgency {paper.urgency} give priority {paper.base_priority.value}; "
        f"{counted(len(paper.measures), 'measure')} planned at {at(paper.planned_at)}."
    )
    yield from measures(paper.measures)


@tell.register
def _(paper: CustomerSignificance) -> Iterator[str]:
    premium = "is a premium customer by contract" if paper.premium else "is not a premium customer"
    yield (
        f"Customer {paper.customer} {premium}. The history of the relationship gives {paper.score} of 100 points "
        f"(band: {say_code(paper.band.value)})."
    )
    if gave := [each for each in paper.reasons if each.points]:
        points = (f"{each.points} for {say_code(each.factor)} ({each.observed or 'not known'})" for each in gave)
        yield f"The points: {listed(points)}."
    if unknown := [each for each in paper.reasons if each.code.endswith(":unknown")]:
        yield f"Not known, and so without points: {listed(say_code(each.factor) for each in unknown)}."


@tell.register
def _(paper: DetailedProblemReport) -> Iterator[str]:
    yield (
        f"Service Management was asked at {at(paper.created_at)} to work on {paper.service_name} ({paper.service}): "
        f"{say_code(paper.symptom.value)}. The contract {paper.contract} allows "
        f"{counted(paper.restoration_window.days, 'day')} for an automatic restoration."
    )
    yield from performance(paper.commitments)
    yield from measures(paper.measures)
    if paper.premium:
        yield "The customer is a premium customer: the extra problem fix process works on it as well."


@tell.register
def _(paper: PremiumCase) -> Iterator[str]:
    yield f"The extra problem fix process was asked at {at(paper.requested_at)} to take care of {paper.service}."
    if paper.child_ticket and paper.taken_over_at:
        yield f"It took over at {at(paper.taken_over_at)} as ticket {paper.child_ticket}."
    else:
        yield "It has not taken over yet."


@tell.register
def _(paper: CustomerReport) -> Iterator[str]:
    yield (
        f"This is what {paper.customer_name} is told about {paper.service_name}: {say_code(paper.outcome.value)}"
        f"{f' ({paper.problem_title})' if paper.problem_title else ''}."
    )
    yield from performance(paper.performance)
    for done in paper.done:
        ran = "was carried out" if done.ran else "was tried without success"
        yield sentence(f"{say_code(done.action.value)} at {done.resource_name} {ran} at {at(done.at)}")
    if paper.credit is None:
        yield "The credit was not known yet when this was written."
    else:
        yield f"The credit is {amount(paper.credit.amount)} ({say_code(paper.credit.state.value)})."
        yield sentence(paper.credit.reason)
    if paper.next_steps:
        yield f"What happens next: {listed(say_code(step.value) for step in paper.next_steps)}."


@tell.register
def _(paper: Rebate) -> Iterator[str]:
    yield f"For {paper.service} in the window {span(paper.window)} the customer gets {amount(paper.total)}."
    yield sentence(paper.reason)
    for line in paper.lines:
        before = f", less {amount(line.earlier)} credited before" if line.earlier else ""
        yield f"{sentence(say_code(line.objective))[:-1]}: {amount(line.gross)}{before}, leaves {amount(line.net)}."
    if paper.provisional:
        yield "The amount is provisional: not everything is known yet."
    if paper.held_for_approval:
        yield sentence(f"Nothing is booked before a second person approves it: {paper.held_because}")
    if paper.claim_required and paper.claim_deadline:
        yield f"The customer has to claim it before {at(paper.claim_deadline)}."
    yield from (sentence(note) for note in paper.notes)


@tell.register
def _(paper: BillingAdjustment) -> Iterator[str]:
    where = f"invoice {paper.invoice} of account {paper.account}" if paper.invoice else f"account {paper.account}"
    if paper.held:
        yield f"Nothing was booked on {where}: the rebate waits for a second person."
    elif paper.booked:
        yield f"Billing & Collections booked {amount(paper.booked)} on {where}."
    else:
        yield f"Billing & Collections booked nothing on {where}."
    yield sentence(paper.reason)
    if paper.invoice_before is not None and paper.invoice_after is not None and paper.booked:
        yield f"The invoice went from {amount(paper.invoice_before)} to {amount(paper.invoice_after)}."


@tell.register
def _(paper: ClosedIncident) -> Iterator[str]:
    ended = "is resolved" if paper.ending is Ending.RESOLVED else "stays open and is escalated to specialists"
    yield f"{paper.ticket} {ended}: {say_code(paper.outcome.value)}, at {at(paper.closed_at)}."
    yield f"The customer's credit is {amount(paper.credit)} ({say_code(paper.credit_state.value)})."
    if paper.premium:
        yield "The extra problem fix process went on beside it."
