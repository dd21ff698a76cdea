"""The page of files: what can be imported and how it is written, and what can be exported."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.rendering import render

reading = APIRouter(route_class=DeskRoute, include_in_schema=False)


@reading.get("/files", response_class=HTMLResponse)
def files(request: Request, use_cases: WithUseCases) -> HTMLResponse:
    """Show every kind of import with its columns, and every export."""
    found = {"kinds": use_cases.imports.kinds(), "months": use_cases.reports.recent_months()}
    return HTMLResponse(render(request, "files.html.j2", **found))
