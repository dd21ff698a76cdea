"""Every action as a page that explains it and asks for a reason, and the change behind it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.services import UnableToAcceptNotification
from include.sla_logic.web.actions import ACTIONS, Action, action_request
from include.sla_logic.web.dependencies import CurrentCaller, CurrentDesk, WithUseCases
from include.sla_logic.web.errors import DeskRoute, status_of
from include.sla_logic.web.forms import Form
from include.sla_logic.web.new_report import SUGGESTED, of_form, start_report
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
    try:
        run_id, _ = await start_report(request, use_cases, desk, caller, of_form(form))
    except UnableToAcceptNotification as refused:
        wrong = {fault.field.removeprefix("."): fault.reason for fault in refused.faults}
        return await run_in_threadpool(_report_form, request, use_cases, form, wrong)
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
