"""Customer Service receives the outcome and closes the incident with the customer (rows 26 to 31)."""

from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import (
    CustomerReport,
)
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.premium import PremiumCase
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.stated_credit import state_credit
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.case_documents import (
    agreement_and_contract,
    compare_now,
    outcome_report,
)
from include.sla_logic.process.crediting import rebate_now
from include.sla_logic.process.customer_letters import draft_report, send_report
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
    file.write(draft_report(file))


@step
def report_sla_rebate(file: CaseFile) -> None:
    """Report the rebate for the violated SLA to Billing & Collections.

    Reads the newest SlaComparison, and what was credited and decided before for the customer's service; writes the
    Rebate line by line, zero with its reason where nothing is owed. What an old incident brings, or one whose window
    is settled, is held for a second person. Row 28 of the process.
    """
    agreement, _ = agreement_and_contract(file)
    rebate = rebate_now(file, agreement, file.read(SlaComparison))
    file.write(rebate)
    file.record(f"Rebate reported: {rebate.total}. {rebate.reason}", lane=Lane.CUSTOMER_SERVICE)


@step
def send_customer_report(file: CaseFile) -> None:
    """Send the report to the customer, with the rebate as it was booked.

    Reads the CustomerReport, the Rebate and the BillingAdjustment; writes the round of the CustomerReport that is
    sent, and puts the letter into the outbox. Row 30 of the process.
    """
    send_report(file, file.read(CustomerReport))


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
