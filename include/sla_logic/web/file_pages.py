"""The pages of files: what can be imported, uploads from their dry run to their import, and what can be exported."""

import logging
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.sentence import sentence_of
from include.sla_logic.services import UseCases
from include.sla_logic.services.uploads import Upload, UploadQuestion
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases, get_desk
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.export_pages import as_file
from include.sla_logic.web.rendering import render, size
from include.sla_logic.web.translations import gettext

reading = APIRouter(route_class=DeskRoute, include_in_schema=False)
changing = APIRouter(route_class=DeskRoute, include_in_schema=False)
log = logging.getLogger(__name__)
MOST_FIELDS, FIELD_BYTES = 20, 64 * 1024
SHOWN = 200  # refused rows on a page
_FIELDS = ("kind", "mapping", "own_mapping", "as_of", "source", "until", "complete_until")
Number = Annotated[int, Path(ge=1, lt=2**63)]


@reading.get("/files", response_class=HTMLResponse)
def files(request: Request, use_cases: WithUseCases) -> HTMLResponse:
    """Show every kind of import with its columns, the newest uploads, and every export."""
    return HTMLResponse(_page(request, use_cases, {}, ""))


@reading.get("/files/{number}", response_class=HTMLResponse)
def upload(request: Request, use_cases: WithUseCases, number: Number) -> HTMLResponse:
    """Show what an upload would bring in or has brought in, and every refused row with what to do."""
    found = use_cases.uploads.find(number)
    return HTMLResponse(render(request, "upload.html.j2", upload=found, shown=SHOWN))


@reading.get("/files/{number}/rejected.csv")
def rejected(use_cases: WithUseCases, number: Number) -> Response:
    """Return the refused rows for a spreadsheet."""
    text = use_cases.uploads.rejected(number)
    return Response(text, media_type="text/csv; charset=utf-8", headers=as_file(f"rejected-{number}.csv"))


@changing.post("/files")
async def send(request: Request, use_cases: WithUseCases, caller: CurrentCaller) -> Response:
    """Take a file and make its dry run: at once where it is small, else where imports are made."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(415, gettext("Send the file as multipart/form-data."))
    async with request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES) as form:
        asked = {name: str(value).strip() for name in _FIELDS if isinstance(value := form.get(name, ""), str)}
        try:
            file, question = _file_of(form, get_desk(request).upload_bytes), _question(asked, form)
            name = file.filename or ""
            kept = await run_in_threadpool(use_cases.uploads.receive, file.file, name, question, by=caller.name)
        except ForeseenError as error:
            page = await run_in_threadpool(_page, request, use_cases, asked, sentence_of(error))
            return HTMLResponse(page, status_code=422)
    await _work_on(request, use_cases, kept)
    return _shown(request, kept.id)


@changing.post("/files/{number}/import")
async def confirm(request: Request, use_cases: WithUseCases, caller: CurrentCaller, number: Number) -> Response:
    """Import a file whose dry run was seen."""
    kept = await run_in_threadpool(use_cases.uploads.confirm, number, by=caller.name)
    await _work_on(request, use_cases, kept)
    return _shown(request, number)


@changing.post("/files/{number}/discard")
def discard(request: Request, use_cases: WithUseCases, caller: CurrentCaller, number: Number) -> Response:
    """Delete a file that is not to be imported."""
    use_cases.uploads.discard(number, by=caller.name)
    return _shown(request, number)


def _file_of(form: FormData, most: int) -> UploadFile:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise HTTPException(422, gettext("Choose a file."))
    if (file.size or 0) > most:
        has, limit = size(file.size or 0), size(most)
        msg = gettext("The file has %(has)s, and %(limit)s are the limit; `sla import` has none.", has=has, limit=limit)
        raise HTTPException(413, msg)
    return file


def _question(asked: dict[str, str], form: FormData) -> UploadQuestion:
    own = asked["own_mapping"].replace("\r\n", "\n")
    return UploadQuestion(**{**asked, "own_mapping": own}, reports_only=bool(form.get("reports_only")))


async def _work_on(request: Request, use_cases: UseCases, kept: Upload) -> None:
    """Read a small file in a thread; let another process read a large one, at the latest on its schedule."""
    if kept.asked["at_once"]:
        await run_in_threadpool(use_cases.uploads.work_on, kept.id)
        return
    if (collect := get_desk(request).collect) is not None:
        try:
            await collect(request)
        except HTTPException as refusal:
            log.info("Upload %d waits for the schedule of imports: %s", kept.id, refusal.detail)


def _shown(request: Request, number: int) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/files/{number}", status_code=303)


def _page(request: Request, use_cases: UseCases, asked: dict[str, str], refusal: str) -> str:
    found = {
        "kinds": use_cases.imports.kinds(),
        "months": use_cases.reports.recent_months(),
        "uploads": use_cases.uploads.newest(),
    }
    most, typed = get_desk(request).upload_bytes, dict.fromkeys(_FIELDS, "") | asked
    return render(request, "files.html.j2", **found, asked=typed, refusal=refusal, most=most)
