"""Every action as a page that explains it and asks for a reason, and the change behind it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.services.subscriptions import UnableToFindSubscription
from include.sla_logic.web.actions import ACTIONS, Action, action_request
from include.sla_logic.web.dependencies import CurrentCaller, CurrentDesk, WithUseCases
from include.sla_logic.web.errors import DeskRoute, status_of
from include.sla_logic.web.forms import Form
from include.sla_logic.web.new_report import SUGGESTED, read_report
from include.sla_logic.web.parameters import Reference
from include.sla_logic.web.rendering import query, render, segment

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
Name = Annotated[str, Path(max_length=20)]


@router.get("/acts/{kind}/{subject}/{name}", response_class=HTMLResponse)
def ask(request: Request, kind: Name, subject: Reference, name: Name) -> HTMLResponse:
    """Explain an action and ask for its reason."""
    return HTMLResponse(_action_page(request, _action(kind, name), subject))


@router.post("/acts/{kind}/{subject}/{name}")
def do(
    request: Request,
    use_cases: WithUseCases,
    caller: CurrentCaller,
    form: Form,
    kind: Name,
    subject: Reference,
    name: Name,
) -> Response:
    """Perform the action; a refusal shows the form again with what was typed."""
    action = _action(kind, name)
    try:
        ticket = action.perform(use_cases, action_request(subject, form, by=caller.name, roles=caller.roles))
    except Exception as refusal:
        status = status_of(refusal)
        if status is None:
            raise
        page = _action_page(request, action, subject, refusal=str(refusal), typed=form.get("reason", ""))
        return HTMLResponse(page, status_code=status)
    base = request.scope.get("root_path", "")
    return RedirectResponse(f"{base}{_place(action, subject, ticket)}?{query({'done': action.done})}", status_code=303)


def _place(action: Action, subject: str, ticket: str | None) -> str:
    """Return the page that shows what was done."""
    if action.subject == "run":
        return f"/settlement/runs/{segment(subject)}"
    return f"/incidents/{segment(ticket)}" if ticket else "/waiting"


def _action(kind: str, name: str) -> Action:
    action = ACTIONS.get((kind, name))
    if action is None:
        raise HTTPException(404, "There is no such action.")
    return action


def _action_page(request: Request, action: Action, subject: str, *, refusal: str = "", typed: str = "") -> str:
    return render(request, "action.html.j2", action=action, subject=subject, refusal=refusal, typed=typed)


@router.get("/new", response_class=HTMLResponse)
def new(request: Request, use_cases: WithUseCases) -> HTMLResponse:
    """Ask for a new problem report."""
    return _report_form(request, use_cases, {}, {})


@router.post("/new")
async def start(
    request: Request, use_cases: WithUseCases, caller: CurrentCaller, desk: CurrentDesk, form: Form
) -> Response:
    """Start a run of the process with the report, or say field by field what is wrong with it."""
    if desk.start_run is None:
        raise HTTPException(501, "This desk cannot start runs.")
    try:
        notification = await run_in_threadpool(read_report, form, use_cases)
    except UnableToFindSubscription as error:
        return await run_in_threadpool(_report_form, request, use_cases, form, {error.field: str(error)})
    except ValidationError as error:
        return await run_in_threadpool(_report_form, request, use_cases, form, _by_field(error))
    run_id = await desk.start_run(request, notification.model_dump(mode="json", exclude_none=True))
    detail = f"{notification.symptom.value} of {notification.service} for {notification.customer}"
    await run_in_threadpool(use_cases.quarantine.note_entered, run_id, by=caller.name, detail=detail)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/runs/{segment(run_id)}", status_code=303)


def _report_form(
    request: Request, use_cases: WithUseCases, typed: Mapping[str, str], wrong: Mapping[str, str]
) -> HTMLResponse:
    """Show the form with what was typed; `wrong` has one sentence for each wrong field."""
    page = render(
        request,
        "new.html.j2",
        typed=typed,
        wrong=wrong,
        known=use_cases.subscriptions.some(limit=SUGGESTED),
        fields=ProblemNotification.model_fields,
    )
    return HTMLResponse(page, status_code=422 if wrong else 200)


def _by_field(error: ValidationError) -> dict[str, str]:
    return {str(each["loc"][0]) if each["loc"] else "observed_to": each["msg"] for each in error.errors()}
