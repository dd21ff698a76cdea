"""Billing & Collections adjusts the customer's bill (row 29)."""

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.process.case_documents import agreement_and_contract
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


@step
def adjust_billing(file: CaseFile) -> None:
    """Adjust the customer's bill by the reported rebate.

    Reads the Rebate; books it once on the account of the agreement as an applied billing credit and writes the
    BillingAdjustment. A rebate that needs approval is recorded; nothing is booked until it is approved.
    Row 29 of the process.
    """
    rebate = file.read(Rebate)
    agreement, _contract = agreement_and_contract(file)
    adjustment = file.billing.book(rebate, agreement)
    file.write(adjustment)
    file.record(f"Booked {adjustment.booked} on account {adjustment.account}. {adjustment.reason}", lane=Lane.BILLING)
