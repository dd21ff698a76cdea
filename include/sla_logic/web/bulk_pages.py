"""One action on many tickets or credits: each is performed by itself, and each result is told."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.responses import HTMLResponse

from include.sla_logic.domain.sentence import sentence_of
from include.sla_logic.web.action import action_request
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases
from include.sla_logic.web.errors import DeskRoute, status_of
from include.sla_logic.web.forms import Form, reason_of
from include.sla_logic.web.rendering import render
from include.sla_logic.web.translations import gettext

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
PICK = "pick:"
BULK = frozenset(
    {("ticket", "assign"), ("ticket", "hold"), ("ticket", "release"), ("credit", "approve"), ("credit", "decline")}
)


@router.post("/acts/{kind}/many", response_class=HTMLResponse)
def do_many(
    request: Request,
    use_cases: WithUseCases,
    caller: CurrentCaller,
    form: Form,
    kind: Annotated[str, Path(max_length=20)],
) -> HTMLResponse:
    """Perform the action that the form names on all that it picks, with one reason, and tell each result."""
    key = kind, form.get("name", "")
    if key not in BULK:
        raise HTTPException(404, gettext("There is no such action for several at once."))
    reason_of(form.get("reason"))  # refused for all before anything is done
    action, results = ACTIONS[key], []
    for subject in [name.removeprefix(PICK) for name in form if name.startswith(PICK)]:
        try:
            action.perform(use_cases, action_request(action, subject, form, by=caller.name, roles=caller.roles))
        except Exception as refusal:
            if status_of(refusal) is None:
                raise
            results.append((subject, sentence_of(refusal)))
        else:
            results.append((subject, ""))
    done = sum(not refused for _, refused in results)
    values = {"title": action.title, "results": results, "done": done, "back": "" if kind == "ticket" else "waiting"}
    return HTMLResponse(render(request, "many.html.j2", **values))
