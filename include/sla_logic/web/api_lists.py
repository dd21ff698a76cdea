"""The long lists of the API, a page at a time: what waits for a person, what was done, and service problems."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel

from include.sla_logic.persistence.audit import Act, page_of_acts
from include.sla_logic.persistence.credit_decisions import WaitingCredit, page_of_credits
from include.sla_logic.persistence.outbox import Outgoing, page_of_messages
from include.sla_logic.persistence.paging import LAST_PAGE, Page
from include.sla_logic.persistence.quarantine import Quarantined, page_of_quarantine
from include.sla_logic.persistence.queries.attention import Waiting, waiting_restorations
from include.sla_logic.persistence.queries.service_problems import ProblemView, page_of_problems
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute

T = TypeVar("T")
MOST = 200
Number = Annotated[int, Query(ge=1, le=LAST_PAGE)]
Size = Annotated[int, Query(ge=1, le=MOST)]


class Problem(BaseModel):
    """Why something was refused."""

    status: int
    title: str
    detail: str


class Listed(BaseModel, Generic[T]):
    """One page of a list; pages are counted from 1."""

    total: int
    page: int
    pages: int
    items: list[T]


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 409, 413, 414, 415, 422, 501)
}
listing = APIRouter(prefix="/api/v1", route_class=DeskRoute, responses=REFUSALS, tags=["read"])


def _listed(found: Page[T]) -> Listed[T]:
    return Listed(total=found.total, page=found.number, pages=found.pages, items=list(found.rows))


@listing.get("/restorations")
def restorations(use_cases: WithUseCases, page: Number = 1, size: Size = 50) -> Listed[Waiting]:
    """List the restoration requests that wait for a release, the nearest deadline first."""
    with use_cases.work.reading() as connection:
        now = use_cases.work.database.now(connection)
        return _listed(waiting_restorations(connection, now=now, number=page, size=size))


@listing.get("/credits")
def credits_that_wait(use_cases: WithUseCases, page: Number = 1, size: Size = 50) -> Listed[WaitingCredit]:
    """List the credits that wait for a person, the oldest first."""
    with use_cases.work.reading() as connection:
        return _listed(page_of_credits(connection, number=page, size=size))


@listing.get("/quarantine")
def quarantine(use_cases: WithUseCases, page: Number = 1, size: Size = 50) -> Listed[Quarantined]:
    """List the notifications that were refused, the newest first."""
    with use_cases.work.reading() as connection:
        return _listed(page_of_quarantine(connection, number=page, size=size))


@listing.get("/messages")
def messages(
    use_cases: WithUseCases,
    state: Literal["waiting", "claimed", "sent", "dead"] = "dead",
    page: Number = 1,
    size: Size = 50,
) -> Listed[Outgoing]:
    """List messages of the outbox without their payload, the newest first."""
    with use_cases.work.reading() as connection:
        return _listed(page_of_messages(connection, states=[state], number=page, size=size))


@listing.get("/problems")
def problems(
    use_cases: WithUseCases, shown: Literal["open", "all"] = "open", page: Number = 1, size: Size = 50
) -> Listed[ProblemView]:
    """List service problems, each the common cause of its incidents, the newest first."""
    with use_cases.work.reading() as connection:
        return _listed(page_of_problems(connection, open_only=shown == "open", number=page, size=size))


@listing.get("/audit")
def audit(use_cases: WithUseCases, page: Number = 1, size: Size = 50) -> Listed[Act]:
    """List who did what beside the process, the newest first."""
    with use_cases.work.reading() as connection:
        return _listed(page_of_acts(connection, number=page, size=size))
