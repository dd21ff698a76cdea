"""What a query may say: which fields are answered, and by which attributes a list is filtered."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any

from fastapi import Query, Request

from include.sla_logic.web.tmf.errors import UnableToReadRequest

ALWAYS = ("id", "href", "@type")
_RESERVED = frozenset({"fields", "offset", "limit", "after", "before", "sort", "filter"})
Fields = Annotated[str, Query(max_length=1000, description="Attributes to answer, with commas between them.")]


def read_fields(fields: str, known: Collection[str]) -> frozenset[str] | None:
    """Read the attributes to answer, None for all; raise `UnableToReadRequest` for one that a resource never has."""
    names = [name.strip() for name in fields.split(",") if name.strip()]
    if not names:
        return None
    for name in names:
        if name not in known and name not in ALWAYS and name != "none":
            raise UnableToReadRequest(f"fields: there is no attribute {name[:64]!r}; there are {_listed(known)}.")
    return frozenset(names)


def with_fields(resource: Mapping[str, Any], wanted: frozenset[str] | None) -> dict[str, Any]:
    """Return the wanted attributes of a resource; id, href and @type are always among them."""
    if wanted is None:
        return dict(resource)
    return {name: value for name, value in resource.items() if name in wanted or name in ALWAYS}


def read_filters(request: Request, known: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Read the filters by attribute, each with its alternatives: `status=held,pending`.

    Raise `UnableToReadRequest` for an attribute that a list is not filtered by: it is never ignored.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in request.query_params.multi_items():
        if name in _RESERVED:
            continue
        if name not in known:
            raise UnableToReadRequest(f"{name[:64]}: a list is not filtered by it, but by {_listed(known)}.")
        found[name] = (*found.get(name, ()), *(each for each in value.split(",") if each))
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
