"""The API for incidents, services, months and actions."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.notification_text import read_notification
from include.sla_logic.services import UnableToAcceptNotification
from include.sla_logic.services.board import UNASSIGNED, BoardFilter
from include.sla_logic.web.action import action_request
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.api.answers import Done, Fault, Order, Problem, StartedRun
from include.sla_logic.web.api.incident_models import BoardLine, Case, IncidentPage
from include.sla_logic.web.api.lists import REFUSALS, Size
from include.sla_logic.web.api.report_models import MonthReport, ServiceView
from include.sla_logic.web.dependencies import CurrentCaller, CurrentDesk, WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.media_type import media_type
from include.sla_logic.web.new_report import start_report
from include.sla_logic.web.parameters import Owner, PageNumber, Priority, Reference, ServiceId, Shown, Sort, Text

reading = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["read"])
writing = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["act"])


def _require_json(request: Request) -> None:
    if media_type(request) != "application/json":
        raise HTTPException(415, "Send it as application/json.")


async def read_conf(request: Request) -> dict[str, Any]:
    """Read a notification after the login."""
    _require_json(request)
    return read_notification(await request.body(), name="The request")


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_FIELDS = {name: field for name, field in ProblemNotification.model_fields.items() if name != "schema_version"}
_NOTIFICATION = {
    "type": "object",
    "properties": {name: {"title": f.title, "description": f.description} for name, f in _FIELDS.items()},
    "required": [name for name, field in _FIELDS.items() if field.is_required()],
    "additionalProperties": False,
}


@reading.get("/incidents")
def incidents(  # noqa: PLR0913, PLR0917 - one parameter for each filter
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
    size: Size = 50,
) -> IncidentPage:
    """List incidents, the most urgent first or by `sort`; `owner` is a person, `mine` or `none`."""
    who = {"mine": caller.name, "none": UNASSIGNED}.get(owner, owner)
    wanted = BoardFilter(shown, lane, priority, customer, service, search.strip(), who, sort)
    found = use_cases.board.incidents(wanted, page=page, size=size)
    lines = [BoardLine.of(line) for line in found.rows]
    return IncidentPage(total=found.total, page=page, pages=found.pages, incidents=lines)


@writing.post("/incidents", status_code=202, openapi_extra=_body(_NOTIFICATION), response_model=StartedRun)
async def start(
    request: Request,
    use_cases: WithUseCases,
    caller: CurrentCaller,
    desk: CurrentDesk,
    conf: Annotated[dict[str, Any], Depends(read_conf)],
) -> Response:
    """Start a run with a notification, or name all its faults before a run exists."""
    try:
        run_id, _ = await start_report(request, use_cases, desk, caller, conf)
    except UnableToAcceptNotification as refused:
        faults = [Fault.of(fault) for fault in refused.faults]
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        told = Problem(status=status, title=status.phrase, detail=str(refused), faults=faults)
        return JSONResponse(told.model_dump(), status)
    return JSONResponse(StartedRun(run_id=run_id).model_dump(), 202)


@reading.get("/incidents/{reference}")
def incident(use_cases: WithUseCases, reference: Reference) -> Case:
    """Return everything about one incident, by ticket, external reference or run."""
    return Case.of(use_cases.lookups.incident(reference))


@reading.get("/services/{service}")
def service(use_cases: WithUseCases, service: ServiceId) -> ServiceView:
    """Return a service with its agreements and what their windows promised and used up."""
    return ServiceView.of(use_cases.service_status.of(service))


@reading.get("/reports/{month}")
def report(use_cases: WithUseCases, month: Annotated[str, Path(pattern=r"^\d{4}-\d{2}$")]) -> MonthReport:
    """Return the figures of one month, 2026-11."""
    return MonthReport.of(use_cases.reports.month(month))


async def read_order(request: Request) -> Order:
    """Read the body after the login: a body that FastAPI reads by itself is refused before the caller is known."""
    _require_json(request)
    try:
        return Order.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        ) from error


ActionName = Literal[
    "release",
    "reject",
    "hold",
    "resume",
    "record",
    "measure",
    "resolve",
    "reopen",
    "write",
    "take",
    "assign",
    "give-back",
    "note",
    "message",
    "approve",
    "enter",
    "claim",
    "decline",
    "paid-out",
    "dispute",
    "accept",
    "retry",
    "resend",
]


@writing.post("/acts/{kind}/{subject}/{name}", openapi_extra=_body(Order.model_json_schema()))
def act(
    use_cases: WithUseCases,
    caller: CurrentCaller,
    order: Annotated[Order, Depends(read_order)],
    kind: Literal["ticket", "credit", "dispute", "window", "run", "entry", "message"],
    subject: Reference,
    name: ActionName,
) -> Done:
    """Perform one action on what `kind` and `subject` name.

    A dispute is recorded at a ticket, or at a window, named as customer|service|20261005T000000Z.
    """
    action = ACTIONS.get((kind, name))
    if action is None:
        raise HTTPException(404, f"A {kind} has no action {name}.")
    fields = order.model_dump(exclude_none=True, exclude={"attachments"})
    request = action_request(action, subject, fields, by=caller.name, roles=caller.roles, attachments=order.attachments)
    return Done(done=action.done, ticket=action.perform(use_cases, request))


@reading.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> dict[str, Any]:
    """Describe this API to those who may read it."""
    described: dict[str, Any] = request.app.openapi()
    return described
