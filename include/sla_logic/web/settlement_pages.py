"""The pages of settlement: its periods and runs, the windows of a period, and what a run would book."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Month, PageNumber, PeriodsPage, RunNumber, WindowState
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
SIZE, RUNS = 50, 10


@router.get("/settlement", response_class=HTMLResponse)
def settlement(
    request: Request, use_cases: WithUseCases, periods: PeriodsPage = 1, runs: PageNumber = 1
) -> HTMLResponse:
    """Show period by period what became of the windows, and the runs with their progress."""
    views, asked = use_cases.settlement_views, {"periods": periods, "runs": runs}
    found = {"found": views.periods(number=periods), "runs": views.runs(page=runs, size=RUNS)}
    contested = use_cases.disputes.listed(size=RUNS)
    return HTMLResponse(render(request, "settlement.html.j2", asked=asked, contested=contested, **found))


@router.get("/settlement/windows", response_class=HTMLResponse)
def windows(
    request: Request, use_cases: WithUseCases, month: Month = "", state: WindowState = "", page: PageNumber = 1
) -> HTMLResponse:
    """List windows, perhaps only those of one month and in one state."""
    asked = {"month": month, "state": state}
    found = use_cases.settlement_views.windows(month=month or None, state=state or None, page=page, size=SIZE)
    return HTMLResponse(render(request, "settled_windows.html.j2", found=found, asked=asked))


@router.get("/settlement/runs/{run}", response_class=HTMLResponse)
def run(request: Request, use_cases: WithUseCases, run: RunNumber) -> HTMLResponse:
    """Show what a run would book or has booked, its largest amounts, and what these have in common."""
    return HTMLResponse(render(request, "settlement_run.html.j2", found=use_cases.settlement_views.run(run)))
