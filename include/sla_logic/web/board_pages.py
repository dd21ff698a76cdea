"""The board: the incidents in queue order."""

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.services.board import SHOWN, UNASSIGNED, BoardFilter
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Owner, PageNumber, Priority, Shown, Sort, Text
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
PAGE_SIZE = 50


@router.get("/", response_class=HTMLResponse)
def board(  # noqa: PLR0913, PLR0917 - one parameter for each filter
    request: Request,
    use_cases: WithUseCases,
    caller: CurrentCaller,
    shown: Shown = "open",
    lane: Text = "",
    priority: Priority = "",
    customer: Text = "",
    service: Text = "",
    search: Text = "",
    owner: Owner = "",
    sort: Sort = "",
    page: PageNumber = 1,
) -> HTMLResponse:
    """Show the incidents in queue order, with what waits for a person above them."""
    who = {"mine": caller.name, "none": UNASSIGNED}.get(owner, owner)
    wanted = BoardFilter(shown, lane, priority, customer.strip(), service.strip(), search.strip(), who, sort)
    fold = not any((search.strip(), owner, customer.strip(), service.strip()))
    wanted = replace(wanted, fold=fold, newest=True)
    overview = use_cases.board.overview(wanted, page=page, size=PAGE_SIZE)
    known = caller.name in overview.people and caller.mail in {None, overview.people[caller.name]}
    if caller.may_write and not known:
        use_cases.team.enter(caller.name, caller.mail)
    lanes = [each.value for each in Lane if each not in {Lane.CUSTOMER, Lane.ELECTRONIC_SERVICE}]
    values = {"page": overview.page, "counts": overview.counts, "held": overview.held, "owner": owner}
    values["people"] = overview.people
    return HTMLResponse(render(request, "board.html.j2", wanted=wanted, lanes=lanes, shows=SHOWN, **values))
