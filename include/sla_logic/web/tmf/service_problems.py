"""TMF656 v5: service problems are read, and acknowledged by those who work on them."""

from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from include.sla_logic.domain.open_apis.service_problem import API, acknowledgement, service_problem
from include.sla_logic.services.service_problems import AT_ONCE, SAID_LIMIT, ProblemFilter
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.tmf.access import CurrentParty, Party, WritingParty
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.pages import WantedCut, check_key
from include.sla_logic.web.tmf.queries import Fields, read_fields
from include.sla_logic.web.tmf.resources import (
    Resource,
    Root,
    answer_list,
    answer_one,
    body_of,
    described,
    read_body,
    wanted_by,
)
from include.sla_logic.web.tmf.routes import api_router, not_offered

router = api_router(f"/{API}", "serviceProblemManagement")
STATUSES = ("acknowledged", "rejected", "pending", "held", "inProgress", "resolved", "cancelled", "closed")
FILTERS = (
    *("id", "status", "category", "priority"),
    *("rootCauseResource.id", "affectedService.id", "troubleTicket.id"),
)
FIELDS = (
    *("category", "priority", "description", "reason", "status", "statusChangeDate", "statusChangeReason"),
    *("creationDate", "resolutionDate", "firstAlert", "affectedNumberOfServices", "affectedService"),
    *("rootCauseResource", "underlyingAlarm", "troubleTicket", "relatedEntity", "characteristic", "trackingRecord"),
)
ACKNOWLEDGED = ("state", "problem", "ackProblem", "trackingRecord")
_OWN = "Service problems are opened, restored and closed by the incident process; they are not changed here."
_NONE = "This is not offered: a problem that was acknowledged stays so, and problems are grouped by their resource."
Id = Annotated[str, Path(max_length=64)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class ProblemRef(_Sent):
    """A service problem by its id."""

    type_: Literal["ServiceProblemRef"] = Field(alias="@type")
    id: str = Field(max_length=64)
    href: str | None = Field(None, max_length=1000)
    name: str | None = Field(None, max_length=250)
    referred: str | None = Field(None, alias="@referredType", max_length=64)


class Tracking(_Sent):
    """What is said beside; who and when are noted here, whatever is sent."""

    type_: Literal["TrackingRecord"] = Field(alias="@type")
    description: str | None = Field(None, max_length=SAID_LIMIT)
    user: str | None = Field(None, max_length=250)
    time: str | None = Field(None, max_length=64)
    system: str | None = Field(None, alias="systemId", max_length=250)


class ProblemAcknowledgement(_Sent):
    """The problems that somebody has seen."""

    type_: Literal["ProblemAcknowledgement"] = Field(alias="@type")
    problem: list[ProblemRef] = Field(min_length=1, max_length=AT_ONCE)
    tracking: Tracking | None = Field(None, alias="trackingRecord")


def get_worker(party: CurrentParty) -> Party:
    """Return who works on problems; partners do not."""
    if party.is_partner:
        raise HTTPException(403, "The provider acknowledges service problems; a problem's trackingRecord says when.")
    return party


Worker = Annotated[Party, Depends(get_worker)]


@router.get("/serviceProblem", response_model=list[Resource], openapi_extra=described(FILTERS))
def problems(
    request: Request, use_cases: WithUseCases, party: CurrentParty, root: Root, cut: WantedCut, fields: Fields = ""
) -> Response:
    """List service problems, the newest first; a partner sees those behind their customers' incidents."""
    wanted = _filter(party, wanted_by(request, FILTERS))
    found = use_cases.open_apis.service_problems.listed(wanted, check_key(cut, int))
    return answer_list(request, found, lambda one: service_problem(one, root=root), fields=fields, known=FIELDS)


@router.get("/serviceProblem/{problem}", response_model=Resource)
def problem(use_cases: WithUseCases, party: CurrentParty, root: Root, problem: Id, fields: Fields = "") -> Response:
    """Return one service problem."""
    view = use_cases.open_apis.service_problems.find(problem, customers=party.customers)
    return answer_one(service_problem(view, root=root), fields=fields, known=FIELDS)


@router.get("/problemAcknowledgement", response_model=list[Resource])
def acknowledgements(
    request: Request, use_cases: WithUseCases, _worker: Worker, root: Root, cut: WantedCut, fields: Fields = ""
) -> Response:
    """List acknowledgements, the newest first."""
    wanted_by(request, ())
    found = use_cases.open_apis.service_problems.acknowledgements(check_key(cut, int))
    return answer_list(request, found, lambda one: acknowledgement(*one, root=root), fields=fields, known=ACKNOWLEDGED)


@router.get("/problemAcknowledgement/{seen}", response_model=Resource)
def acknowledged(use_cases: WithUseCases, _worker: Worker, root: Root, seen: Id, fields: Fields = "") -> Response:
    """Return one acknowledgement."""
    found = use_cases.open_apis.service_problems.acknowledgement(seen)
    return answer_one(acknowledgement(*found, root=root), fields=fields, known=ACKNOWLEDGED)


async def read_acknowledgement(request: Request, _writer: WritingParty, _worker: Worker) -> ProblemAcknowledgement:
    """Read what is acknowledged, from those who may."""
    return await read_body(request, ProblemAcknowledgement)


_BODY = body_of(ProblemAcknowledgement)


@router.post("/problemAcknowledgement", status_code=201, response_model=Resource, openapi_extra={"requestBody": _BODY})
def acknowledge(
    use_cases: WithUseCases,
    party: CurrentParty,
    root: Root,
    sent: Annotated[ProblemAcknowledgement, Depends(read_acknowledgement)],
    fields: Fields = "",
) -> Response:
    """Note that the caller has seen these problems, all or none; their status stays."""
    read_fields(fields, ACKNOWLEDGED)  # before anything is noted
    names = [one.id for one in sent.problem]
    said = sent.tracking.description if sent.tracking else None
    made = use_cases.open_apis.service_problems.acknowledge(names, by=party.name, said=said)
    resource = acknowledgement(made, names, root=root)
    return answer_one(resource, fields=fields, known=ACKNOWLEDGED, status=201, location=resource["href"])


def _filter(party: Party, said: dict[str, tuple[str, ...]]) -> ProblemFilter:
    for status in said.get("status", ()):
        if status not in STATUSES:
            raise UnableToReadRequest(f"status: there is no status {status[:64]!r}; there are {', '.join(STATUSES)}.")
    priorities = said.get("priority")
    for one in priorities or ():
        if not (one.isascii() and one.isdigit() and len(one) <= 2 and 1 <= int(one) <= 10):  # noqa: PLR2004 - of TMF656
            raise UnableToReadRequest(f"priority: write a whole number from 1 to 10, not {one[:64]!r}.")
    return ProblemFilter(
        customers=party.customers,
        problems=said.get("id"),
        statuses=said.get("status"),
        categories=said.get("category"),
        priorities=None if priorities is None else [int(one) for one in priorities],
        resources=said.get("rootCauseResource.id"),
        services=said.get("affectedService.id"),
        tickets=said.get("troubleTicket.id"),
    )


not_offered(router, "/serviceProblem", ["POST"], _OWN, allowed="GET")
not_offered(router, "/serviceProblem/{problem}", ["PATCH", "DELETE"], _OWN, allowed="GET")
for _task in ("problemUnacknowledgement", "problemGroup", "problemUngroup"):
    not_offered(router, f"/{_task}", ["GET", "POST"], _NONE, allowed="")
    not_offered(router, f"/{_task}/{{task}}", ["GET"], _NONE, allowed="")
for _path in ("/serviceProblemEventRecord", "/serviceProblemEventRecord/{record}"):
    not_offered(router, _path, ["GET"], "Events of other systems are not recorded here.", allowed="")
