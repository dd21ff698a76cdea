"""Broken promises, under a JSON Schema of our own that is served here too."""

from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, Field, create_model
from starlette.responses import Response

from include.sla_logic.domain.open_apis.parts import Resource as Document
from include.sla_logic.domain.open_apis.sla_violation import API, STATES, SlaViolation, sla_violation, violation_schema
from include.sla_logic.services.sla_violations import KeptViolation, ViolationFilter
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.tmf.access import CurrentParty
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.pages import WantedCut, check_key
from include.sla_logic.web.tmf.queries import ALWAYS, Fields
from include.sla_logic.web.tmf.resources import Root, answer_list, answer_one, described, wanted_by
from include.sla_logic.web.tmf.routes import api_router

router = api_router(f"/{API}", "slaViolation")
FILTERS = ("id", "state", "service.id", "sla.id", "rule.id")
FIELDS = tuple(field.alias or name for name, field in SlaViolation.model_fields.items())
Id = Annotated[str, Path(max_length=64)]


def _chosen() -> type[BaseModel]:
    """Describe a violation of which `fields` may have left out anything but what identifies it."""
    left_out: dict[str, Any] = {
        name: (field.annotation | None, Field(None, alias=field.alias, description=field.description))  # type: ignore[operator]
        for name, field in SlaViolation.model_fields.items()
        if (field.alias or name) not in ALWAYS
    }
    return create_model("ChosenSlaViolation", __base__=SlaViolation, __doc__=_chosen.__doc__, **left_out)


Chosen = _chosen()
ListOfChosen = list[Chosen]  # type: ignore[valid-type]  # made here


@router.get("/schema")
def schema() -> dict[str, Any]:
    """Return the JSON Schema of a violation."""
    return violation_schema()


@router.get("/slaViolation", response_model=ListOfChosen, openapi_extra=described(FILTERS))
def violations(
    request: Request, use_cases: WithUseCases, party: CurrentParty, root: Root, cut: WantedCut, fields: Fields = ""
) -> Response:
    """List broken promises, the last found first; one that a later judgement does not find is withdrawn."""
    said = wanted_by(request, FILTERS)
    states = said.get("state")
    for state in states or ():
        if state not in STATES:
            raise UnableToReadRequest(f"state: there is no state {state[:64]!r}; there are {', '.join(STATES)}.")
    wanted = ViolationFilter(
        customers=party.customers,
        violations=said.get("id"),
        services=said.get("service.id"),
        contracts=said.get("sla.id"),
        objectives=said.get("rule.id"),
        states=states,
    )
    found = use_cases.open_apis.sla_violations.listed(wanted, check_key(cut, int))
    return answer_list(request, found, lambda one: _written(one, root), fields=fields, known=FIELDS)


@router.get("/slaViolation/{violation}", response_model=Chosen)
def violation(use_cases: WithUseCases, party: CurrentParty, root: Root, violation: Id, fields: Fields = "") -> Response:
    """Return one broken promise."""
    found = use_cases.open_apis.sla_violations.find(violation, customers=party.customers)
    return answer_one(_written(found, root), fields=fields, known=FIELDS)


def _written(one: KeptViolation, root: str) -> Document:
    return sla_violation(one.told, one.id, state=one.state, at=one.changed_at, root=root)
