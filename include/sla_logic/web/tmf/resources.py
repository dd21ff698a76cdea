"""What the resources of all APIs have in common: their model, lists of them, one of them, and bodies that are sent."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse

from include.sla_logic.services.open_apis import Part
from include.sla_logic.web.media_type import media_type
from include.sla_logic.web.refusals import OPEN_APIS
from include.sla_logic.web.tmf.addresses import root_of
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.pages import answer_part
from include.sla_logic.web.tmf.queries import read_fields, read_filters, with_fields

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_UNUSED = ("sort", "filter")  # what TM Forum describes beside plain filters


class Resource(BaseModel):
    """One resource; its other attributes are those of TM Forum's schema for its @type."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    type_: str = Field(alias="@type")
    id: str
    href: str


def get_root(request: Request) -> str:
    """Return the address of the open APIs as the caller sees it, with /tmf-api."""
    return f"{root_of(request)}{OPEN_APIS}"


Root = Annotated[str, Depends(get_root)]


def wanted_by(request: Request, known: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Read the filters of a list that has one order; raise `UnableToReadRequest` for any other wish."""
    for name in _UNUSED:
        if name in request.query_params:
            raise UnableToReadRequest(f"{name}: this list has one order and plain filters; leave it out.")
    return read_filters(request, known)


def read_flags(name: str, values: Sequence[str] | None) -> bool | None:
    """Read true or false, None where both or neither is asked for."""
    if values is None:
        return None
    for value in values:
        if value not in {"true", "false"}:
            raise UnableToReadRequest(f"{name}: write true or false, not {value[:64]!r}.")
    return None if len(set(values)) != 1 else values[0] == "true"


def answer_list(
    request: Request,
    found: tuple[Part[T], int],
    write: Callable[[T], Mapping[str, Any]],
    *,
    fields: str,
    known: Collection[str],
) -> JSONResponse:
    """Answer one part of a list with its counts and links."""
    part, total = found
    wanted = read_fields(fields, known)
    return answer_part(request, part, [with_fields(write(one), wanted) for one in part.rows], total=total)


def answer_one(
    resource: Mapping[str, Any],
    *,
    fields: str,
    known: Collection[str],
    status: int = 200,
    location: str | None = None,
) -> JSONResponse:
    """Answer one resource; `location` is where one that was just made is found."""
    headers = {} if location is None else {"Location": location}
    return JSONResponse(with_fields(resource, read_fields(fields, known)), status, headers=headers)


async def read_body(request: Request, model: type[M]) -> M:
    """Read what was sent after the login; raise what is answered with 415 or 400."""
    if media_type(request) != "application/json":
        raise HTTPException(415, "Send it as application/json.")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        wrong = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(wrong) from error


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Describe what `read_body` reads: the schemas of its parts stand in their places, where references find them."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    return {"required": True, "content": {"application/json": {"schema": _in_place(schema, parts)}}}


def _in_place(value: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_in_place(each, parts) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _in_place(parts[value["$ref"].rpartition("/")[2]], parts)
    return {name: _in_place(each, parts) for name, each in value.items()}


def described(filters: Collection[str]) -> dict[str, Any]:
    """Describe the filters of a list."""
    schema = {"type": "string"}
    said = "One value, or several with commas between them."
    return {"parameters": [{"name": n, "in": "query", "schema": schema, "description": said} for n in sorted(filters)]}
