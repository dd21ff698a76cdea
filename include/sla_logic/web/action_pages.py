"""Every act as a page that explains and asks, and the change behind it."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.web.actions import ACTIONS, Action, action_request
from include.sla_logic.web.dependencies import AsCaller, AtDesk, WithUseCases
from include.sla_logic.web.errors import DeskRoute, status_of
from include.sla_logic.web.forms import AForm
from include.sla_logic.web.new_report import UnableToReadReport, read_report, suggestions
from include.sla_logic.web.rendering import query, render, segment

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
Subject = Annotated[str, Path(max_length=280)]
Name = Annotated[str, Path(max_length=20)]


@router.get("/acts/{kind}/{subject}/{name}", response_class=HTMLResponse)
def ask(request: Request, kind: Name, subject: Subject, name: Name) -> HTMLResponse:
    """Explain an act and ask for its reason."""
    return HTMLResponse(_asked(request, _act(kind, name), subject))


@router.post("/acts/{kind}/{subject}/{name}")
def do(
    request: Request, use_cases: WithUseCases, caller: AsCaller, form: AForm, kind: Name, subject: Subject, name: Name
) -> Response:
    """Do it; a refusal comes back with what was typed."""
    act = _act(kind, name)
    try:
        ticket = act.perform(use_cases, action_request(subject, form, by=caller.name))
    except Exception as refusal:
        status = status_of(refusal)
        if status is None:
            raise
        page = _asked(request, act, subject, refusal=str(refusal), typed=form.get("reason", ""))
        return HTMLResponse(page, status_code=status)
    base = request.scope.get("root_path", "")
    place = f"/incidents/{segment(ticket)}" if ticket else "/waiting"
    return RedirectResponse(f"{base}{place}?{query({'done': act.done})}", status_code=303)


def _act(kind: str, name: str) -> Action:
    act = ACTIONS.get((kind, name))
    if act is None:
        raise HTTPException(404, "The desk knows no such act.")
    return act


def _asked(request: Request, act: Action, subject: str, *, refusal: str = "", typed: str = "") -> str:
    return render(request, "act.html.j2", act=act, subject=subject, refusal=refusal, typed=typed)


@router.get("/new", response_class=HTMLResponse)
def new(request: Request, use_cases: WithUseCases) -> HTMLResponse:
    """Ask for a new problem report."""
    return _form(request, use_cases, {}, {})


@router.post("/new")
async def start(request: Request, use_cases: WithUseCases, caller: AsCaller, desk: AtDesk, form: AForm) -> Response:
    """Start a run of the process with the report, or say field by field what is wrong with it."""
    if desk.start is None:
        raise HTTPException(501, "This desk cannot start runs.")
    try:
        notification = await run_in_threadpool(read_report, form, use_cases)
    except UnableToReadReport as error:
        return await run_in_threadpool(_form, request, use_cases, form, error.fields, 422)
    except ValidationError as error:
        return await run_in_threadpool(_form, request, use_cases, form, _by_field(error), 422)
    run_id = await desk.start(request, notification.model_dump(mode="json", exclude_none=True))
    said = f"{notification.symptom.value} of {notification.service} for {notification.customer}"
    await run_in_threadpool(use_cases.quarantine.note_entered, run_id, by=caller.name, detail=said)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/runs/{segment(run_id)}", status_code=303)


def _form(request: Request, use_cases: WithUseCases, typed: object, wrong: object, status: int = 200) -> HTMLResponse:
    page = render(
        request,
        "new.html.j2",
        typed=typed,
        wrong=wrong,
        known=suggestions(use_cases),
        fields=ProblemNotification.model_fields,
    )
    return HTMLResponse(page, status_code=status)


def _by_field(error: ValidationError) -> dict[str, str]:
    return {str(each["loc"][0]) if each["loc"] else "observed_to": each["msg"] for each in error.errors()}
