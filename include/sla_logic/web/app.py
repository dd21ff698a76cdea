"""The desk put together: pages, actions and API behind a login that is passed in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from starlette.staticfiles import StaticFiles

from include.sla_logic.services import UseCases
from include.sla_logic.web import (
    action_pages,
    board_pages,
    bulk_pages,
    export_pages,
    file_pages,
    incident_pages,
    letter_pages,
    process_pages,
    report_pages,
    service_pages,
    settlement_pages,
    simulation_pages,
    waiting_pages,
)
from include.sla_logic.web.api import alarms, lists, routes
from include.sla_logic.web.api import settlement as settlement_api
from include.sla_logic.web.dependencies import Caller, DeskSettings, StartRun
from include.sla_logic.web.errors import add_error_pages
from include.sla_logic.web.security import SecurityMiddleware

Login = Callable[..., Any]  # a FastAPI dependency that returns a Caller or refuses
VERSION = "1"
READING = (
    board_pages.router,
    waiting_pages.router,
    incident_pages.router,
    letter_pages.router,
    service_pages.router,
    report_pages.router,
    settlement_pages.router,
    process_pages.router,
    simulation_pages.router,
    file_pages.reading,
    export_pages.router,
    routes.reading,
    lists.router,
    settlement_api.router,
    alarms.reading,
)
CHANGING = (bulk_pages.router, action_pages.router, routes.writing)


def build_desk(
    open_use_cases: Callable[[], UseCases],
    *,
    reader: Login,
    writer: Login,
    start: StartRun | None = None,
    prefix: str = "",
    airflow_dag: str | None = None,
    extra_run: Callable[[str], tuple[str, str]] | None = None,
) -> FastAPI:
    """Build the desk: every page asks `reader` for the caller, every change asks `writer`.

    `start` begins a run of the process; `prefix` is where the desk is mounted below Airflow, whose runs of
    `airflow_dag` it links to; `extra_run` names DAG and run of the extra process for an incident's run.
    """
    app = FastAPI(title="Incident desk", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = DeskSettings(open_use_cases, start, prefix, airflow_dag, extra_run)
    for router in READING:
        app.include_router(router, dependencies=[Depends(_remember(reader))])
    for router in CHANGING:
        app.include_router(router, dependencies=[Depends(_remember(writer))])
    app.include_router(alarms.sending)  # monitoring systems have no login: each shows a token of its own
    # Styles and scripts carry no data; a page inside a sandboxed frame asks for them without a login.
    app.mount("/assets", StaticFiles(directory=Path(__file__).parent / "assets"), name="assets")
    app.add_middleware(SecurityMiddleware)
    add_error_pages(app)
    return app


def _remember(login: Login) -> Callable[..., Any]:
    async def remember(request: Request, caller: Caller = Depends(login)) -> None:  # noqa: B008 - given at build
        request.state.caller = caller

    return remember
