"""Security headers, limits on what is sent, and where a change may come from."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from include.sla_logic.services.attachments import largest_request, refuse_large
from include.sla_logic.web.refusals import is_open_api, json_refusal, tmf_error
from include.sla_logic.web.rendering import retell
from include.sla_logic.web.translations import gettext

BODY_LIMIT = 128 * 1024
ALARMS = ("/api/v1/alarms", "/api/v1/alarms/alertmanager")
ALARMS_LIMIT = 4 * 1024 * 1024  # a storm of alarms comes in one request
UPLOADS = "/files"
UPLOAD_FORM = 128 * 1024  # bytes around the file: the other fields of the form
ATTACHMENTS = "/attachments"  # a file comes in one request
QUERY_LIMIT = 4096
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
    }
)


class SecurityMiddleware:
    """Refuse what is too large or comes from another site, and add the security headers to every answer."""

    def __init__(self, app: ASGIApp, *, upload_bytes: int = 0) -> None:
        self._app = app
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._limit(scope)
        refusal = _refuse(scope, most)
        answer: ASGIApp = self._app if refusal is None else refusal
        await answer(scope, _limited(receive, most), _with_headers(send))

    def _limit(self, scope: Scope) -> int:
        if _is_about_alarms(scope):
            return ALARMS_LIMIT
        if _attaches(scope):
            return largest_request()
        path: str = scope["path"]
        is_upload = scope["method"] == "POST" and path.endswith(UPLOADS)
        return self._upload_bytes + UPLOAD_FORM if is_upload else BODY_LIMIT


class BodyTooLarge(Exception):
    """The body is larger than any form of the desk needs."""


def _refuse(scope: Scope, most: int) -> Response | None:
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        sentence = gettext("The request is too large: %(most)s bytes are the limit.", most=most)
        return _too_large(scope) or _say(scope, 413, sentence)
    if len(scope.get("query_string", b"")) > QUERY_LIMIT:
        return _say(scope, 414, gettext("The address is too long."))
    if not all(map(_is_text, (scope.get("raw_path") or b"", scope.get("query_string", b"")))):
        sentence = gettext("The address holds what is no text: a NUL, or bytes that are not UTF-8.")
        return json_refusal(scope["path"], 400, sentence) or PlainTextResponse(sentence, status_code=400)
    if scope["method"] not in _SAFE and not _is_about_alarms(scope) and not comes_from_here(headers):
        return _say(scope, 403, gettext("This change was requested by another site and was refused."))
    return None


def _say(scope: Scope, status: int, sentence: str) -> Response:
    if is_open_api(scope["path"]):
        return tmf_error(status, sentence)
    return PlainTextResponse(sentence, status_code=status)


def _too_large(scope: Scope) -> Response | None:
    sentence = too_large_a_file(scope)
    if sentence is None:
        return None
    return json_refusal(scope["path"], 413, sentence) or PlainTextResponse(sentence, status_code=413)


def too_large_a_file(scope: Scope) -> str | None:
    """Say what to send instead of an attachment that is too large; None of any other request."""
    return retell(refuse_large()) if _attaches(scope) else None


def _attaches(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.endswith(ATTACHMENTS)


def _is_about_alarms(scope: Scope) -> bool:
    """Tell whether a monitoring system sends alarms: it needs a header that no page of another site can send."""
    path: str = scope["path"]
    return path.endswith(ALARMS)


def _is_text(part: bytes) -> bool:
    """Tell whether a part of an address is text that both databases can hold."""
    sent = unquote_to_bytes(part)
    try:
        sent.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in sent


def comes_from_here(headers: Headers) -> bool:
    """Tell whether a page of this site requested the change, or a program with its own token.

    Browsers send Sec-Fetch-Site, older ones Origin; a cookie alone proves nothing.
    """
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


def _limited(receive: Receive, most: int) -> Receive:
    """Count the bytes that arrive: the stated length may be missing or wrong."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise BodyTooLarge
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
