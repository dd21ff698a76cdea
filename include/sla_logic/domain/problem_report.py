"""The problem report that Customer Service enters into System T (process.md, row 1)."""

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.notification import Level, ProblemNotification, ProblemParameter, Symptom
from include.sla_logic.domain.relationship import Agreement, Customer


class ProblemReport(Document):
    """What the customer perceives, tied to the agreement that was `found` for the service; the run keeps it.

    A proactive one was made of an alarm: `reported_at` is then when we entered it, and counts as no report.
    """

    ticket: str
    external_reference: str | None
    customer: str
    customer_name: str
    protected: bool
    service: str
    service_name: str
    agreement: str
    contract: str
    contract_version: str
    symptom: Symptom
    description: str
    observed_from: AwareDatetime
    observed_to: AwareDatetime | None
    reported_at: AwareDatetime
    entered_at: AwareDatetime
    impact: Level
    urgency: Level
    parameters: tuple[ProblemParameter, ...] = ()
    found: Agreement | None = None
    proactive: bool = False


def enter(
    notification: ProblemNotification,
    *,
    ticket: str,
    customer: Customer,
    agreement: Agreement,
    now: AwareDatetime,
    proactive: bool = False,
) -> ProblemReport:
    """Turn the list of problem parameters into a report, without judging it."""
    said = notification.model_dump(
        include={"external_reference", "symptom", "observed_from", "observed_to", "impact", "urgency"}
    )
    return ProblemReport(
        ticket=ticket,
        customer=customer.id,
        customer_name=customer.name,
        protected=customer.protected,
        service=agreement.service,
        service_name=agreement.service_name,
        agreement=agreement.id,
        contract=agreement.contract,
        contract_version=agreement.contract_version,
        description=notification.description,
        reported_at=notification.reported(now),
        entered_at=now,
        parameters=notification.parameters,
        found=agreement,
        proactive=proactive,
        **said,
    )
