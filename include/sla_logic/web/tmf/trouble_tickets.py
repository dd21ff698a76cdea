"""TMF621 v5: trouble tickets and their one specification."""

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from include.sla_logic.domain.open_apis.trouble_ticket import (
    FIELDS,
    PATH,
    SPECIFICATION_FIELDS,
    trouble_ticket,
)
from include.sla_logic.domain.open_apis.trouble_ticket import specification as written
from include.sla_logic.services import UnableToAcceptNotification
from include.sla_logic.services.open_apis import Part
from include.sla_logic.services.trouble_tickets import TicketView
from include.sla_logic.web.dependencies import CurrentDesk, WithUseCases
from include.sla_logic.web.refusals import OPEN_APIS
from include.sla_logic.web.tmf.access import CurrentParty, Party, WritingParty
from include.sla_logic.web.tmf.addresses import root_of
from include.sla_logic.web.tmf.bodies import read_object
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.pages import WantedCut, answer_part
from include.sla_logic.web.tmf.queries import Fields, read_fields, read_filters, with_fields
from include.sla_logic.web.tmf.routes import api_router, not_offered
from include.sla_logic.web.tmf.ticket_bodies import CREATED, PATCHES, json_body
from include.sla_logic.web.tmf.ticket_changes import TicketChange, read_change
from include.sla_logic.web.tmf.ticket_lists import WantedTickets
from include.sla_logic.web.tmf.ticket_reports import in_tmf_words, read_report

router = api_router(PATH.removeprefix(OPEN_APIS), "troubleTicket")
SpecificationId = Annotated[str, Path(max_length=64, description="It is incident.")]
TicketId = Annotated[str, Path(max_length=64, description="Such as TT-000001.")]
Resources = list[dict[str, Any]]
Resource = dict[str, Any]
_APPEND_ONLY = "A trouble ticket is kept for good: nothing deletes it."
_ONE = "There is one specification, which comes with the product."


def as_resource(view: TicketView, request: Request, party: Party) -> Resource:
    """Write a ticket for who asks."""
    return trouble_ticket(view, root=root_of(request), staff=not party.is_partner)


@router.get("/troubleTicket", response_model=Resources)
def list_tickets(
    request: Request, use_cases: WithUseCases, party: CurrentParty, wanted: WantedTickets, fields: Fields = ""
) -> Response:
    """List trouble tickets, the newest first or by `sort`."""
    chosen = read_fields(fields, FIELDS)
    part, total = use_cases.open_apis.trouble_tickets.listed(*wanted)
    resources = [with_fields(as_resource(view, request, party), chosen) for view in part.rows]
    return answer_part(request, part, resources, total=total)


@router.get("/troubleTicket/{id}", response_model=Resource)
def retrieve_ticket(
    request: Request,
    use_cases: WithUseCases,
    party: CurrentParty,
    id: TicketId,  # noqa: A002 - TM Forum's name
    fields: Fields = "",
) -> Response:
    """Return one trouble ticket."""
    chosen = read_fields(fields, FIELDS)
    view = use_cases.open_apis.trouble_tickets.find(id, customers=party.customers)
    return JSONResponse(with_fields(as_resource(view, request, party), chosen))


@router.post("/troubleTicket", status_code=201, response_model=Resource, openapi_extra=json_body(CREATED))
async def create_ticket(
    request: Request,
    use_cases: WithUseCases,
    desk: CurrentDesk,
    party: WritingParty,
    body: Annotated[dict[str, Any], Depends(read_object)],
    fields: Fields = "",
) -> Response:
    """Report an incident: it is checked as at every other door, its run starts, and its ticket is answered."""
    chosen, report, tickets = read_fields(fields, FIELDS), read_report(body), use_cases.open_apis.trouble_tickets
    start = desk.start_for_partner if party.is_partner else desk.start_run
    if start is None:
        raise HTTPException(501, "Runs cannot be started from here.")
    try:
        said = await run_in_threadpool(tickets.check, report.conf, customers=party.customers)
    except UnableToAcceptNotification as refused:
        raise UnableToReadRequest(in_tmf_words(refused.faults, report.conf)) from refused
    conf = said.model_dump(mode="json", exclude_none=True)
    run_id = await start(request, conf)
    opened = partial(tickets.open, conf, run_id=run_id, notes=report.notes, by=party.name, partner=party.is_partner)
    ticket = await run_in_threadpool(opened)
    view = await run_in_threadpool(tickets.find, ticket, customers=party.customers)
    resource = as_resource(view, request, party)
    return JSONResponse(with_fields(resource, chosen), 201, headers={"Location": resource["href"]})


@router.patch("/troubleTicket/{id}", response_model=Resource, openapi_extra=PATCHES)
def change_ticket(
    request: Request,
    use_cases: WithUseCases,
    party: WritingParty,
    id: TicketId,  # noqa: A002 - TM Forum's name
    change: Annotated[TicketChange, Depends(read_change)],
    fields: Fields = "",
) -> Response:
    """Change the status by the act of the desk that does it, and add notes; anything else is refused."""
    chosen, tickets = read_fields(fields, FIELDS), use_cases.open_apis.trouble_tickets
    found = tickets.find(id, customers=party.customers).ticket
    if change.status is not None and party.is_partner:
        raise HTTPException(403, "The status is changed by the provider; send a note that says what you want.")
    if any(expected != found.status for expected in change.expected):
        raise HTTPException(409, f"{found.id} is {found.status}, not {change.expected[0][:64]}.")
    if change.status is not None:
        tickets.move(found.id, change.status, by=party.name, reason=change.reason)
    tickets.write(found.id, change.notes, by=party.name, partner=party.is_partner)
    view = tickets.find(found.id, customers=party.customers)
    return JSONResponse(with_fields(as_resource(view, request, party), chosen))


@router.get("/troubleTicketSpecification", response_model=Resources)
def list_specifications(request: Request, cut: WantedCut, fields: Fields = "") -> Response:
    """List the specifications: there is one."""
    chosen = read_fields(fields, SPECIFICATION_FIELDS)
    if read_filters(request, ()) or request.query_params.get("filter") or request.query_params.get("sort"):
        raise UnableToReadRequest("There is one specification: leave out filter and sort.")
    found = [] if cut.offset or cut.after or cut.before else [written(root=root_of(request))]
    part = Part(found, None, None, more_before=False, more_after=False)
    return answer_part(request, part, [with_fields(one, chosen) for one in found], total=1)


@router.get("/troubleTicketSpecification/{specification}", response_model=Resource)
def retrieve_specification(
    request: Request,
    use_cases: WithUseCases,
    specification: SpecificationId,
    fields: Fields = "",
) -> Response:
    """Return the specification."""
    chosen = read_fields(fields, SPECIFICATION_FIELDS)
    use_cases.open_apis.trouble_tickets.check_specification(specification)
    return JSONResponse(with_fields(written(root=root_of(request)), chosen))


not_offered(router, "/troubleTicket/{id}", ["DELETE"], _APPEND_ONLY, allowed="GET, PATCH")
not_offered(router, "/troubleTicketSpecification", ["POST"], _ONE, allowed="GET")
not_offered(router, "/troubleTicketSpecification/{specification}", ["PATCH", "DELETE"], _ONE, allowed="GET")
