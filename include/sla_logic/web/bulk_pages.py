"""One action on many tickets or credits: each is performed by itself, and each result is shown."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.sentence import sentence_of
from include.sla_logic.services import UseCases
from include.sla_logic.web.action import action_request
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases
from include.sla_logic.web.errors import DeskRoute, status_of
from include.sla_logic.web.forms import Form, reason_of
from include.sla_logic.web.rendering import render
from include.sla_logic.web.translations import gettext

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
PICK = "pick:"
RELEASE = ("ticket", "release")
Kind = Annotated[str, Path(max_length=20)]
BULK = frozenset({("ticket", "assign"), ("ticket", "hold"), RELEASE, ("credit", "approve"), ("credit", "decline")})


@router.get("/acts/{kind}/many")
def choose_again(request: Request, kind: Kind) -> RedirectResponse:
    """Lead to the list where the page of results is reloaded: it has no address of its own, and nothing is repeated."""
    return RedirectResponse(_list_of(request, kind), status_code=303)


@router.post("/acts/{kind}/many", response_class=HTMLResponse)
def do_many(
    request: Request,
    use_cases: WithUseCases,
    caller: CurrentCaller,
    form: Form,
    kind: Kind,
) -> HTMLResponse:
    """Perform the action that the form names on all that it picks, with one reason, and tell each result."""
    key = kind, form.get("name", "")
    if key not in BULK:
        raise HTTPException(404, gettext("There is no such action for several at once."))
    reason_of(form.get("reason"))  # refused for all before anything is done
    action, results = ACTIONS[key], []
    subjects = [name.removeprefix(PICK) for name in form if name.startswith(PICK)]
    waiting = _waiting(use_cases, subjects) if key == RELEASE else frozenset()
    for subject in subjects:
        try:
            if subject in waiting and use_cases.restorations.find(subject).sent_by == caller.name:
                results.append((subject, ""))  # sent together with one of the same cause
                continue
            action.perform(use_cases, action_request(action, subject, form, by=caller.name, roles=caller.roles))
        except Exception as refusal:
            if status_of(refusal) is None:
                raise
            results.append((subject, sentence_of(refusal)))
        else:
            results.append((subject, ""))
    done = sum(not refused for _, refused in results)
    values = {"title": action.title, "results": results, "done": done, "back": _list_before(request, kind)}
    return HTMLResponse(render(request, "many.html.j2", **values))


def _waiting(use_cases: UseCases, tickets: Iterable[str]) -> frozenset[str]:
    """Return those whose restoration request can still be sent."""
    found = set()
    for ticket in tickets:
        with suppress(ForeseenError):
            use_cases.restorations.check(ticket)
            found.add(ticket)
    return frozenset(found)


def _list_of(request: Request, kind: str) -> str:
    """Return the address on which subjects of this kind are chosen."""
    return f"{request.scope.get('root_path', '')}/{'' if kind == 'ticket' else 'waiting'}"


def _list_before(request: Request, kind: str) -> str:
    """Return the same with the filter and the page that it had when the form was sent, if the browser tells."""
    place, before = _list_of(request, kind), urlsplit(request.headers.get("referer", ""))
    return f"{place}?{before.query}" if before.query and before.path == place else place
