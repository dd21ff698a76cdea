"""The pages of what waits for a person, and of the causes that several incidents share."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from include.sla_logic.services.worklists import LAST_PAGE
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
SIZE = 25

Number = Annotated[int, Query(ge=1, le=LAST_PAGE)]


@router.get("/waiting", response_class=HTMLResponse)
def waiting(
    request: Request,
    use_cases: WithUseCases,
    restorations: Number = 1,
    credits: Number = 1,  # noqa: A002 - the name of the list in the address
    quarantine: Number = 1,
    outbox: Number = 1,
    audit: Annotated[int, Query(ge=1, le=LAST_PAGE, alias="acts")] = 1,
) -> HTMLResponse:
    """Show what could not be accepted, delivered or booked without a person, each list with pages of its own."""
    pages = {"restorations": restorations, "credits": credits, "quarantine": quarantine, "outbox": outbox}
    lists = use_cases.worklists.waiting(pages | {"audit": audit}, size=SIZE)
    return HTMLResponse(render(request, "waiting.html.j2", lists=lists, asked=pages | {"acts": audit}))


@router.get("/problems", response_class=HTMLResponse)
def problems(
    request: Request, use_cases: WithUseCases, shown: Literal["open", "all"] = "open", page: Number = 1
) -> HTMLResponse:
    """Show service problems with the incidents that share each of them."""
    found = use_cases.worklists.problems(open_only=shown == "open", page=page, size=SIZE)
    return HTMLResponse(render(request, "problems.html.j2", found=found, shown=shown))
