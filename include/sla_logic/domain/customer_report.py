"""What the customer is told, as plain data; letters/ puts it into words of their language (rows 27 and 30)."""

from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.counted_times import CountedTimes
from include.sla_logic.domain.diagnosis import ResourceCheck
from include.sla_logic.domain.disputes import StatedDispute
from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.follow_up import FollowUp
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.network import Action
from include.sla_logic.domain.notification import ProblemParameter, Symptom
from include.sla_logic.domain.paid import Payout
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.domain.remedies import RemedyPolicy
from include.sla_logic.domain.resolution import Outcome, ProblemResolutionReport, ServicePerformanceReport
from include.sla_logic.domain.service_performance import ServicePerformance
from include.sla_logic.domain.verification import Check


class CreditState(StrEnum):
    """How final the credit is; a held credit is always under review."""

    NONE_DUE = "none_due"
    BOOKED = "booked"
    PROVISIONAL = "provisional"
    UNDER_REVIEW = "under_review"
    TO_BE_CLAIMED = "to_be_claimed"
    DECLINED = "declined"


class NextStep(StrEnum):
    """What happens next, as a code that the letter puts into words."""

    NOTHING_MORE = "nothing_more"
    SPECIALISTS_CONTINUE = "specialists_continue"
    WRITE_AGAIN = "write_again"
    CREDIT_IS_REVIEWED = "credit_is_reviewed"
    CREDIT_MAY_GROW = "credit_may_grow"
    CLAIM_CREDIT = "claim_credit"
    MEASUREMENTS_ARE_COMPLETED = "measurements_are_completed"
    DISPUTE_IS_DECIDED = "dispute_is_decided"


class DoneAction(Value):
    """One thing that was done for the service, in the order of doing."""

    action: Action
    resource_name: str
    at: AwareDatetime
    ran: bool


class CreditLine(Value):
    """One objective's credit with its arithmetic, line by line."""

    objective: str
    amount: Money
    arithmetic: tuple[str, ...]
    gross: Money | None = None
    earlier: Money | None = None


class CreditStatement(Value):
    """The rebate as booked; `amount` is what this incident brings, net of what was credited before.

    `payout` is how the credits of the promises became what the window owes, `cap` the most for the `cap_window`.
    """

    state: CreditState
    amount: Money
    lines: tuple[CreditLine, ...]
    reason: str
    provisional: bool
    account: str
    invoice: str | None
    invoice_after: Money | None
    claim_deadline: AwareDatetime | None
    payout: Payout | None = None
    cap: Money | None = None
    cap_window: Period | None = None


class CustomerReport(Document):
    """Service performance and resolution of one incident, in figures and codes.

    The first round is written in parallel with the rebate and has no credit yet; the round that is sent has it.
    `writes_next_by` is when the customer reads from us again while the incident is open, `follow_up` what has happened
    since the letter before. `times` are the stretches that were judged; `amounts` are net or gross. `disputes` are what
    the customer contests of the window, decided or not.
    """

    ticket: str
    external_reference: str | None
    customer: str
    customer_name: str
    locale: str
    service: str
    service_name: str
    contract: str
    contract_version: str
    zone: str
    symptom: Symptom
    description: str
    observed_from: AwareDatetime
    observed_to: AwareDatetime | None
    reported_at: AwareDatetime
    parameters: tuple[ProblemParameter, ...]
    performance: ServicePerformance
    series: tuple[PerformanceSeries, ...] = ()
    measured_now: tuple[Check, ...]
    outcome: Outcome
    problem_title: str | None
    done: tuple[DoneAction, ...]
    credit: CreditStatement | None
    next_steps: tuple[NextStep, ...]
    created_at: AwareDatetime
    type_of_problem: str | None = None
    resources_checked: int | None = None
    writes_next_by: AwareDatetime | None = None
    provider: str | None = None
    proactive: bool = False
    follow_up: FollowUp | None = None
    times: tuple[CountedTimes, ...] = ()
    amounts: str | None = None
    disputes: tuple[StatedDispute, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Tell whether the incident is over, by its run or by what was done after it."""
        return self.outcome.is_settled if self.follow_up is None else self.follow_up.is_settled

    @property
    def is_disputed(self) -> bool:
        """Tell whether the window is frozen, as the customer contests it."""
        return any(one.is_open for one in self.disputes)

    @property
    def examined_nothing(self) -> bool:
        """Tell whether no resource was known to examine."""
        return self.resources_checked == 0


def next_steps(report: CustomerReport, credit: CreditStatement) -> tuple[NextStep, ...]:
    """Name everything that happens next, or that nothing more does."""
    steps, performance = [], report.performance
    if not report.is_settled:
        steps += [NextStep.SPECIALISTS_CONTINUE, NextStep.WRITE_AGAIN]
    if performance.unknown:
        steps.append(NextStep.MEASUREMENTS_ARE_COMPLETED)
    if report.is_disputed:
        steps.append(NextStep.DISPUTE_IS_DECIDED)
    elif credit.state is CreditState.UNDER_REVIEW:
        steps.append(NextStep.CREDIT_IS_REVIEWED)
    if credit.state is CreditState.TO_BE_CLAIMED:
        steps.append(NextStep.CLAIM_CREDIT)
    still_open = any(one.provisional for one in performance.objectives)
    if credit.provisional and (credit.state is not CreditState.NONE_DUE or still_open):
        steps.append(NextStep.CREDIT_MAY_GROW)
    return tuple(steps) or (NextStep.NOTHING_MORE,)


def describe_incident(  # noqa: PLR0913 - the documents that the report is made of
    report: ProblemReport,
    performance: ServicePerformance,
    outcome: ServicePerformanceReport | ProblemResolutionReport,
    *,
    customer: Customer,
    contract: Contract,
    series: tuple[PerformanceSeries, ...],
    remedies: RemedyPolicy,
    check: ResourceCheck | None,
    now: AwareDatetime,
) -> CustomerReport:
    """Describe the incident to the customer, without the credit and the times that were judged."""
    problem = outcome.type_of_problem
    return CustomerReport(
        **report.model_dump(include=_REPEATED),
        locale=customer.locale,
        zone=contract.zone,
        provider=contract.provider,
        parameters=report.parameters,
        performance=performance,
        series=series,
        measured_now=outcome.checks,
        outcome=outcome.outcome,
        problem_title=remedies.remedy(problem).title if problem else None,
        type_of_problem=problem,
        resources_checked=None if check is None else len(check.resources),
        done=_done(outcome.actions),
        credit=None,
        next_steps=(),
        created_at=now,
    )


_REPEATED = {
    *("ticket", "external_reference", "customer", "customer_name", "service", "service_name"),
    *("contract", "contract_version", "symptom", "description", "observed_from", "observed_to", "reported_at"),
    "proactive",
}


def _done(actions: CorrectiveActions | None) -> tuple[DoneAction, ...]:
    return tuple(
        DoneAction(action=result.action, resource_name=correction.finding.resource_name, at=result.at, ran=result.ran)
        for correction in (actions.corrections if actions else ())
        for result in correction.results
    )
