"""The open APIs put together: one application below the desk, with its own errors and its own description."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.routing import BaseRoute

from include.sla_logic.web.dependencies import DeskSettings, Login, remember
from include.sla_logic.web.refusals import OPEN_APIS
from include.sla_logic.web.tmf import customer_bills, service_problems, sla_violations, trouble_tickets
from include.sla_logic.web.tmf.access import get_party
from include.sla_logic.web.tmf.addresses import root_of
from include.sla_logic.web.tmf.errors import add_errors
from include.sla_logic.web.tmf.hub import HUBS

about = APIRouter(include_in_schema=False)
ROUTERS: tuple[APIRouter, ...] = (
    about,
    trouble_tickets.router,
    service_problems.router,
    customer_bills.router,
    sla_violations.router,
    *HUBS,
)


@about.get("/openapi.json")
def openapi(request: Request) -> dict[str, Any]:
    """Describe these APIs to those who may use them."""
    described: dict[str, Any] = request.app.openapi()
    return described | {"servers": [{"url": root_of(request) + OPEN_APIS}]}


def build_open_apis(desk: DeskSettings, login: Login) -> FastAPI:
    """Build them: every route asks `login` who is there, and the file of the open APIs whether it is a partner."""
    app = FastAPI(title="TELECO Open APIs", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.router.routes.extend(_routes(login))
    add_errors(app)
    return app


@lru_cache(maxsize=8)
def _routes(login: Login) -> Sequence[BaseRoute]:
    """Put the routes together, once for the same login: it takes longer than all the rest."""
    together = APIRouter()
    for router in ROUTERS:
        together.include_router(router, dependencies=[Depends(remember(login)), Depends(get_party)])
    return together.routes
