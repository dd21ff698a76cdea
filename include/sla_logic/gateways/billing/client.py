"""One connection to the billing system over HTTP, and what its answers mean for a posting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.settings import BillingProfile, BillingSystem

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

# The server understood this request and will never carry it out; after any other answer it may do so later.
_REFUSED_FOR_GOOD = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.GONE}
)
_NOT_OFFERED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_LATER = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_CAP = 200  # characters of an answer


class UnableToReachBilling(ForeseenError):
    """The billing system did not answer, put the posting off or did not say what it posted; it is sent again later."""


class UnableToPostCredit(ForeseenError):
    """The billing system refused this posting for good."""


class UnableToUseBilling(ForeseenError):
    """A person must correct the connection, or create in the billing system what the posting needs."""


class UnableToFindBillingAccount(UnableToUseBilling):
    """The billing system does not know the account."""


class UnableToReadPostings(ForeseenError):
    """The billing system does not list what it has posted."""


class BillingClient:
    """The billing system with our login, for the length of a `with`."""

    def __init__(self, system: BillingSystem, headers: Mapping[str, str] | None = None) -> None:
        self.system = system
        self.base = system.url.rstrip("/")
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        import httpx

        system, headers = self.system, dict(self._headers)
        if system.token:
            headers["Authorization"] = f"Bearer {system.token}"
        login = (system.login, system.password or "") if system.login and not system.token else None
        self._client = httpx.Client(timeout=system.timeout, auth=login, headers=headers, trust_env=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()

    def post(self, path: str, body: Any, **options: Any) -> Any:
        """Return what an accepted posting is answered with; raises like `ask`."""
        return self._accepted(self.send("POST", path, json=body, **options), f"POST {path}")

    def ask(self, path: str, params: Mapping[str, str]) -> Any:
        """Return what must be known before a posting.

        Raises `UnableToReachBilling` where a later attempt may succeed, `UnableToPostCredit` where none will,
        `UnableToUseBilling` where a person must change something first.
        """
        answer = self.send("GET", path, params=params)
        told = read_json(answer)
        if answer.status_code == HTTPStatus.NOT_FOUND and isinstance(told, dict) and "code" in told:
            raise UnableToFindBillingAccount(f"The billing system {self.base} knows no account {params}: {told!r:.200}")
        return self._accepted(answer, f"GET {path}")

    def _accepted(self, answer: httpx.Response, what: str) -> Any:
        said = f"{answer.status_code}: {answer.text[:_CAP]}"
        if answer.status_code in _REFUSED_FOR_GOOD:
            raise UnableToPostCredit(f"The billing system {self.base} refused {what} with {said}")
        if answer.status_code in _NOT_OFFERED or answer.is_redirect:
            raise UnableToUseBilling(f"The billing system {self.base} has no {what}, it said {said}. {self._advice()}")
        if not answer.is_success:
            raise UnableToReachBilling(f"The billing system {self.base} put off {what} with {said}")
        told = read_json(answer)
        if told is None:
            raise UnableToReachBilling(f"The billing system {self.base} answered {answer.status_code}, but not in JSON")
        return told

    def listed(self, path: str, params: Mapping[str, str]) -> Any:
        """Return what the system lists; raise `UnableToReadPostings` where it lists nothing, now or ever."""
        answer = self.send("GET", path, params=params)
        status = answer.status_code
        told = read_json(answer) if answer.is_success else None
        if told is not None:
            return told
        said = f"The billing system {self.base} lists no postings: it answered {status} to GET {path}."
        if status in _LATER or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NOT_OFFERED):
            raise UnableToReachBilling(said)
        raise UnableToReadPostings(said)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return any answer; raise `UnableToReachBilling` where none came."""
        import httpx

        assert self._client is not None, "use the client in a with statement"  # noqa: S101 - a mistake in our code
        try:
            return self._client.request(method, f"{self.base}{path}", **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            msg = f"The billing system {self.base} did not answer ({type(error).__name__}): {error}"
            raise UnableToReachBilling(msg) from error

    def _advice(self) -> str:
        check = "Check the address and the profile of TELECO_BILLING_URL or of the connection teleco_billing"
        if self.system.profile is BillingProfile.TMF678:
            return f"That POST is an extension, TMF678 itself does not have it. {check} (docs/billing.md)."
        return f"{check} (docs/billing.md)."


def read_json(answer: httpx.Response) -> Any:
    """Return the body with its numbers as they are written; None where it is no JSON."""
    try:
        return json.loads(answer.text, parse_float=Decimal)
    except ValueError:
        return None


def rows_of(told: Any, path: str) -> list[dict[str, Any]]:
    """Return a list of objects; raise `UnableToReadPostings` where it is something else."""
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise UnableToReadPostings(f"GET {path} lists no postings: {told!r:.99}")
    return told
