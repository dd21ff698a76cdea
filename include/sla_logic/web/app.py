"""The desk put together: pages, actions and API behind a login that is passed in."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from include.sla_logic.services import UseCases
from include.sla_logic.web import (
    action_pages,
    attachment_pages,
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
from include.sla_logic.web.api import alarms, attachments, lists, routes
from include.sla_logic.web.api import settlement as settlement_api
from include.sla_logic.web.dependencies import (
    UPLOAD_BYTES,
    Collect,
    DeskSettings,
    Login,
    StartRun,
    refuse_partners,
    remember,
)
from include.sla_logic.web.errors import add_error_pages
from include.sla_logic.web.refusals import OPEN_APIS
from include.sla_logic.web.security import SecurityMiddleware
from include.sla_logic.web.tmf import build_open_apis
from include.sla_logic.web.translations import LanguageMiddleware

VERSION = "1"
READING = (
    board_pages.router,
    waiting_pages.router,
    incident_pages.router,
    letter_pages.router,
    attachment_pages.reading,
    service_pages.router,
    report_pages.router,
    settlement_pages.router,
    process_pages.router,
    simulation_pages.router,
    export_pages.router,  # before the next: its addresses are no numbers of uploads
    file_pages.reading,
    routes.reading,
    lists.router,
    settlement_api.router,
    alarms.reading,
    attachments.reading,
)
CHANGING = (
    bulk_pages.router,
    action_pages.router,
    attachment_pages.writing,
    file_pages.changing,
    routes.writing,
    attachments.writing,
)


def build_desk(  # noqa: PLR0913 - what the desk is built with, all by name
    open_use_cases: Callable[[], UseCases],
    *,
    reader: Login,
    writer: Login,
    login: Login | None = None,
    start: StartRun | None = None,
    prefix: str = "",
    airflow_dag: str | None = None,
    extra_run: Callable[[str], tuple[str, str]] | None = None,
    start_for_partner: StartRun | None = None,
    collect: Collect | None = None,
    upload_bytes: int = UPLOAD_BYTES,
) -> FastAPI:
    """Build the desk: every page asks `reader` for the caller, every change asks `writer`.

    The open APIs ask `login`, which refuses nobody whom Airflow knows; without it partners are not let in.
    `start_for_partner` begins a run for a partner, who has no rights in Airflow.
    `start` begins a run of the process; `prefix` is where the desk is mounted below Airflow, whose runs of
    `airflow_dag` it links to; `extra_run` names DAG and run of the extra process for an incident's run. `collect` lets
    large uploads be worked on at once, of which none may have more than `upload_bytes`.
    """
    app = FastAPI(title="Incident desk", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None)
    desk = DeskSettings(open_use_cases, start, prefix, airflow_dag, extra_run, start_for_partner, collect, upload_bytes)
    app.state.desk = desk
    app.router.routes.extend(_routes(reader, writer))
    # Styles and scripts carry no data; a page inside a sandboxed frame asks for them without a login.
    app.mount("/assets", StaticFiles(directory=Path(__file__).parent / "assets"), name="assets")
    app.mount(OPEN_APIS, build_open_apis(desk, login or reader), name="open APIs")
    app.add_middleware(SecurityMiddleware, upload_bytes=upload_bytes)
    app.add_middleware(LanguageMiddleware)  # around the other, whose refusals are read too
    add_error_pages(app)
    return app


@lru_cache(maxsize=8)
def _routes(reader: Login, writer: Login) -> Sequence[BaseRoute]:
    """Put the routes together, once for the same logins: it takes half a second of reading signatures."""
    together = APIRouter()
    for router in READING:
        together.include_router(router, dependencies=[Depends(remember(reader)), Depends(refuse_partners)])
    for router in CHANGING:
        together.include_router(router, dependencies=[Depends(remember(writer)), Depends(refuse_partners)])
    together.include_router(alarms.sending)  # monitoring systems have no login: each shows a token of its own
    return together.routes
