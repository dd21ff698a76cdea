"""Files of an incident at the desk: attached by a form, and only ever saved, never shown."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from include.sla_logic.services.attachments import StoredFile
from include.sla_logic.web.addresses import query, segment
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.media_type import media_type
from include.sla_logic.web.parameters import Reference
from include.sla_logic.web.translations import gettext

reading = APIRouter(route_class=DeskRoute, include_in_schema=False)
writing = APIRouter(route_class=DeskRoute, include_in_schema=False)
Number = Annotated[int, Path(ge=0, lt=2**63)]
Sent = tuple[str, bytes]


async def read_file(request: Request) -> Sent:
    """Read the form after the login, and return the name and the content of its one file."""
    if media_type(request) != "multipart/form-data":
        raise HTTPException(415, gettext("Send the file in the field `file` of a form, as multipart/form-data."))
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, gettext("Choose a file: it is sent in the field `file`."))
        return file.filename or "", await file.read()


@writing.post("/incidents/{reference}/attachments")
async def attach(
    request: Request,
    use_cases: WithUseCases,
    caller: CurrentCaller,
    reference: Reference,
    sent: Annotated[Sent, Depends(read_file)],
) -> Response:
    """Keep a file, and go back to the page of its incident."""
    ticket, _ = await run_in_threadpool(use_cases.team.files.attach, reference, *sent, by=caller.name)
    base = request.scope.get("root_path", "")
    return RedirectResponse(f"{base}/incidents/{segment(ticket)}?{query({'done': 'attached'})}", status_code=303)


@reading.get("/incidents/{reference}/attachments/{number}")
def download(use_cases: WithUseCases, reference: Reference, number: Number) -> Response:
    """Return a file to be saved."""
    return as_download(use_cases.team.files.file(reference, number))


def as_download(file: StoredFile) -> Response:
    """Answer with a file that no browser opens by itself: its kind is not told, and it can load or run nothing."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in file.name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(file.content, media_type="application/octet-stream", headers=headers)
