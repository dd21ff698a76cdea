"""TMF621 v5: trouble tickets and their one specification."""

from typing import Annotated, Any

from fastapi import Path, Request
from starlette.responses import JSONResponse, Response

from include.sla_logic.domain.open_apis.trouble_ticket import (
    FIELDS,
    PATH,
    SPECIFICATION_FIELDS,
    trouble_ticket,
)
from include.sla_logic.domain.open_apis.trouble_ticket import specification as written
from include.sla_logic.services.open_apis import Part
from include.sla_logic.services.trouble_tickets import TicketView
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.refusals import OPEN_APIS
from include.sla_logic.web.tmf.access import CurrentParty, Party
from include.sla_logic.web.tmf.addresses import root_of
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.pages import WantedCut, answer_part
from include.sla_logic.web.tmf.queries import Fields, read_fields, read_filters, with_fields
from include.sla_logic.web.tmf.routes import api_router, not_offered
from include.sla_logic.web.tmf.ticket_lists import WantedTickets

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
