"""Put the desk together: pages, acts and API behind a login that is passed in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from starlette.staticfiles import StaticFiles

from include.sla_logic.services import UseCases
from include.sla_logic.web import (
    action_pages,
    api,
    api_lists,
    board_pages,
    incident_pages,
    letter_pages,
    waiting_pages,
)
from include.sla_logic.web.dependencies import Caller, Desk, Starter
from include.sla_logic.web.errors import add_error_pages
from include.sla_logic.web.security import SecurityMiddleware

Admission = Callable[..., Any]  # a FastAPI dependency that returns a Caller or refuses
VERSION = "1"


def build_desk(
    open_use_cases: Callable[[], UseCases],
    *,
    reader: Admission,
    writer: Admission,
    start: Starter | None = None,
    prefix: str = "",
    airflow_dag: str | None = None,
    extra_run: Callable[[str], tuple[str, str]] | None = None,
) -> FastAPI:
    """Build the desk; nobody is admitted to any page but by `reader`, nor to any change but by `writer`.

    `start` begins a run of the process; `prefix` is where the desk is mounted below Airflow, whose runs of
    `airflow_dag` it links to; `extra_run` names DAG and run of the extra process for an incident's run.
    """
    app = FastAPI(title="Incident desk", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = Desk(open_use_cases, start, prefix, airflow_dag, extra_run)
    reads, writes = _admit(reader), _admit(writer)
    pages = (board_pages.router, waiting_pages.router, incident_pages.router, letter_pages.router)
    for router in (*pages, api.reading, api_lists.listing):
        app.include_router(router, dependencies=[Depends(reads)])
    for router in (action_pages.router, api.writing):
        app.include_router(router, dependencies=[Depends(writes)])
    # Styles and scripts carry no data; a page inside a sandboxed frame asks for them without a login.
    app.mount("/assets", StaticFiles(directory=Path(__file__).parent / "assets"), name="assets")
    app.add_middleware(SecurityMiddleware)
    add_error_pages(app)
    return app


def _admit(admission: Admission) -> Callable[..., Any]:
    async def admitted(request: Request, caller: Caller = Depends(admission)) -> None:  # noqa: B008 - given at build
        request.state.caller = caller

    return admitted
