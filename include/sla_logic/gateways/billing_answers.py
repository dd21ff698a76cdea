"""Compare what the billing system says that it has posted with what was sent; read back what it leaves out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from include.sla_logic.domain.errors import ForeseenError

if TYPE_CHECKING:
    import httpx

PATH = "/appliedCustomerBillingRate"
_PAGE = 500
_CAP = 2000  # characters of what the billing system says


class UnableToReachBilling(ForeseenError):
    """The billing system did not answer, put the posting off or did not say what it posted; it is sent again later."""


class UnableToConfirmCredit(ForeseenError):
    """Billing has posted something else than was sent: a person must look, and the credit does not count as posted."""


class UnableToReadPostings(ForeseenError):
    """The billing system does not list what it has posted."""


def confirmed(answer: Mapping[str, Any], sent: Mapping[str, Any], client: httpx.Client, base: str) -> dict[str, str]:
    """Return what the billing system has posted; raise unless account, amount and currency are those that were sent."""
    number = str(answer["id"])[:_CAP]
    wanted, told = _told(sent), _told(answer)
    if any(told[name] is None for name in _NEEDED):
        told |= {name: value for name, value in _told(_read_back(client, base, number)).items() if value is not None}
    lacking = [name for name in _NEEDED if told[name] is None]
    if lacking:
        msg = f"The billing system {base} does not say the {' and '.join(lacking)} of the posting {number}"
        raise UnableToReachBilling(msg)
    wrong = [name for name in wanted if told[name] is not None and told[name] != wanted[name]]
    if wrong:
        has = ", ".join(f"{name} {told[name]} instead of {wanted[name]}" for name in wrong)
        msg = f"The billing system {base} has the posting {number} with {has}. Ask Billing & Collections what it holds."
        raise UnableToConfirmCredit(msg)
    return {
        "posting": number,
        "href": str(answer.get("href", ""))[:_CAP],
        **{name: str(told[name]) for name in _NEEDED},
    }


_NEEDED = ("account", "amount", "currency")


def _told(body: Mapping[str, Any]) -> dict[str, str | Decimal | None]:
    """Return what a TMF678 rate says of itself; None where it does not say it."""
    account, money = body.get("billingAccount"), body.get("taxExcludedAmount")
    account, money = (part if isinstance(part, Mapping) else {} for part in (account, money))
    return {
        "account": _text(account.get("id")),
        "amount": _decimal(money.get("value")),
        "currency": _text(money.get("unit")),
        "type": _text(body.get("type")),
        "key": _text(body.get("externalId")),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:_CAP]


def _decimal(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


def read_json(answer: httpx.Response) -> Any:
    """Return the body with its numbers as they are written; None where it is no JSON."""
    try:
        return json.loads(answer.text, parse_float=Decimal)
    except ValueError:
        return None


def _read_back(client: httpx.Client, base: str, number: str) -> Mapping[str, Any]:
    answer = client.get(f"{base}{PATH}/{quote(number, safe='')}")
    body = read_json(answer) if answer.is_success else None
    if not isinstance(body, dict):
        msg = (
            f"The billing system {base} did not say what it posted, and reading back {number} gave {answer.status_code}"
        )
        raise UnableToReachBilling(msg)
    return body


def keys_posted(client: httpx.Client, base: str) -> Iterator[str]:
    """Return the keys of all postings that the billing system lists; raise `UnableToReadPostings`."""
    rates = rates_posted(client, base, fields="id,externalId")
    yield from (str(one["externalId"]) for one in rates if one.get("externalId"))


def postings_of(client: httpx.Client, base: str) -> Iterator[dict[str, str | Decimal | None]]:
    """Return key, account, amount and currency of all postings; raise `UnableToReadPostings`."""
    fields = "id,externalId,billingAccount,taxExcludedAmount,type"
    yield from (_told(one) for one in rates_posted(client, base, fields=fields))


def rates_posted(client: httpx.Client, base: str, *, fields: str) -> Iterator[Mapping[str, Any]]:
    """Return the rates that the billing system lists; raise `UnableToReadPostings`.

    Page by page until one brings nothing new, whatever page size the server prefers.
    """
    seen: set[str] = set()
    offset = 0
    while True:
        wanted = {"offset": str(offset), "limit": str(_PAGE), "fields": fields}
        answer = client.get(f"{base}{PATH}", params=wanted)
        page = read_json(answer) if answer.status_code in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT} else None
        if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
            raise UnableToReadPostings(
                f"The billing system {base} lists no postings: it answered {answer.status_code}."
            )
        fresh = {str(one.get("id")): one for one in page if str(one.get("id")) not in seen}
        if not fresh:
            return
        yield from fresh.values()
        seen |= fresh.keys()
        offset += len(page)
