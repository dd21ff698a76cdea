"""Customer Service takes the report, compares it with the SLA, plans, and hands over (rows 1 to 7)."""

from enum import StrEnum

from include.sla_logic.domain.counter_measures import CounterMeasurePlan, HoursOf, determine, reprioritise
from include.sla_logic.domain.detailed_problem_report import take_together
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.premium import PremiumCase, PremiumState
from include.sla_logic.domain.problem_report import ProblemReport, enter
from include.sla_logic.domain.significance import CustomerSignificance, work_out_significance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.case_documents import (
    agreement_and_contract,
    compare_now,
    performance,
)
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


class PremiumAnswer(StrEnum):
    """The steps that may follow `is_customer_premium`."""

    YES = "link_to_extra_problem_fix"
    NO = "does_significance_change_priorities"


class SignificanceAnswer(StrEnum):
    """The steps that may follow `does_significance_change_priorities`."""

    YES = "reprioritize_counter_measures"
    NO = "create_detailed_problem_report"


@step
def enter_problem_report(file: CaseFile) -> None:
    """Enter the customer's list of problem parameters into System T as a problem report.

    Reads the ProblemNotification and the contract register; writes the ProblemReport and moves the ticket to
    "in progress". Row 1 of the process.
    """
    notification = file.read(ProblemNotification)
    agreement = file.contracts.agreement(notification.customer, notification.service, at=notification.observed_from)
    report = enter(
        notification,
        ticket=file.ticket.id,
        customer=file.contracts.customer(notification.customer),
        agreement=agreement,
        now=file.now,
        proactive=file.ticket.proactive,
    )
    file.write(report)
    file.move_ticket(TicketStatus.IN_PROGRESS, reason="The problem report is entered.")


@step
def compare_with_sla(file: CaseFile) -> None:
    """Measure extent and details of the degradation against what the contract promises.

    Reads the ProblemReport, the contract, and the measurements of the contract window in which the observed period
    begins; writes the SlaComparison. Row 2 of the process.
    """
    agreement, contract = agreement_and_contract(file)
    comparison = compare_now(file, agreement, contract)
    file.write(comparison)
    missed = [judged.objective for judged in comparison.objectives if judged.breached]
    file.record(
        f"Compared with {contract.id} {contract.version}: missed {', '.join(missed) or 'nothing'}.",
        lane=Lane.CUSTOMER_SERVICE,
    )


@step
def determine_counter_measures(file: CaseFile) -> None:
    """Determine the necessary counter-measures and their priorities.

    Reads the SlaComparison and the catalogue; impact and urgency give the priority. Writes the CounterMeasurePlan:
    each measure with department, priority, due time and reason. Row 3 of the process.
    """
    plan = determine(
        file.read(ProblemReport),
        performance(file),
        catalogue=file.policies.counter_measures,
        priorities=file.policies.priorities,
        now=file.now,
        hours=_hours(file),
    )
    file.write(plan)
    file.record(f"{len(plan.measures)} counter-measures at {plan.base_priority}.", lane=Lane.CUSTOMER_SERVICE)


@step
def determine_customer_significance(file: CaseFile) -> None:
    """Let the electronic service determine the significance of the customer.

    Reads the history of the relationship and, from the contract, whether the customer is premium. Writes the
    CustomerSignificance with a reason for every point; what is unknown gives no points. Row 4 of the process.
    """
    agreement, contract = agreement_and_contract(file)
    chronic = file.read(SlaComparison).chronic
    history = file.contracts.relationship(agreement, at=file.now, ticket=file.ticket.id)
    significance = work_out_significance(
        history.model_copy(update={"protected": history.protected or contract.protected}),
        premium=contract.premium,
        near_chronic_right=chronic is not None and chronic.state != "none",
        policy=file.policies.significance,
        now=file.now,
    )
    file.write(significance)
    file.record(f"Significance: {significance.explanation}.", lane=Lane.ELECTRONIC_SERVICE)


@step
def is_customer_premium(file: CaseFile) -> PremiumAnswer:
    """Ask whether the customer is premium: a property of the contract, never a score.

    Reads the CustomerSignificance. Row 5 of the process.
    """
    return PremiumAnswer.YES if file.read(CustomerSignificance).premium else PremiumAnswer.NO


@step
def link_to_extra_problem_fix(file: CaseFile) -> None:
    """Link the incident to the extra problem fix process, and do not wait for it.

    Writes the PremiumCase, with which `premium_problem_fix` is started beside this run. Row 5 of the process.
    """
    report = file.read(ProblemReport)
    file.write(
        PremiumCase(
            ticket=report.ticket,
            customer=report.customer,
            service=report.service,
            contract=report.contract,
            state=PremiumState.REQUESTED,
            requested_at=file.now,
        )
    )
    file.record("Premium customer: linked to the extra problem fix process.", lane=Lane.CUSTOMER_SERVICE)


@step
def does_significance_change_priorities(file: CaseFile) -> SignificanceAnswer:
    """Ask whether the customer's significance changes the priorities of the counter-measures.

    Yes where the band of the customer calls for it and at least one measure can still be raised.
    Row 6 of the process.
    """
    return SignificanceAnswer.NO if _reprioritised(file) is None else SignificanceAnswer.YES


@step
def reprioritize_counter_measures(file: CaseFile) -> None:
    """Raise each counter-measure by one level, at most to P1 and once per incident.

    Writes a new revision of the CounterMeasurePlan with the history of every priority. Impact, urgency, the clock
    and the original priority do not change. Row 6 of the process.
    """
    plan = _reprioritised(file)
    if plan is None:
        return
    file.write(plan)
    why = file.read(CustomerSignificance).explanation
    file.record(f"Counter-measures re-prioritised: {why}.", lane=Lane.CUSTOMER_SERVICE)


@step
def create_detailed_problem_report(file: CaseFile) -> None:
    """Put contract commitments and prioritised actions together and hand over to Service Management.

    Writes the DetailedProblemReport. Row 7 of the process.
    """
    _, contract = agreement_and_contract(file)
    file.write(
        take_together(
            file.read(ProblemReport),
            performance(file),
            file.read(CounterMeasurePlan),
            file.read(CustomerSignificance),
            contract=contract,
            now=file.now,
        )
    )
    file.hand_over(Lane.SERVICE_MANAGEMENT)


def _hours(file: CaseFile) -> HoursOf:
    """Return the service hours of each priority under the contract of the incident."""
    _, contract = agreement_and_contract(file)
    return lambda priority: file.policies.hours_of(priority, contract.service_hours)


def _reprioritised(file: CaseFile) -> CounterMeasurePlan | None:
    """Return the plan with raised priorities, or None where significance changes nothing."""
    plan, significance = file.read(CounterMeasurePlan), file.read(CustomerSignificance)
    if not significance.affects_priorities:
        return None
    raised = reprioritise(
        plan,
        reason=significance.explanation,
        catalogue=file.policies.counter_measures,
        priorities=file.policies.priorities,
        now=file.now,
        since=file.read(ProblemReport).entered_at,
        hours=_hours(file),
    )
    return None if raised is plan else raised
