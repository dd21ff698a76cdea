"""The adapter of the operator's network over HTTP (docs/network.md): state, measurements, orders under stable keys.

An order without an answer may have been carried out: it is asked for by its key before it is given again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.network import ActionResult
from include.sla_logic.gateways.network_answers import read_measurements, read_result, read_state
from include.sla_logic.gateways.network_questions import MeasurementOf, Order, ServiceState, StateOf
from include.sla_logic.settings import NetworkSystem

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from include.sla_logic.domain.network import Probe

_LONGEST_ANSWER = 4_000_000  # bytes
# The adapter cannot say now; 409 is the IETF's word for a key whose first request has no answer yet.
_LATER = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class UnableToReachNetwork(ForeseenError):
    """The network did not answer, or put the question off; the same question is asked again later."""

    passes = True


class UnableToFinishOrder(ForeseenError):
    """The network still works on an order; it is asked again later, by the order's key."""

    passes = True
    concerns_one = True


class UnableToUseNetwork(ForeseenError):
    """The network refused what it was asked; asking again brings the same answer until a person changes something."""


class UnableToEnterNetwork(UnableToUseNetwork):
    """The network does not take the login or token, or nothing is at this address: a setting is wrong."""

    concerns_all = True


class NetworkClient:
    """One connection to the adapter, for the length of a `with`."""

    def __init__(self, system: NetworkSystem) -> None:
        self._system = system
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        import httpx

        headers = {"Accept": "application/json"}
        if self._system.token:
            headers["Authorization"] = f"Bearer {self._system.token}"
        login = None
        if self._system.login and not self._system.token:
            login = (self._system.login, self._system.password or "")
        self._client = httpx.Client(timeout=self._system.timeout, auth=login, headers=headers, trust_env=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()

    def state(self, question: StateOf) -> ServiceState:
        """Return the resources of a service and their open alarms."""
        return read_state(question, self._ask("GET", f"/services/{_part(question.service)}")[1])

    def measure(self, question: MeasurementOf, *, now: datetime) -> tuple[Probe, ...]:
        """Have the service measured now."""
        _, body = self._ask("POST", f"/services/{_part(question.service)}/measurements")
        return read_measurements(question, body, now=now)

    def give(self, order: Order, *, sent_before: bool) -> ActionResult:
        """Give an order, or find out what became of it where it may have arrived before."""
        if sent_before and (known := self.find(order)) is not None:
            return known
        try:
            body = {"key": order.key, "action": str(order.action), "resource": order.resource}
            return self._result(order, *self._ask("POST", "/orders", body, {"Idempotency-Key": f'"{order.key}"'}))
        except UnableToReachNetwork as lost:
            known = self.find(order)
            if known is None:
                raise lost from None
            return known

    def find(self, order: Order) -> ActionResult | None:
        """Return what the network answered to this order; None where it does not know its key."""
        status, body = self._ask("GET", f"/orders/{_part(order.key)}", may_be_missing=True)
        return None if status == HTTPStatus.NOT_FOUND else self._result(order, status, body)

    def _result(self, order: Order, status: int, body: Any) -> ActionResult:
        if status == HTTPStatus.ACCEPTED:
            raise UnableToFinishOrder(f"The network {self._system.url} still works on the order {order.key}.")
        return read_result(order, body)

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        may_be_missing: bool = False,
    ) -> tuple[int, Any]:
        status, text = self._exchange(method, path, body, headers)
        if may_be_missing and status == HTTPStatus.NOT_FOUND:
            return status, None
        said = f"{method} {path} with {status}: {_printable(text[:200])}"
        if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnableToReachNetwork(f"The network {self._system.url} put off {said}")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            advice = _advice(status)
            refusal = UnableToEnterNetwork if advice else UnableToUseNetwork
            raise refusal(f"The network {self._system.url} refused {said}{advice}")
        try:
            return status, json.loads(text, parse_float=Decimal)
        except ValueError as error:
            raise UnableToReachNetwork(f"The network {self._system.url} answered not in JSON to {said}") from error

    def _exchange(
        self, method: str, path: str, body: Mapping[str, str] | None, headers: Mapping[str, str] | None
    ) -> tuple[int, bytes]:
        """Read the whole answer within the time-out: a server that sends drop by drop must not hold a task."""
        import httpx

        url, ends, text = f"{self._system.url.rstrip('/')}{path}", time.monotonic() + self._system.timeout, bytearray()
        assert self._client is not None, "use the client in a with statement"  # noqa: S101 - a mistake in our code
        try:
            with self._client.stream(method, url, json=body, headers=headers) as answer:
                for piece in answer.iter_bytes():
                    text += piece
                    if len(text) > _LONGEST_ANSWER or time.monotonic() > ends:
                        raise UnableToReachNetwork(f"The network {self._system.url} did not come to an end: {path}")
                return answer.status_code, bytes(text)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            msg = f"The network {self._system.url} did not answer ({type(error).__name__}): {error}"
            raise UnableToReachNetwork(msg) from error


def _printable(text: bytes) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text.decode(errors="replace"))


def _part(name: str) -> str:
    """Write a name as one part of a path."""
    return quote(name, safe="")


def _advice(status: int) -> str:
    """Name the setting that is wrong, where it is one."""
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return " Check login, password or token of TELECO_NETWORK_URL or of the connection teleco_network."
    if status == HTTPStatus.NOT_FOUND or status < HTTPStatus.BAD_REQUEST:
        return " Check the address in TELECO_NETWORK_URL or in the connection teleco_network."
    return ""
