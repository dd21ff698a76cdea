"""TMF678 v5, for reading: what was booked, and the invoices that it is applied to."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from include.sla_logic.domain.open_apis.customer_bill import API, CHARGE, CREDIT, applied_rate, customer_bill
from include.sla_logic.services.customer_bills import BillFilter, CreditFilter
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.tmf.access import CurrentParty
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.pages import WantedCut, check_key
from include.sla_logic.web.tmf.queries import Fields
from include.sla_logic.web.tmf.resources import (
    Resource,
    Root,
    answer_list,
    answer_one,
    described,
    read_flags,
    wanted_by,
)
from include.sla_logic.web.tmf.routes import api_router, not_offered

router = api_router(f"/{API}", "customerBillManagement")
RATES = ("id", "isBilled", "appliedBillingRateType", "billingAccount.id", "bill.id")
RATE = (
    *("name", "description", "date", "appliedBillingRateType", "isBilled", "bill", "billingAccount"),
    *("taxExcludedAmount", "periodCoverage", "characteristic"),
)
BILLS = ("id", "state", "billingAccount.id")
BILL = ("billingAccount", "billingPeriod", "relatedParty", "state", "taxExcludedAmount")
TYPES = (CREDIT, CHARGE, "appliedPenaltyCharge")
STATES = ("new", "onHold", "validated", "sent", "settled", "partiallyPaid")
_READING = "Bills and what is booked on them are only read here."
Reference = Annotated[str, Path(max_length=280)]
Id = Annotated[str, Path(max_length=64)]


@router.get("/appliedCustomerBillingRate", response_model=list[Resource], openapi_extra=described(RATES))
def rates(
    request: Request, use_cases: WithUseCases, party: CurrentParty, root: Root, cut: WantedCut, fields: Fields = ""
) -> Response:
    """List the credits that were booked, and what was taken back, by reference; nothing that is still undecided."""
    said = wanted_by(request, RATES)
    types = _known("appliedBillingRateType", said.get("appliedBillingRateType"), TYPES)
    wanted = CreditFilter(
        customers=party.customers,
        references=said.get("id") if types is None or {CREDIT, CHARGE} & set(types) else (),
        accounts=said.get("billingAccount.id"),
        invoices=said.get("bill.id"),
        billed=read_flags("isBilled", said.get("isBilled")),
        is_credit=None if types is None or {CREDIT, CHARGE} <= set(types) else CREDIT in types,
    )
    found = use_cases.open_apis.customer_bills.credits(wanted, check_key(cut, str))
    return answer_list(request, found, lambda one: applied_rate(one, root=root), fields=fields, known=RATE)


@router.get("/appliedCustomerBillingRate/{credit}", response_model=Resource)
def rate(use_cases: WithUseCases, party: CurrentParty, root: Root, credit: Reference, fields: Fields = "") -> Response:
    """Return one credit that was booked, or one charge that took a credit back."""
    found = use_cases.open_apis.customer_bills.credit(credit, customers=party.customers)
    return answer_one(applied_rate(found, root=root), fields=fields, known=RATE)


@router.get("/customerBill", response_model=list[Resource], openapi_extra=described(BILLS))
def bills(
    request: Request, use_cases: WithUseCases, party: CurrentParty, root: Root, cut: WantedCut, fields: Fields = ""
) -> Response:
    """List invoices by their id: lines less the credits that were booked on them."""
    said = wanted_by(request, BILLS)
    states = _known("state", said.get("state"), STATES)
    wanted = BillFilter(
        customers=party.customers,
        bills=said.get("id") if states is None or "settled" in states else (),
        accounts=said.get("billingAccount.id"),
        settled=None if states is None else True,
    )
    found = use_cases.open_apis.customer_bills.bills(wanted, check_key(cut, str))
    return answer_list(request, found, lambda one: customer_bill(one, root=root), fields=fields, known=BILL)


@router.get("/customerBill/{bill}", response_model=Resource)
def bill(use_cases: WithUseCases, party: CurrentParty, root: Root, bill: Id, fields: Fields = "") -> Response:
    """Return one invoice."""
    found = use_cases.open_apis.customer_bills.bill(bill, customers=party.customers)
    return answer_one(customer_bill(found, root=root), fields=fields, known=BILL)


def _known(name: str, values: tuple[str, ...] | None, known: tuple[str, ...]) -> tuple[str, ...] | None:
    for value in values or ():
        if value not in known:
            raise UnableToReadRequest(f"{name}: there is no {value[:64]!r}; there are {', '.join(known)}.")
    return values


not_offered(router, "/appliedCustomerBillingRate", ["POST"], _READING, allowed="GET")
not_offered(router, "/customerBill/{bill}", ["PATCH"], _READING, allowed="GET")
not_offered(router, "/customerBillOnDemand", ["GET", "POST"], "No bills are made on demand.", allowed="")
not_offered(router, "/customerBillOnDemand/{order}", ["GET"], "No bills are made on demand.", allowed="")
for _path in ("/billCycle", "/billCycle/{cycle}"):
    not_offered(router, _path, ["GET"], "The billing system knows its cycles; they are not kept here.", allowed="")
not_offered(router, "/hub", ["POST"], "There are no events about bills.", allowed="")
not_offered(router, "/hub/{listener}", ["DELETE"], "There are no events about bills.", allowed="")
