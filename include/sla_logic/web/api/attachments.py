"""The API for files of an incident: the file is the body of the request, or of the answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from include.sla_logic.web.api.incident_models import CaseAttachment
from include.sla_logic.web.api.lists import REFUSALS
from include.sla_logic.web.attachment_pages import Number, as_download
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.media_type import media_type
from include.sla_logic.web.parameters import Reference

reading = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["read"])
writing = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["act"])
OCTETS = "application/octet-stream"
_BINARY = {"schema": {"type": "string", "format": "binary"}}


async def read_body(request: Request) -> bytes:
    """Read the file after the login."""
    if media_type(request) != OCTETS:
        raise HTTPException(415, f"Send the file itself as the body, as {OCTETS}.")
    return await request.body()


@writing.post(
    "/incidents/{reference}/attachments",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {OCTETS: _BINARY}}},
)
async def attach(
    use_cases: WithUseCases,
    caller: CurrentCaller,
    reference: Reference,
    content: Annotated[bytes, Depends(read_body)],
    name: Annotated[str, Query(max_length=250)],
) -> CaseAttachment:
    """Attach the file in the body to an incident; the same content again is the same attachment."""
    _, file = await run_in_threadpool(use_cases.team.files.attach, reference, name, content, by=caller.name)
    return CaseAttachment.of(file)


@reading.get(
    "/incidents/{reference}/attachments/{number}",
    response_class=Response,
    responses={200: {"content": {OCTETS: _BINARY}}},
)
def download(use_cases: WithUseCases, reference: Reference, number: Number) -> Response:
    """Return a file of an incident."""
    return as_download(use_cases.team.files.file(reference, number))
