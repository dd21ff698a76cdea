"""What is sent as JSON, read after the login."""

import json
from typing import Any

from fastapi import HTTPException, Request

from include.sla_logic.web.media_type import media_type
from include.sla_logic.web.tmf.errors import UnableToReadRequest

JSON = "application/json"


def content_type(request: Request, *known: str) -> str:
    """Return the type of the body; refuse every other one with 415."""
    kind = media_type(request)
    if kind not in known:
        raise HTTPException(415, f"Send it as {' or '.join(known)}.", headers={"Accept": ", ".join(known)})
    return kind


async def read_object(request: Request) -> dict[str, Any]:
    """Read an object, as every other door reads a notification: a name that stands twice is refused."""
    content_type(request, JSON)
    return as_object(await request.body())


def as_object(body: bytes) -> dict[str, Any]:
    """Read an object; raise `UnableToReadRequest`."""
    found = _read(body)
    if not isinstance(found, dict):
        raise UnableToReadRequest("The request is no JSON object with named fields.")
    return found


def as_list(body: bytes) -> list[Any]:
    """Read a list; raise `UnableToReadRequest`."""
    found = _read(body)
    if not isinstance(found, list):
        raise UnableToReadRequest("The request is no JSON list of operations.")
    return found


def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_none)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        why = (
            str(error)[:100]
            if isinstance(error, json.JSONDecodeError | _NotRead)
            else "it is not text in UTF-8, or too deep"
        )
        raise UnableToReadRequest(f"The request is no JSON: {why}.") from error


class _NotRead(ValueError):
    """JSON that would be read as something else than was meant."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotRead("a name stands twice in one object")
    return found


def _none(name: str) -> None:
    raise _NotRead(f"{name} is no number")


def shown(value: object) -> str:
    """Write a value that was sent, short."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."  # noqa: PLR2004 - letters in a sentence
