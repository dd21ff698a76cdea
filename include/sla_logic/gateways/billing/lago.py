"""Lago: a credit is granted to the customer's wallet; our key stands in its metadata, our account is the customer."""

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from typing import Any

from include.sla_logic.gateways.billing.client import (
    UnableToPostCredit,
    UnableToReachBilling,
    UnableToReadPostings,
    UnableToUseBilling,
    rows_of,
)
from include.sla_logic.gateways.billing.postings import Posting, above_zero, amount_of, text_of
from include.sla_logic.gateways.billing.searched import SearchedBilling

_ROOT = "/api/v1"
_KEY = "teleco_key"
_LONGEST_KEY = 100  # characters of a value in Lago's metadata
_STEP = Decimal("0.00001")  # of a wallet's credits: Lago cuts what is finer
_PAGE = "100"

Wallet = Mapping[str, Any]


class Lago(SearchedBilling):
    """Grants credits; Lago takes them off the customer's next invoices."""

    def held(self, account: str) -> Iterator[Posting]:
        """Return what was granted to the customer's wallets, terminated ones too."""
        for wallet in self._wallets(account):
            path = f"{_ROOT}/wallets/{wallet['lago_id']}/wallet_transactions"
            granted = {"transaction_type": "inbound", "transaction_status": "granted"}
            for one in self._pages(partial(self._client.listed, path), "wallet_transactions", granted):
                yield self._told(one, wallet)

    def create(self, payload: Mapping[str, Any], key: str) -> Posting:
        """Grant a credit to the wallet in its currency."""
        amount = above_zero(payload, self._client.base)
        if len(key) > _LONGEST_KEY:
            raise UnableToPostCredit(f"The key {key} has {len(key)} characters; Lago keeps {_LONGEST_KEY}.")
        wallet = self._wallet(payload["account"], payload["currency"])
        body = {
            "wallet_id": wallet["lago_id"],
            "granted_credits": f"{_credits(amount, wallet):f}",
            "name": f"SLA credit {payload['credit']}",
            "metadata": [{"key": _KEY, "value": key}],
        }
        answer = self._client.post(f"{_ROOT}/wallet_transactions", {"wallet_transaction": body})
        rows = answer.get("wallet_transactions") if isinstance(answer, dict) else None
        told = [self._told(one, wallet) for one in rows or () if isinstance(one, dict) and "metadata" in one]
        mine = [one for one in told if one.key == key]
        if len(mine) != 1:
            raise UnableToReachBilling(f"Lago {self._client.base} did not say what it granted: {answer!r:.200}")
        return mine[0]

    def _wallet(self, account: str, currency: str) -> Wallet:
        """Return the one active wallet in this currency, with the connection's code if it names one."""
        code = self._client.system.wallet
        found = [
            one
            for one in self._wallets(account)
            if one.get("status") == "active" and one.get("currency") == currency and code in {None, one.get("code")}
        ]
        if len(found) == 1:
            return found[0]
        which = f"{len(found)} active wallets in {currency}{f' with the code {code}' if code else ''}"
        msg = f"Lago {self._client.base} has {which} for the customer {account}; exactly one is needed"
        raise UnableToUseBilling(f"{msg} (docs/billing.md).")

    def _wallets(self, account: str) -> list[Wallet]:
        ask = partial(self._client.ask, f"{_ROOT}/wallets")
        return list(self._pages(ask, "wallets", {"external_customer_id": account}))

    def _pages(
        self, ask: Callable[[Mapping[str, str]], Any], name: str, params: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        """Return the rows of all pages; raise `UnableToReadPostings` where it is not said how many there are."""
        page = pages = 1
        while page <= pages:
            told = ask({**params, "page": str(page), "per_page": _PAGE})
            body = told if isinstance(told, dict) else {}
            yield from rows_of(body.get(name), name)
            said = body["meta"].get("total_pages") if isinstance(body.get("meta"), dict) else None
            if not isinstance(said, int):
                raise UnableToReadPostings(f"Lago {self._client.base} does not say how many pages of {name} there are.")
            page, pages = page + 1, said

    def _told(self, transaction: Mapping[str, Any], wallet: Wallet) -> Posting:
        """Return what a transaction says; its currency and customer are those of its wallet."""
        if "metadata" not in transaction:
            raise UnableToReadPostings(f"Lago {self._client.base} lists wallet transactions without their metadata.")
        inside = transaction.get("lago_wallet_id") == wallet["lago_id"]
        status = text_of(transaction.get("status"))
        return Posting(
            text_of(transaction.get("lago_id")),
            text_of(wallet.get("external_customer_id")) if inside else None,
            amount_of(transaction.get("amount")),
            text_of(wallet.get("currency")) if inside else None,
            _key_of(transaction["metadata"]),
            undone=None if status == "settled" else f"the status {status}",
        )


def _credits(amount: Decimal, wallet: Wallet) -> Decimal:
    """Return how many of the wallet's credits are exactly this amount; raise `UnableToPostCredit`."""
    rate = amount_of(wallet.get("rate_amount")) or Decimal(0)
    credits_ = (amount / rate).quantize(_STEP, ROUND_HALF_EVEN) if rate > 0 else Decimal(0)
    if credits_ * rate != amount:
        msg = f"{amount} {wallet.get('currency')} are no whole number of a wallet's credits at {rate} each"
        raise UnableToPostCredit(f"{msg} (Lago counts {_STEP} of a credit). Use a wallet with the rate 1.")
    return credits_


def _key_of(metadata: Any) -> str | None:
    pairs = metadata if isinstance(metadata, list) else []
    return text_of(next((one.get("value") for one in pairs if isinstance(one, dict) and one.get("key") == _KEY), None))
