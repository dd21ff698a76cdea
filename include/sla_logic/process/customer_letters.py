"""What the customer is told of an incident: the report as the case file has it now, and the letter (rows 27 and 30)."""

from include.sla_logic.domain.counted_times import counted_times
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import (
    CreditStatement,
    CustomerReport,
    NextStep,
    describe_incident,
    next_steps,
)
from include.sla_logic.domain.diagnosis import ResourceCheck
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.service_performance import draw
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.stated_credit import state_credit
from include.sla_logic.process.case_documents import agreement_and_contract, outcome_report, performance
from include.sla_logic.process.ports import CaseFile


def draft_report(file: CaseFile) -> CustomerReport:
    """Describe the service performance and the resolution of the problem as they are known; without a credit."""
    report, comparison = file.read(ProblemReport), file.read(SlaComparison)
    agreement, contract = agreement_and_contract(file)
    facts = file.measurements.facts(agreement, comparison.window, as_of=comparison.as_of)
    outcome = outcome_report(file)
    drafted = describe_incident(
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
    times = counted_times(comparison, facts)
    return drafted.model_copy(update={"times": times, "amounts": file.policies.credits.amounts})


def send_report(file: CaseFile, draft: CustomerReport) -> CreditStatement:
    """State the credit as it is booked and what happens next, write the report and put the letter into the outbox.

    While the incident is open the letter promises until when the customer reads from us again.
    """
    rebate = file.read(Rebate)
    credit = state_credit(rebate, file.read(BillingAdjustment))
    disputes = tuple(file.billing.disputes(agreement_and_contract(file)[0], rebate.window))
    draft = draft.model_copy(update={"disputes": disputes})
    following = next_steps(draft, credit)
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
    return credit
