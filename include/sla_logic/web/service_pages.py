"""The page of one service."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import ServiceId
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/services/{service}", response_class=HTMLResponse)
def service(request: Request, use_cases: WithUseCases, service: ServiceId) -> HTMLResponse:
    """Show what the windows of a service's contracts promised, used up and paid."""
    return HTMLResponse(render(request, "service.html.j2", view=use_cases.service_status.of(service)))
