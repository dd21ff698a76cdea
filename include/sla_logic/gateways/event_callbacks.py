"""Hand one event to a listener over HTTP: at the address that was just checked, within a time limit, no redirects."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import httpcore

from include.sla_logic.domain.callbacks import Callback, EventHosts, UnableToUseCallback
from include.sla_logic.domain.errors import ForeseenError

if TYPE_CHECKING:
    from include.sla_logic.domain.callbacks import Address

LIMIT = 10.0  # seconds from the connection to the end of the answer
_LONGEST_ANSWER = 64 * 1024  # bytes
_SHOWN = 200


class UnableToTellListener(ForeseenError):
    """The listener did not take the event; it is sent again later."""

    passes = True


def find_addresses(host: str, port: int) -> list[str]:
    """Ask the system's resolver; raise `UnableToUseCallback` where it knows no address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnableToUseCallback(f"The name {host} has no address: {type(error).__name__}.") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def check_callback(url: str, hosts: EventHosts) -> tuple[Callback, Address]:
    """Return where a listener is; raise `UnableToUseCallback` where events may not be sent there, by its name or now.

    The name is looked up once: connections go to the address that was checked.
    """
    callback = hosts.check_callback(url)
    return callback, hosts.choose_address(callback.host, find_addresses(callback.host, callback.port))


def tell_listener(url: str, notice: Mapping[str, Any], hosts: EventHosts) -> dict[str, int]:
    """POST the event and return the status; raise `UnableToTellListener` or `UnableToUseCallback`."""
    callback, address = check_callback(url, hosts)
    body = json.dumps(notice, separators=(",", ":")).encode()
    headers = [
        ("Host", callback.host_header),
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
        ("User-Agent", "teleco-sla"),
    ]
    backend = _Pinned(str(address), time.monotonic() + LIMIT)
    try:
        with httpcore.ConnectionPool(_tls(), network_backend=backend, retries=0) as pool:
            url = f"{callback.origin}{callback.target}"
            with pool.stream("POST", url, headers=headers, content=body) as answer:
                if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's class of success
                    return {"status": answer.status}  # what else it says is not waited for
                raise _refusal(callback, answer.status, _read(answer.iter_stream()))
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
        said = str(error)[:_SHOWN]
        raise UnableToTellListener(f"{callback.origin} did not answer ({type(error).__name__}): {said}") from error


def _refusal(callback: Callback, status: int, said: bytes) -> UnableToTellListener:
    text = "".join(letter if letter.isprintable() else " " for letter in said[:_SHOWN].decode(errors="replace"))
    redirected = "; redirects are not followed" if 300 <= status < 400 else ""  # noqa: PLR2004 - HTTP's class
    return UnableToTellListener(f"{callback.origin} answered {status}{redirected}: {text}")


def _read(pieces: Iterable[bytes]) -> bytes:
    """Read the beginning of an answer; the rest of a longer one is not waited for."""
    text = bytearray()
    for piece in pieces:
        text += piece
        if len(text) > _LONGEST_ANSWER:
            break
    return bytes(text)


@cache
def _tls() -> ssl.SSLContext:
    """Trust what the machine trusts, or the file that SSL_CERT_FILE names."""
    import httpx

    return httpx.create_ssl_context()


class _Pinned(httpcore.NetworkBackend):
    """Connects to one address, whatever the name of the host leads to by now; TLS still asks for that name."""

    def __init__(self, address: str, ends: float) -> None:
        self._address, self._ends = address, ends
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the address was checked
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - one limit for everything
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._ends)
        stream = self._real.connect_tcp(self._address, port, left, local_address, socket_options)
        return _Limited(stream, self._ends)


class _Limited(httpcore.NetworkStream):
    """Ends with an error at one instant, however slowly the other side sends."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - one limit
        return self._stream.read(max_bytes, _left(self._ends))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - one limit
        self._stream.write(buffer, _left(self._ends))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - one limit
    ) -> httpcore.NetworkStream:
        return _Limited(self._stream.start_tls(ssl_context, server_hostname, _left(self._ends)), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout(f"no whole answer within {LIMIT:g} s")
    return left
