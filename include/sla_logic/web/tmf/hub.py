"""The hub of each API that sends events: a partner registers a listener, reads and removes it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from include.sla_logic.domain.callbacks import LONGEST
from include.sla_logic.domain.events import EVENT_TYPES, LONGEST_QUERY
from include.sla_logic.services.event_hub import Listener
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.tmf.access import CurrentParty, Party
from include.sla_logic.web.tmf.addresses import root_of
from include.sla_logic.web.tmf.routes import api_router

Number = Annotated[str, Path(max_length=64, description="The id of the listener.")]


class NewHub(BaseModel):
    """A listener to register: without `query` it gets every event of this API about the partner's customers."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    type_: Literal["Hub"] = Field("Hub", alias="@type")
    callback: str = Field(min_length=1, max_length=LONGEST, description="Where events are sent by POST.")
    query: str = Field("", max_length=LONGEST_QUERY, description="eventType=…, several with commas between them.")


class Hub(BaseModel):
    """A registered listener."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    href: str
    callback: str
    query: str | None = None
    type_: str = Field(alias="@type")


def get_partner(party: CurrentParty) -> Party:
    """Return who asks; only partners have listeners, since their file says of which customers they are told."""
    if not party.is_partner:
        raise HTTPException(403, "Only partners have listeners: make the system that listens a partner.")
    return party


CurrentPartner = Annotated[Party, Depends(get_partner)]


def hub_router(api: str) -> APIRouter:
    """Return the hub of one API, named with its version as in the address."""
    router = api_router(f"/{api}", api.partition("/")[0])

    @router.post("/hub", status_code=201, response_model=Hub)
    def register(request: Request, wanted: NewHub, partner: CurrentPartner, use_cases: WithUseCases) -> Response:
        """Register a listener to events from now on."""
        root = root_of(request)
        listener = use_cases.open_apis.event_hub.register(
            api=api, partner=partner.name, callback=wanted.callback, query=wanted.query, root=root
        )
        resource = _resource(listener, root)
        return JSONResponse(resource, 201, headers={"Location": resource["href"]})

    @router.get("/hub/{number}", response_model=Hub)
    def read(request: Request, number: Number, partner: CurrentPartner, use_cases: WithUseCases) -> Response:
        """Read a listener of one's own."""
        listener = use_cases.open_apis.event_hub.find(number, api=api, partner=partner.name)
        return JSONResponse(_resource(listener, root_of(request)))

    @router.delete("/hub/{number}", status_code=204, response_class=Response)
    def remove(number: Number, partner: CurrentPartner, use_cases: WithUseCases) -> Response:
        """Remove a listener of one's own; what has not reached it is not sent any more."""
        use_cases.open_apis.event_hub.remove_own(number, api=api, partner=partner.name)
        return Response(status_code=204)

    return router


def _resource(listener: Listener, root: str) -> dict[str, Any]:
    resource = {
        "id": str(listener.id),
        "href": f"{root}/tmf-api/{listener.api}/hub/{listener.id}",
        "callback": listener.callback,
        "@type": "Hub",
    }
    return resource | ({"query": listener.query} if listener.query else {})


HUBS = tuple(map(hub_router, EVENT_TYPES))
