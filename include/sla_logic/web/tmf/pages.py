"""Long lists: `offset` and `limit`, or `after` and `before`, which are as fast at the end as at the beginning."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import JSONResponse

from include.sla_logic.services.open_apis import Cut, Key, Part
from include.sla_logic.web.tmf.access import CurrentSettings
from include.sla_logic.web.tmf.errors import UnableToReadRequest

USUAL, MOST = 50, 200
_LONGEST = 400  # letters of a place in a list


def get_cut(
    settings: CurrentSettings,
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many to answer.")] = USUAL,
    offset: Annotated[int, Query(ge=0, lt=2**31, description="How many to leave out before them.")] = 0,
    after: Annotated[str, Query(max_length=_LONGEST, description="A place in the list, from a Link header.")] = "",
    before: Annotated[str, Query(max_length=_LONGEST, description="A place in the list, from a Link header.")] = "",
) -> Cut:
    """Read which part of a list is wanted."""
    if after and before:
        raise UnableToReadRequest("after and before: send one of them.")
    if (after or before) and offset:
        raise UnableToReadRequest("offset: leave it out beside after or before.")
    if offset > settings.largest_offset:
        msg = f"offset: {settings.largest_offset} at most; go on with the address in the Link header (after=…)."
        raise UnableToReadRequest(msg)
    return Cut(limit, offset, _read("after", after), _read("before", before))


WantedCut = Annotated[Cut, Depends(get_cut)]


def check_key(cut: Cut, *kinds: type) -> Cut:
    """Raise `UnableToReadRequest` unless the place is one of this list, whose keys have values of these kinds."""
    for name, key in (("after", cut.after), ("before", cut.before)):
        if key is not None and [type(value) for value in key] != list(kinds):
            raise UnableToReadRequest(
                f"{name}: this is no place in this list in this order; take it from its Link header."
            )
    return cut


def answer_part(
    request: Request, part: Part[Any], resources: Sequence[Mapping[str, Any]], *, total: int | None = None
) -> JSONResponse:
    """Answer one part of a list with its counts and links; without `total` nothing is said of how many there are."""
    headers = {"X-Result-Count": str(len(resources))}
    if total is not None:
        headers["X-Total-Count"] = str(total)
    links = []
    if part.more_after and part.last is not None:
        links.append(f'<{_link(request, after=part.last)}>; rel="next"')
    if part.more_before and part.first is not None:
        links.append(f'<{_link(request, before=part.first)}>; rel="prev"')
    if links:
        headers["Link"] = ", ".join(links)
    return JSONResponse(list(resources), headers=headers)


def _link(request: Request, **place: Key) -> str:
    url = request.url.remove_query_params(["offset", "after", "before"])
    url = url.include_query_params(**{name: _write(key) for name, key in place.items()})
    return f"{url.path}?{url.query}"


def _write(key: Key) -> str:
    return (
        urlsafe_b64encode(json.dumps(list(key), separators=(",", ":"), default=_instant).encode()).decode().rstrip("=")
    )


def _instant(value: object) -> str:
    """Write the instants of a key; the list that it belongs to reads them."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _read(name: str, written: str) -> Key | None:
    if not written:
        return None
    try:
        found = json.loads(urlsafe_b64decode(written + "=" * (-len(written) % 4)))
    except ValueError as error:
        raise UnableToReadRequest(f"{name}: this is no place in a list; take it from a Link header.") from error
    flat = isinstance(found, list) and all(isinstance(value, str | int) and _fits(value) for value in found)
    if not flat or not found:
        raise UnableToReadRequest(f"{name}: this is no place in a list; take it from a Link header.")
    return tuple(found)


def _fits(value: str | int) -> bool:
    """Tell whether a database can hold it."""
    if isinstance(value, str):
        return "\0" not in value and value.isascii()
    return -(2**63) <= value < 2**63
