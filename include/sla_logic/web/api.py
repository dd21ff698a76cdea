"""The desk as JSON, with the same rights: list, read, act (OpenAPI at /api/v1/openapi.json)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.sla_logic.persistence.queries.board import BoardFilter, BoardLine, read_board
from include.sla_logic.persistence.queries.incident import Case, view_case
from include.sla_logic.persistence.queries.reports import MonthReport, month_of, report_month
from include.sla_logic.persistence.queries.services import ServiceView, view_service
from include.sla_logic.web.actions import ACTIONS, ActionRequest
from include.sla_logic.web.api_lists import REFUSALS, Number, Size
from include.sla_logic.web.dependencies import AsCaller, WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.forms import reason_of

Text = Annotated[str, Query(max_length=64)]
reading = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["read"])
writing = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["act"])


class IncidentPage(BaseModel):
    """One page of incidents in queue order."""

    total: int
    page: int
    pages: int
    incidents: list[BoardLine]


@reading.get("/incidents")
def incidents(  # noqa: PLR0913, PLR0917 - one parameter for each filter
    use_cases: WithUseCases,
    shown: Literal["open", "waiting", "escalated", "on_hold", "settled", "all"] = "open",
    lane: Text = "",
    priority: Annotated[str, Query(pattern="^(P[1-5])?$")] = "",
    customer: Text = "",
    service: Text = "",
    search: Text = "",
    page: Number = 1,
    size: Size = 50,
) -> IncidentPage:
    """List incidents, the most urgent first."""
    wanted = BoardFilter(shown, lane, priority, customer, service, search.strip())
    with use_cases.work.reading() as connection:
        found = read_board(connection, wanted, now=use_cases.work.database.now(connection), page=page, size=size)
    return IncidentPage(total=found.total, page=page, pages=found.pages, incidents=list(found.lines))


@reading.get("/incidents/{reference}")
def incident(use_cases: WithUseCases, reference: Annotated[str, Path(max_length=280)]) -> Case:
    """Return everything about one incident, by ticket, external reference or run."""
    with use_cases.work.reading() as connection:
        return view_case(connection, reference)


@reading.get("/services/{service}")
def service(use_cases: WithUseCases, service: Annotated[str, Path(max_length=64)]) -> ServiceView:
    """Return a service with its agreements and what their windows promised and used up."""
    with use_cases.work.reading() as connection:
        return view_service(connection, service, now=use_cases.work.database.now(connection))


@reading.get("/reports/{month}")
def report(use_cases: WithUseCases, month: Annotated[str, Path(pattern=r"^\d{4}-\d{2}$")]) -> MonthReport:
    """Return the figures of one month, 2026-11."""
    with use_cases.work.reading() as connection:
        return report_month(connection, month_of(month))


class Order(BaseModel):
    """Why something is to be done, and for a hold, who owes the next step."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    owner: Literal["customer", "provider"] | None = None


async def read_order(request: Request) -> Order:
    """Read the body after the caller was admitted; a body that FastAPI reads itself is refused before she is."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the order as application/json.")
    try:
        return Order.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        ) from error


ORDERED = {"requestBody": {"required": True, "content": {"application/json": {"schema": Order.model_json_schema()}}}}


class Done(BaseModel):
    """What was done, and which incident it belongs to."""

    done: str
    ticket: str | None


@writing.post("/acts/{kind}/{subject}/{name}", openapi_extra=ORDERED)
def act(
    use_cases: WithUseCases,
    caller: AsCaller,
    order: Annotated[Order, Depends(read_order)],
    kind: Literal["ticket", "credit", "entry", "message"],
    subject: Annotated[str, Path(max_length=280)],
    name: Literal["release", "reject", "hold", "resume", "approve", "decline", "retry", "resend"],
) -> Done:
    """Release or reject a restoration, hold or resume a ticket, decide a credit, retry an entry or a message."""
    chosen = ACTIONS.get((kind, name))
    if chosen is None:
        raise HTTPException(404, f"A {kind} has no act {name}.")
    request = ActionRequest(subject, caller.name, reason_of(order.reason), order.owner or "")
    return Done(done=chosen.done, ticket=chosen.perform(use_cases, request))


@reading.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> dict[str, Any]:
    """Describe this API, to whoever may read it."""
    described: dict[str, Any] = request.app.openapi()
    return described
