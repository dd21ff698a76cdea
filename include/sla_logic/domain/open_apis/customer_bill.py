"""TMF678 v5: what was booked on a billing account, and the bill that it is applied to."""

from datetime import date

from include.sla_logic.domain.booked_credit import Bill, BookedCredit
from include.sla_logic.domain.open_apis.parts import (
    Resource,
    characteristic,
    customer_party,
    href_of,
    instant,
    money,
    period,
    reference,
    stated,
)

API = "customerBillManagement/v5"
CREDIT, CHARGE = "appliedBillingCredit", "appliedBillingCharge"


def applied_rate(one: BookedCredit, *, root: str) -> Resource:
    """Write a booked credit: the amount is positive, the type gives the direction.

    Its window is `periodCoverage`. The text of the credit is not told: it may name people.
    """
    is_credit = one.amount.amount > 0
    owed = f"for {one.objective}" if one.objective else "for its window"
    said = "SLA credit" if is_credit else "SLA credit taken back"
    return stated(
        {
            "@type": "AppliedCustomerBillingRate",
            "id": one.reference,
            "href": href_of(root, API, "appliedCustomerBillingRate", one.reference),
            "name": said,
            "description": f"{said} {owed} of service {one.service}, {one.window}",
            "date": instant(one.booked_at),
            "appliedBillingRateType": CREDIT if is_credit else CHARGE,
            "isBilled": one.invoice_settled,
            "bill": _bill_reference(one.invoice, root),
            "billingAccount": reference("BillingAccountRef", one.account),
            "taxExcludedAmount": money(one.amount if is_credit else -one.amount),
            "periodCoverage": period(one.window),
            "characteristic": [
                *characteristic("externalId", one.key),
                *characteristic("source", one.source),
                *characteristic("service", one.service),
                *characteristic("agreement", one.agreement),
                *characteristic("windowSettled", one.window_done),
            ],
        }
    )


def customer_bill(one: Bill, *, root: str) -> Resource:
    """Write an invoice; what payments were made is not known here, so nothing is said of what is due.

    Its days are written as midnight in UTC.
    """
    return stated(
        {
            "@type": "CustomerBill",
            "id": one.id,
            "href": href_of(root, API, "customerBill", one.id),
            "billingAccount": reference("BillingAccountRef", one.account),
            "billingPeriod": {"startDateTime": _midnight(one.starts), "endDateTime": _midnight(one.ends)},
            "relatedParty": [customer_party(one.customer)],
            "state": "settled" if one.settled else None,
            "taxExcludedAmount": money(one.total),
        }
    )


def _bill_reference(invoice: str | None, root: str) -> Resource | None:
    return (
        None
        if invoice is None
        else reference("CustomerBillRef", invoice, href=href_of(root, API, "customerBill", invoice))
    )


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
