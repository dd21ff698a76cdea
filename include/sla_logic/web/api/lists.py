"""The long lists of the API, a page at a time: what waits for a person, what was done, and service problems."""

from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query

from include.sla_logic.services.worklists import Page
from include.sla_logic.web.api.answers import Answer, Problem
from include.sla_logic.web.api.list_models import (
    Act,
    DisputeView,
    Listed,
    Outgoing,
    ProblemView,
    Quarantined,
    Waiting,
    WaitingCredit,
)
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import PageNumber, ShownProblems

A = TypeVar("A", bound=Answer)
Size = Annotated[int, Query(ge=1, le=200)]

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 409, 413, 414, 415, 422, 501)
}
router = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["read"])


def listed(found: Page[Any], model: type[A]) -> Listed[A]:
    """Answer one page of a list."""
    items = [model.of(row) for row in found.rows]
    return Listed(total=found.total, page=found.number, pages=found.pages, items=items)


@router.get("/restorations")
def restorations(use_cases: WithUseCases, page: PageNumber = 1, size: Size = 50) -> Listed[Waiting]:
    """List the restoration requests that wait for a release, the nearest deadline first."""
    return listed(use_cases.worklists.restorations(page=page, size=size), Waiting)


@router.get("/credits")
def credits_that_wait(use_cases: WithUseCases, page: PageNumber = 1, size: Size = 50) -> Listed[WaitingCredit]:
    """List the credits that wait for a person, the oldest first."""
    return listed(use_cases.worklists.credits(page=page, size=size), WaitingCredit)


@router.get("/disputes")
def disputes(
    use_cases: WithUseCases,
    state: Literal["open", "accepted", "declined", "all"] = "open",
    page: PageNumber = 1,
    size: Size = 50,
) -> Listed[DisputeView]:
    """List the disputes that wait for a decision, or those in another state, the oldest first."""
    asked = None if state == "all" else state
    return listed(use_cases.disputes.listed(state=asked, page=page, size=size), DisputeView)


@router.get("/quarantine")
def quarantine(
    use_cases: WithUseCases, page: PageNumber = 1, size: Size = 50, *, imports: bool = False
) -> Listed[Quarantined]:
    """List the notifications that were refused, or with `imports` the rejected rows of imports, the newest first."""
    return listed(use_cases.worklists.quarantine(page=page, size=size, imports=imports), Quarantined)


@router.get("/messages")
def messages(
    use_cases: WithUseCases,
    state: Literal["waiting", "claimed", "sent", "dead"] = "dead",
    page: PageNumber = 1,
    size: Size = 50,
) -> Listed[Outgoing]:
    """List messages of the outbox without their payload, the newest first."""
    return listed(use_cases.worklists.messages(states=[state], page=page, size=size), Outgoing)


@router.get("/problems")
def problems(
    use_cases: WithUseCases, shown: ShownProblems = "open", page: PageNumber = 1, size: Size = 50
) -> Listed[ProblemView]:
    """List service problems, each the common cause of its incidents, the newest first."""
    return listed(use_cases.worklists.problems(open_only=shown == "open", page=page, size=size), ProblemView)


@router.get("/audit")
def audit(use_cases: WithUseCases, page: PageNumber = 1, size: Size = 50) -> Listed[Act]:
    """List who did what beside the process, the newest first."""
    return listed(use_cases.worklists.audit(page=page, size=size), Act)
