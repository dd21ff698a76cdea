"""Refusals in one sentence; failures without internals."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from include.sla_logic.domain.errors import ForeseenError, InvalidInputError, NotFoundError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.sentence import sentence_of
from include.sla_logic.services import UnableToUseDatabase
from include.sla_logic.services.letters import UnableToMakePdf
from include.sla_logic.web.refusals import json_refusal
from include.sla_logic.web.rendering import render, retell
from include.sla_logic.web.security import HEADERS, BodyTooLarge, too_large_a_file
from include.sla_logic.web.translations import gettext

log = logging.getLogger(__name__)
_STATUSES: Mapping[type[ForeseenError], HTTPStatus] = MappingProxyType(
    {
        NotFoundError: HTTPStatus.NOT_FOUND,
        InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
        UnableToMakePdf: HTTPStatus.NOT_IMPLEMENTED,
        UnableToUseDatabase: HTTPStatus.SERVICE_UNAVAILABLE,
        ForeseenError: HTTPStatus.CONFLICT,  # last: every other refusal
    }
)


def add_error_pages(app: FastAPI) -> None:
    """Answer every error as page or as JSON, whichever was asked for."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(BodyTooLarge, _too_large)
    app.add_exception_handler(Exception, _failed)


def status_of(error: Exception) -> int | None:
    """Return the HTTP status of a foreseen refusal, None for any other failure."""
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), None)


class DeskRoute(APIRoute):
    """A route that answers a foreseen refusal with its own sentence."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route, its dependencies included."""
        handle = super().get_route_handler()

        async def refusing(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                status = status_of(error)
                if status is None:
                    raise
                return refuse(request, status, retell(sentence_of(error)))

        return refusing


async def _http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    detail = getattr(error, "detail", "")
    sentence = gettext("Log in to Airflow first.") if status == HTTPStatus.UNAUTHORIZED else str(detail)
    return refuse(request, status, sentence, headers=getattr(error, "headers", None))


async def _invalid(request: Request, error: Exception) -> Response:
    wrong = error.errors()[0] if isinstance(error, RequestValidationError) and error.errors() else {}
    place = ".".join(str(part)[:64] for part in wrong.get("loc", ())[1:])
    why = retell(fault_in_words(wrong)) if wrong else gettext("cannot be read")
    return refuse(request, 422, f"{place}: {why.removesuffix('.')}."[:300])


async def _too_large(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as Starlette calls it
    return refuse(request, 413, too_large_a_file(request.scope) or gettext("The request is too large."))


async def _failed(request: Request, error: Exception) -> Response:
    log.error("The desk failed at %s %s", request.method, request.url.path, exc_info=error)
    sentence = gettext("Something went wrong. Nothing was changed; the server's log has the details.")
    # The middleware that adds the headers to other answers does not see this one.
    return refuse(request, 500, sentence, headers={**HEADERS, "Vary": "Accept-Language"})


def refuse(request: Request, status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with one sentence."""
    if (answer := json_refusal(request.url.path, status, sentence, headers)) is not None:
        return answer
    title = HTTPStatus(status).phrase
    page = render(request, "error.html.j2", status=status, title=title, sentence=sentence)
    return Response(page, status, media_type="text/html", headers=headers)
