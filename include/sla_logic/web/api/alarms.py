"""The API for alarms: monitoring systems send them with a token for alarms; readers of the desk read them."""

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from include.sla_logic.services.alarms import ALERTMANAGER, OURS, UnableToReadAlarms
from include.sla_logic.web.api.answers import Answer
from include.sla_logic.web.api.list_models import Listed
from include.sla_logic.web.api.lists import REFUSALS, Size, listed
from include.sla_logic.web.dependencies import WithUseCases, get_use_cases
from include.sla_logic.web.errors import DeskRoute, refuse
from include.sla_logic.web.parameters import PageNumber, Text

reading = APIRouter(prefix="/api/v1/alarms", route_class=DeskRoute, responses=REFUSALS, tags=["read"])
sending = APIRouter(prefix="/api/v1/alarms", route_class=DeskRoute, responses=REFUSALS, tags=["alarms"])


class Receipt(Answer):
    """What became of the alarms of one request.

    received: alarms now on record; unknown: those among them that name a resource or service which is not on record;
    refused: alarms in quarantine; left_out: alarms that the sender cut off (Alertmanager's `truncatedAlerts`).
    """

    received: int
    unknown: int
    refused: int
    left_out: int


class ReceivedAlarm(Answer):
    """One alarm from when it was raised until it ended; `object` is null where what it names is not on record."""

    id: str
    source: str
    source_id: str
    code: str
    severity: str
    text: str
    named_resource: str | None
    named_service: str | None
    object: str | None
    raised_at: datetime
    ended_at: datetime | None
    received_at: datetime
    last_received_at: datetime
    doubtful: bool
    services: list[str]


class HitService(Answer):
    """A customer's service that an alarm hits: opened, known, waiting, refused or ended."""

    object: str
    alarm: str
    customer: str
    service: str
    problem: str | None
    ticket: str | None
    state: str
    noted_at: datetime
    over_at: datetime | None


@sending.post("/alertmanager", response_model=Receipt)
async def from_alertmanager(request: Request) -> Response:
    """Take what Alertmanager's webhook sends, version 4."""
    return await _take(request, ALERTMANAGER)


@sending.post("", response_model=Receipt)
async def from_others(request: Request) -> Response:
    """Take alarms in the format of docs/alarms.md."""
    return await _take(request, OURS)


async def _take(request: Request, source: str) -> Response:
    """Look at the token before anything that was sent."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        answer = {"WWW-Authenticate": "Bearer"}
        return refuse(request, HTTPStatus.UNAUTHORIZED, "Send the token for alarms as a bearer token.", headers=answer)
    use_cases = await run_in_threadpool(get_use_cases, request)
    if not await run_in_threadpool(use_cases.alarms.admits, token.strip()):
        return refuse(request, HTTPStatus.FORBIDDEN, "This token is not the one for alarms.")
    try:
        receipt = await run_in_threadpool(use_cases.alarms.receive, await request.body(), source=source)
    except UnableToReadAlarms as error:
        return refuse(request, HTTPStatus.BAD_REQUEST, str(error))
    return JSONResponse(Receipt.of(receipt).model_dump())


@reading.get("")
def received(
    use_cases: WithUseCases, page: PageNumber = 1, size: Size = 50, *, raised: bool = True, unknown: bool = False
) -> Listed[ReceivedAlarm]:
    """List alarms, the last raised first: only raised ones, and with `unknown` those that name nothing on record."""
    found = use_cases.alarm_views.listed(raised_only=raised, unknown_only=unknown, page=page, size=size)
    return listed(found, ReceivedAlarm)


@reading.get("/hit")
def hit(
    use_cases: WithUseCases, problem: Text = "", page: PageNumber = 1, size: Size = 50, *, waiting: bool = False
) -> Listed[HitService]:
    """List the services that alarms hit, of all or of one service problem, those that wait for an incident first."""
    found = use_cases.alarm_views.hit(problem=problem or None, waiting_only=waiting, page=page, size=size)
    return listed(found, HitService)
