"""TMF678 with a POST: one AppliedCustomerBillingRate for each credit, in the names of version 5.

The standard only reads this resource; a POST is an extension. A request without an answer may have been carried out: it
is repeated under the same Idempotency-Key (the IETF's draft of that header) until an answer says what was sent.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from include.sla_logic.gateways.billing.client import BillingClient, UnableToReachBilling, read_json, rows_of
from include.sla_logic.gateways.billing.postings import Posting, amount_of, confirmed, number_of, text_of, wanted

PATH = "/appliedCustomerBillingRate"
_KEY = "externalId"
_PAGE = 500
_FIELDS = "id,characteristic,externalId,billingAccount,taxExcludedAmount,appliedBillingRateType"


class Tmf678:
    """Repeats a posting under its key; the server knows keys that it has seen."""

    def __init__(self, client: BillingClient) -> None:
        self._client = client

    def post(self, payload: Mapping[str, Any], key: str, *, sent_before: bool) -> dict[str, str]:
        """Post one credit and return what the billing system says that it has posted."""
        del sent_before  # the key answers for it
        answer = self._client.post(PATH, rate_of(payload, key), headers={"Idempotency-Key": f'"{key}"'})
        if not isinstance(answer, dict) or not answer.get("id"):
            raise UnableToReachBilling(f"The billing system {self._client.base} answered without the id of the posting")
        told = _told(answer)
        if None in {told.account, told.amount, told.currency}:
            told = _completed(told, self._read_back(str(told.number)))
        return confirmed(told, wanted(payload, key), self._client.base)

    def postings(self, accounts: Collection[str]) -> Iterator[Posting]:
        """Return all postings, page by page until one brings nothing new, whatever page size the server prefers."""
        del accounts  # all of them are listed in one place
        asked = {"limit": str(_PAGE), "fields": _FIELDS}
        seen: set[str] = set()
        offset = 0
        while True:
            page = rows_of(self._client.listed(PATH, asked | {"offset": str(offset)}), PATH)
            fresh = {str(one.get("id")): one for one in page if str(one.get("id")) not in seen}
            if not fresh:
                return
            yield from map(_told, fresh.values())
            seen |= fresh.keys()
            offset += len(page)

    def _read_back(self, number: str) -> Posting:
        answer = self._client.send("GET", f"{PATH}/{quote(number, safe='')}")
        body = read_json(answer) if answer.is_success else None
        if not isinstance(body, dict):
            msg = f"The billing system {self._client.base} did not say what it posted, and reading back {number} gave"
            raise UnableToReachBilling(f"{msg} {answer.status_code}")
        return _told(body)


def rate_of(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Write a credit in the names of TMF678 v5: the amount is positive, the type gives the direction."""
    return {
        "@type": "AppliedCustomerBillingRate",
        "name": "SLA credit",
        "description": f"Credit {payload['credit']}",
        "appliedBillingRateType": payload["type"],
        "isBilled": False,
        "billingAccount": {"id": payload["account"], "@type": "BillingAccountRef"},
        "taxExcludedAmount": {"unit": payload["currency"], "value": number_of(payload["amount"])},
        "characteristic": [{"@type": "StringCharacteristic", "name": _KEY, "valueType": "string", "value": key}],
    }


def _told(body: Mapping[str, Any]) -> Posting:
    """Return what a rate says of itself."""
    account, money = body.get("billingAccount"), body.get("taxExcludedAmount")
    account, money = (part if isinstance(part, Mapping) else {} for part in (account, money))
    return Posting(
        text_of(body.get("id")),
        text_of(account.get("id")),
        amount_of(money.get("value")),
        text_of(money.get("unit")),
        _key_of(body),
        text_of(body.get("appliedBillingRateType")),
        text_of(body.get("href")) or "",
    )


def _key_of(body: Mapping[str, Any]) -> str | None:
    """Return our key from the characteristics, or from where releases before this one had put it."""
    held = body.get("characteristic")
    named = [one for one in held if isinstance(one, Mapping)] if isinstance(held, list) else []
    return text_of(next((one.get("value") for one in named if one.get("name") == _KEY), body.get(_KEY)))


def _completed(told: Posting, more: Posting) -> Posting:
    """Let what was read back win; what it leaves out stays as the answer said it."""
    names = ("account", "amount", "currency", "key", "type")
    return replace(told, **{name: value for name in names if (value := getattr(more, name)) is not None})
