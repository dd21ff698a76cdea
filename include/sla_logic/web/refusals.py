"""What a program is answered when it is refused, in the form of the API that it asked."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

OPEN_APIS = "/tmf-api"


def is_open_api(path: str) -> bool:
    """Tell whether a request is one to the open APIs of TM Forum."""
    return f"{OPEN_APIS}/" in path


def tmf_error(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with TM Forum's Error: `reason` is the phrase of the status, `message` says what to do."""
    body = {
        "@type": "Error",
        "code": f"ERR{int(status)}",
        "reason": HTTPStatus(status).phrase,
        "message": sentence.encode("utf-8", "replace").decode("utf-8"),  # it may quote half a character
        "status": str(int(status)),
    }
    return JSONResponse(body, status, headers=dict(headers or {}))


def json_refusal(path: str, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response | None:
    """Answer a program; None where a page was asked for."""
    if is_open_api(path):
        return tmf_error(status, sentence, headers)
    if "/api/" in path:
        body = {"status": status, "title": HTTPStatus(status).phrase, "detail": sentence}
        return JSONResponse(body, status, headers=dict(headers or {}))
    return None
