"""Customer Service receives the outcome and closes the incident with the customer (rows 26 to 31)."""

from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import (
    CustomerReport,
    NextStep,
    describe_incident,
    next_steps,
    state_credit,
)
from include.sla_logic.domain.diagnosis import ResourceCheck
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.period import spanning
from include.sla_logic.domain.premium import PremiumCase
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.service_performance import draw
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.case_documents import (
    agreement_and_contract,
    compare_now,
    outcome_report,
    performance,
)
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


@step
def receive_outcome(file: CaseFile) -> None:
    """Receive the service performance or the problem resolution report, and compare with the SLA once more.

    Writes a new round of the SlaComparison, as of now: report and rebate then speak of the same state, and the
    customer is credited for what the window owes up to this moment. Row 26 of the process.
    """
    file.hand_over(Lane.CUSTOMER_SERVICE)
    agreement, contract = agreement_and_contract(file)
    file.write(compare_now(file, agreement, contract))
    file.record(f"Received: {outcome_report(file).outcome.value}.", lane=Lane.CUSTOMER_SERVICE)


@step
def create_customer_report(file: CaseFile) -> None:
    """Describe the service performance and the resolution of the problem for the customer.

    Runs beside the rebate, so this round of the CustomerReport does not name a credit yet. Row 27 of the process.
    """
    report, comparison = file.read(ProblemReport), file.read(SlaComparison)
    agreement, contract = agreement_and_contract(file)
    facts = file.measurements.facts(agreement, comparison.window, as_of=comparison.as_of)
    outcome = outcome_report(file)
    file.write(
        describe_incident(
            report,
            performance(file),
            outcome,
            customer=file.contracts.customer(report.customer),
            contract=contract,
            series=draw(facts, comparison, contract, actions=outcome.actions),
            remedies=file.policies.remedies,
            check=file.find(ResourceCheck),
            now=file.now,
        )
    )


@step
def report_sla_rebate(file: CaseFile) -> None:
    """Report the rebate for the violated SLA to Billing & Collections.

    Reads the newest SlaComparison, and what was credited and decided before for the customer's service; writes the
    Rebate line by line, zero with its reason where nothing is owed. What an old incident brings, or one whose window
    is settled, is held for a second person. Row 28 of the process.
    """
    agreement, _ = agreement_and_contract(file)
    comparison = file.read(SlaComparison)
    earlier = file.billing.earlier_credits(agreement, spanning(comparison.window, comparison.cap_window))
    rebate = work_out_rebate(comparison, earlier=earlier, decided=file.billing.decisions(agreement))
    if rebate.total:
        rebate = rebate.held_also([*_why_odd(file, agreement, rebate), *_doubtful(file, agreement, comparison)])
    file.write(rebate)
    file.record(f"Rebate reported: {rebate.total}. {rebate.reason}", lane=Lane.CUSTOMER_SERVICE)


def _why_odd(file: CaseFile, agreement: Agreement, rebate: Rebate) -> list[str]:
    """Say why a second person must look before this incident is credited on today's invoice."""
    observed_from, deadline = file.read(ProblemReport).observed_from, rebate.claim_deadline
    reasons = [file.policies.credits.too_old(observed_from, now=file.now)]
    if (invoice := file.billing.settled_with(agreement, rebate.window)) is not None:
        reasons.append(f"the window {rebate.window} was settled with the invoice {invoice}")
    if deadline is not None and file.now >= deadline:
        reasons.append(f"the credit was to be claimed before {deadline:%Y-%m-%d %H:%M} UTC")
    return [reason for reason in reasons if reason is not None]


def _doubtful(file: CaseFile, agreement: Agreement, comparison: SlaComparison) -> list[str]:
    """Name the outages that last so long that their ends may be missing; one that began in the window is no such."""
    window, calendar = comparison.window, comparison.contract_window or comparison.window
    counted = [one for each in comparison.objectives for one in each.intervals if one.kind == "counted"]
    if all(one.start > window.start for one in counted):
        return []
    facts = file.measurements.facts(agreement, calendar, as_of=comparison.as_of)
    return file.policies.credits.doubtful(facts.outages, window, whole=calendar.seconds, as_of=comparison.as_of)


@step
def send_customer_report(file: CaseFile) -> None:
    """Send the report to the customer, with the rebate as it was booked.

    Reads the CustomerReport, the Rebate and the BillingAdjustment; writes the round of the CustomerReport that is
    sent, and puts the letter into the outbox. Row 30 of the process.
    """
    draft = file.read(CustomerReport)
    credit = state_credit(file.read(Rebate), file.read(BillingAdjustment))
    following = next_steps(draft.outcome, draft.performance, credit)
    promised = file.now + file.policies.priorities.write_next_within if NextStep.WRITE_AGAIN in following else None
    said = {"credit": credit, "next_steps": following, "created_at": file.now, "writes_next_by": promised}
    report = draft.model_copy(update=said)
    file.write(report)
    file.letter_outbox.post(report, file.contracts.customer(report.customer))
    file.record(
        f"Report sent to the customer; credit {credit.amount} ({credit.state.value}).", lane=Lane.CUSTOMER_SERVICE
    )
    if promised is not None:
        file.record(f"The customer reads from us again by {promised:%Y-%m-%d}.", lane=Lane.CUSTOMER_SERVICE)


@step
def close_incident(file: CaseFile) -> None:
    """Resolve the ticket, or leave it open and escalated where no measurement proves the service restored.

    Writes the ClosedIncident. An escalated incident is not a failed run. Row 31 of the process.
    """
    report = file.read(CustomerReport)
    settled = report.outcome.is_settled
    credit = state_credit(file.read(Rebate), file.read(BillingAdjustment))
    if settled:
        if file.ticket.status in {TicketStatus.PENDING, TicketStatus.HELD}:
            file.move_ticket(TicketStatus.IN_PROGRESS, reason="The process has its outcome: the hold is over.")
        file.move_ticket(TicketStatus.RESOLVED, reason=report.outcome.value)
    elif not file.ticket.escalated:
        file.escalate(report.outcome.value)
    file.write(
        ClosedIncident(
            ticket=file.ticket.id,
            ending=Ending.RESOLVED if settled else Ending.ESCALATED,
            outcome=report.outcome,
            credit=credit.amount,
            credit_state=credit.state,
            premium=file.find(PremiumCase) is not None,
            closed_at=file.now,
        )
    )
    file.problems.leave()
