"""The pages of what waits for a person, and of the causes that several incidents share."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from include.sla_logic.persistence.audit import page_of_acts
from include.sla_logic.persistence.credit_decisions import page_of_credits
from include.sla_logic.persistence.outbox import page_of_messages
from include.sla_logic.persistence.paging import LAST_PAGE, Page
from include.sla_logic.persistence.quarantine import page_of_quarantine
from include.sla_logic.persistence.queries.attention import waiting_restorations
from include.sla_logic.persistence.queries.service_problems import page_of_problems
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
SIZE = 25
UNDELIVERED = ("dead", "claimed", "waiting")

Number = Annotated[int, Query(ge=1, le=LAST_PAGE)]


@router.get("/waiting", response_class=HTMLResponse)
def waiting(
    request: Request,
    use_cases: WithUseCases,
    restorations: Number = 1,
    credits: Number = 1,  # noqa: A002 - the name of the list in the address
    quarantine: Number = 1,
    outbox: Number = 1,
    acts: Number = 1,
) -> HTMLResponse:
    """Show what could not be accepted, delivered or booked without a person, each list with pages of its own."""
    with use_cases.work.reading() as connection:
        now = use_cases.work.database.now(connection)
        lists: dict[str, Page[Any]] = {
            "restorations": waiting_restorations(connection, now=now, number=restorations, size=SIZE),
            "credits": page_of_credits(connection, number=credits, size=SIZE),
            "quarantine": page_of_quarantine(connection, number=quarantine, size=SIZE),
            "outbox": page_of_messages(connection, states=UNDELIVERED, number=outbox, size=SIZE),
            "acts": page_of_acts(connection, number=acts, size=SIZE),
        }
    asked = {name: found.number for name, found in lists.items()}
    return HTMLResponse(render(request, "waiting.html.j2", now=now, lists=lists, asked=asked))


@router.get("/problems", response_class=HTMLResponse)
def problems(
    request: Request, use_cases: WithUseCases, shown: Literal["open", "all"] = "open", page: Number = 1
) -> HTMLResponse:
    """Show service problems with the incidents that share each of them."""
    with use_cases.work.reading() as connection:
        found = page_of_problems(connection, open_only=shown == "open", number=page, size=SIZE)
    return HTMLResponse(render(request, "problems.html.j2", found=found, shown=shown))
