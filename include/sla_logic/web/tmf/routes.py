"""What every API has in common: its refusals, and what TM Forum describes but is not offered here."""

from typing import Any, Literal

from fastapi import APIRouter, HTTPException

from include.sla_logic.web.tmf.errors import Error

Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Error} for status in (400, 401, 403, 404, 405, 409, 413, 414, 415, 500, 501, 503)
}


def api_router(path: str, tag: str) -> APIRouter:
    """Return the router of one API, such as `/troubleTicket/v5`."""
    return APIRouter(prefix=path, responses=REFUSALS, tags=[tag])


def not_offered(router: APIRouter, path: str, methods: list[Method], sentence: str, *, allowed: str) -> None:
    """Answer these methods with 405 and one sentence, after the login; `allowed` names those that are offered."""

    def refuse() -> None:
        raise HTTPException(405, sentence, headers={"Allow": allowed})

    for method in methods:
        place = f"{router.prefix}{path}".strip("/").replace("/", "_").replace("{", "").replace("}", "")
        name = f"{method.lower()}_{place}_is_not_offered"
        router.add_api_route(path, refuse, methods=[method], name=name, operation_id=name, status_code=405)
