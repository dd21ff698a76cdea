"""Post credits to an external billing system: one TMF678 AppliedCustomerBillingRate for each.

A request without an answer may have been carried out: it is repeated under the same Idempotency-Key (the IETF's
draft of that header) until an answer has been read and says what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.gateways.billing_answers import (
    PATH,
    UnableToConfirmCredit,
    UnableToReachBilling,
    UnableToReadPostings,
    confirmed,
    keys_posted,
    postings_of,
    read_json,
)
from include.sla_logic.settings import BillingSystem

if TYPE_CHECKING:
    import httpx

__all__ = [
    "UnableToConfirmCredit",
    "UnableToPostCredit",
    "UnableToReachBilling",
    "UnableToReadPostings",
    "list_keys",
    "list_postings",
    "post_credit",
]

# The server understood this request and will never carry it out; after any other answer it may do so later.
_REFUSED_FOR_GOOD = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.GONE}
)


class UnableToPostCredit(ForeseenError):
    """The billing system refused this posting for good."""


def post_credit(payload: Mapping[str, Any], *, key: str, system: BillingSystem) -> dict[str, str]:
    """Post one credit and return what the billing system says that it has posted.

    Raises `UnableToReachBilling` where a later attempt may succeed, `UnableToPostCredit` where none will,
    `UnableToConfirmCredit` where something else is posted under this key.
    """
    rate = rate_of(payload, key)
    with _client(system) as client:
        answer = client.post(f"{_base(system)}{PATH}", json=rate, headers={"Idempotency-Key": f'"{key}"'})
        return confirmed(_accepted(answer, system), rate, client, _base(system))


def list_keys(system: BillingSystem) -> list[str]:
    """Return the keys of all postings that the billing system has; raise `UnableToReadPostings` where it lists none."""
    try:
        with _client(system) as client:
            return list(keys_posted(client, _base(system)))
    except UnableToReachBilling as error:
        raise UnableToReadPostings(str(error)) from error


def list_postings(system: BillingSystem) -> list[tuple[str | None, str | None, Decimal | None, str | None]]:
    """Return key, account, amount and currency of all postings that billing has; raise `UnableToReadPostings`."""
    try:
        with _client(system) as client:
            return [
                (_text(one["key"]), _text(one["account"]), _amount(one["amount"]), _text(one["currency"]))
                for one in postings_of(client, _base(system))
            ]
    except UnableToReachBilling as error:
        raise UnableToReadPostings(str(error)) from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _amount(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


@contextmanager
def _client(system: BillingSystem) -> Iterator[httpx.Client]:
    """Speak with our login; a connection that fails may be tried again."""
    import httpx

    headers = {"Accept": "application/json"}
    if system.token:
        headers["Authorization"] = f"Bearer {system.token}"
    login = (system.login, system.password or "") if system.login and not system.token else None
    try:
        with httpx.Client(timeout=system.timeout, auth=login, headers=headers, trust_env=False) as client:
            yield client
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        msg = f"The billing system {system.url} did not answer ({type(error).__name__}): {error}"
        raise UnableToReachBilling(msg) from error


def _base(system: BillingSystem) -> str:
    return system.url.rstrip("/")


def rate_of(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Write a credit in the form of TMF678: the amount is positive, the type gives the direction."""
    return {
        "@type": "AppliedCustomerBillingRate",
        "name": "SLA credit",
        "description": f"Credit {payload['credit']}",
        "type": payload["type"],
        "isBilled": False,
        "billingAccount": {"id": payload["account"], "@type": "BillingAccountRef"},
        "taxExcludedAmount": {"unit": payload["currency"], "value": _number(payload["amount"])},
        "externalId": key,
    }


def _number(amount: str) -> float:
    """Return the JSON number that reads as exactly this amount; TMF678 wants a number."""
    value = float(amount)
    if Decimal(repr(value)) != Decimal(amount):
        msg = f"The amount {amount} cannot be written as a JSON number without loss."
        raise UnableToPostCredit(msg)
    return value


def _accepted(answer: httpx.Response, system: BillingSystem) -> dict[str, Any]:
    said = f"{answer.status_code}: {answer.text[:200]}"
    if answer.status_code in _REFUSED_FOR_GOOD:
        raise UnableToPostCredit(f"The billing system {system.url} refused the posting with {said}")
    if not answer.is_success:
        raise UnableToReachBilling(f"The billing system {system.url} put the posting off with {said}")
    body = read_json(answer)
    if body is None:
        msg = f"The billing system {system.url} answered {answer.status_code}, but not in JSON"
        raise UnableToReachBilling(msg)
    if not isinstance(body, dict) or not body.get("id"):
        msg = f"The billing system {system.url} answered {answer.status_code} without the id of the posting"
        raise UnableToReachBilling(msg)
    return body
