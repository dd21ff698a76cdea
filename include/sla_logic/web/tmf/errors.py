"""Every refusal as TM Forum's Error, in one sentence; failures without internals."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from include.sla_logic.domain.errors import ForeseenError, InvalidInputError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.services import UnableToAcceptNotification
from include.sla_logic.web.errors import status_of
from include.sla_logic.web.refusals import tmf_error
from include.sla_logic.web.security import BodyTooLarge

log = logging.getLogger(__name__)
_CLIENT = HTTPStatus.BAD_REQUEST


class UnableToReadRequest(InvalidInputError):
    """A part of the address or the body says what is not understood here."""


class NotOffered(ForeseenError):
    """TM Forum describes it, but it is not offered here: 501."""


class Error(BaseModel):
    """Why a request was refused: `reason` is the phrase of the status, `message` says what to do."""

    model_config = ConfigDict(populate_by_name=True)

    type_: str = Field(alias="@type")
    code: str
    reason: str
    message: str
    status: str


def add_errors(app: FastAPI) -> None:
    """Answer every error of this application in TM Forum's form."""
    app.add_exception_handler(ForeseenError, _foreseen)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(BodyTooLarge, _too_large)
    app.add_exception_handler(Exception, _failed)


async def _foreseen(_request: Request, error: Exception) -> Response:
    return tmf_error(_status(error), str(error))


def _status(error: Exception) -> int:
    """Return the status of a foreseen refusal: TM Forum knows 400 where the desk says 422."""
    if isinstance(error, NotOffered):
        return HTTPStatus.NOT_IMPLEMENTED
    if isinstance(error, UnableToAcceptNotification) and error.known_run is None:
        return _CLIENT
    status = status_of(error) or HTTPStatus.CONFLICT
    return _CLIENT if status == HTTPStatus.UNPROCESSABLE_ENTITY else status


async def _http(_request: Request, error: Exception) -> Response:
    status, detail = getattr(error, "status_code", 500), str(getattr(error, "detail", ""))
    said = {401: "Log in to Airflow first, and send its token as a bearer token.", 404: "There is nothing here."}
    plain = detail == HTTPStatus(status).phrase or status == HTTPStatus.UNAUTHORIZED
    sentence = said.get(status, f"{detail}.") if plain else detail
    return tmf_error(status, sentence, getattr(error, "headers", None))


async def _invalid(_request: Request, error: Exception) -> Response:
    wrong = error.errors()[0] if isinstance(error, RequestValidationError) and error.errors() else {}
    place = ".".join(str(part)[:64] for part in wrong.get("loc", ())[1:])
    why = fault_in_words(wrong) if wrong else "cannot be read"
    return tmf_error(_CLIENT, f"{place}: {why.removesuffix('.')}."[:300])


async def _too_large(_request: Request, _error: Exception) -> Response:
    return tmf_error(413, "The request is too large.")


async def _failed(request: Request, error: Exception) -> Response:
    log.error("The open APIs failed at %s %s", request.method, request.url.path, exc_info=error)
    return tmf_error(500, "Something went wrong. Nothing was changed; the server's log has the details.")
