"""Every action as a page that explains it and asks for a reason, and the change behind it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.notification import Metric, ProblemNotification
from include.sla_logic.domain.reported_units import UNITS
from include.sla_logic.domain.sentence import sentence_of
from include.sla_logic.services import UnableToAcceptNotification, UseCases
from include.sla_logic.web.action import Action, action_request
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.addresses import query, segment
from include.sla_logic.web.dependencies import CurrentCaller, CurrentDesk, WithUseCases
from include.sla_logic.web.errors import DeskRoute, status_of
from include.sla_logic.web.forms import Form
from include.sla_logic.web.new_report import ROWS, SUGGESTED, of_form, start_report
from include.sla_logic.web.parameters import Reference, Text
from include.sla_logic.web.rendering import render
from include.sla_logic.web.translations import gettext

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
Name = Annotated[str, Path(max_length=20)]


@router.get("/acts/{kind}/{subject}/{name}", response_class=HTMLResponse)
def ask(
    request: Request, use_cases: WithUseCases, caller: CurrentCaller, kind: Name, subject: Reference, name: Name
) -> HTMLResponse:
    """Explain an action and ask for its reason, or say at once why it is no longer possible."""
    action = _action(kind, name)
    action.refuse_others(caller.roles)
    try:
        if action.check is not None:
            action.check(use_cases, subject)
    except ForeseenError as refusal:
        page = _action_page(request, use_cases, action, subject, refusal=sentence_of(refusal), over=True)
        return HTMLResponse(page, status_code=status_of(refusal) or 409)
    return HTMLResponse(_action_page(request, use_cases, action, subject))


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
        found = action.perform(use_cases, action_request(action, subject, form, by=caller.name, roles=caller.roles))
    except Exception as refusal:
        status = status_of(refusal)
        if status is None:
            raise
        page = _action_page(request, use_cases, action, subject, refusal=sentence_of(refusal), typed=form)
        return HTMLResponse(page, status_code=status)
    place = _place(action, subject, None if action.counts else found)
    told = query({"done": action.done, "count": found if action.counts else None})
    return RedirectResponse(f"{request.scope.get('root_path', '')}{place}?{told}", status_code=303)


def _place(action: Action, subject: str, ticket: str | None) -> str:
    """Return the page that shows what was done."""
    if action.subject == "run":
        return f"/settlement/runs/{segment(subject)}"
    return f"/incidents/{segment(ticket)}" if ticket else "/waiting"


def _action(kind: str, name: str) -> Action:
    action = ACTIONS.get((kind, name))
    if action is None:
        raise HTTPException(404, gettext("There is no such action."))
    return action


def _action_page(
    request: Request,
    use_cases: UseCases,
    action: Action,
    subject: str,
    *,
    refusal: str = "",
    typed: Mapping[str, str] = MappingProxyType({}),
    over: bool = False,
) -> str:
    people = use_cases.team.people() if action.asks_person else ()
    files = use_cases.lookups.incident(subject).attachments if action.asks_files else ()
    values = {"subject": subject, "refusal": refusal, "typed": typed, "people": people, "files": files, "over": over}
    return render(request, "action.html.j2", action=action, **values)


@router.get("/new", response_class=HTMLResponse)
def new(request: Request, use_cases: WithUseCases, find: Text = "", customer: Text = "") -> HTMLResponse:
    """Ask for a new problem report: of the customer in the address, or find one first."""
    return _report_form(request, use_cases, {"customer": customer, "find": find.strip()}, {})


@router.post("/new")
async def start(
    request: Request, use_cases: WithUseCases, caller: CurrentCaller, desk: CurrentDesk, form: Form
) -> Response:
    """Start a run of the process with the report, or say field by field what is wrong with it.

    Where an incident about the service is open, it asks once more: two tickets for one outage are two letters.
    """
    service = form.get("service", "").strip()
    doubles = await run_in_threadpool(use_cases.subscriptions.open_about, service, limit=1) if service else ()
    if doubles and not form.get("anyway"):
        return await run_in_threadpool(_report_form, request, use_cases, form, {})
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
    customer = typed.get("customer", "").strip()
    known = use_cases.subscriptions.of(customer, limit=SUGGESTED) if customer else ()
    service = typed.get("service", "").strip()
    values = {
        "known": known or use_cases.subscriptions.some(limit=SUGGESTED),
        "chosen": bool(known),
        "found": use_cases.subscriptions.customers(typed["find"], limit=20) if typed.get("find") else None,
        "open_now": {
            one.service: tickets
            for one in known
            if (tickets := use_cases.subscriptions.open_about(one.service, limit=5))
        },
        "doubled": use_cases.subscriptions.open_about(service, limit=5) if service else (),
        "units": {metric.value: UNITS.get(metric.value, ("",))[0] for metric in Metric},
    }
    page = render(
        request, "new.html.j2", typed=typed, wrong=wrong, fields=ProblemNotification.model_fields, rows=ROWS, **values
    )
    doubled = bool(values["doubled"]) and not wrong
    return HTMLResponse(page, status_code=422 if wrong else 409 if doubled else 200)
