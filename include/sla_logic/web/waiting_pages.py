"""The pages of what waits for a person, of the causes that several incidents share, of feeds and alarms."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import PageNumber, ShownProblems
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
SIZE = 25


@router.get("/waiting", response_class=HTMLResponse)
def waiting(  # noqa: PLR0913, PLR0917 - each list has pages of its own
    request: Request,
    use_cases: WithUseCases,
    restorations: PageNumber = 1,
    credits: PageNumber = 1,  # noqa: A002 - the name of the list in the address
    disputes: PageNumber = 1,
    quarantine: PageNumber = 1,
    imports: PageNumber = 1,
    outbox: PageNumber = 1,
    audit: Annotated[PageNumber, Query(alias="acts")] = 1,
) -> HTMLResponse:
    """Show what could not be accepted, delivered or booked without a person, each list with pages of its own."""
    pages = {"restorations": restorations, "credits": credits, "quarantine": quarantine, "outbox": outbox}
    pages |= {"imports": imports, "disputes": disputes}
    lists = use_cases.worklists.waiting(pages | {"audit": audit}, size=SIZE)
    run, asked = use_cases.settlement_views.held(), pages | {"acts": audit}
    listeners = use_cases.open_apis.event_hub.troubles()
    return HTMLResponse(render(request, "waiting.html.j2", lists=lists, run=run, asked=asked, listeners=listeners))


@router.get("/problems", response_class=HTMLResponse)
def problems(
    request: Request, use_cases: WithUseCases, shown: ShownProblems = "open", page: PageNumber = 1
) -> HTMLResponse:
    """Show service problems with the incidents that share each of them."""
    found = use_cases.worklists.problems(open_only=shown == "open", page=page, size=SIZE)
    waiting = use_cases.alarm_views.waiting()
    return HTMLResponse(render(request, "problems.html.j2", found=found, shown=shown, waiting=waiting))


@router.get("/feeds", response_class=HTMLResponse)
def feeds(request: Request, use_cases: WithUseCases, alarms: PageNumber = 1) -> HTMLResponse:
    """Show how far each feed was read, and what went wrong; and the alarms that are raised."""
    raised = use_cases.alarm_views.listed(page=alarms, size=SIZE)
    return HTMLResponse(render(request, "feeds.html.j2", feeds=use_cases.feeds.states(), raised=raised))
