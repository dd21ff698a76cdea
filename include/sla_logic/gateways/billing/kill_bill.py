"""Kill Bill: a credit is an invoice item; our key stands in its `itemDetails`, our account is an external key."""

from collections.abc import Iterator, Mapping
from typing import Any

from include.sla_logic.gateways.billing.client import BillingClient, UnableToReachBilling, UnableToReadPostings, rows_of
from include.sla_logic.gateways.billing.postings import Posting, above_zero, amount_of, number_of, text_of
from include.sla_logic.gateways.billing.searched import SearchedBilling
from include.sla_logic.settings import BillingSystem

_ROOT = "/1.0/kb"
_LONGEST_DESCRIPTION = 255


def headers_of(system: BillingSystem) -> dict[str, str]:
    """Name the tenant, and ourselves for Kill Bill's audit."""
    return {
        "X-Killbill-ApiKey": system.api_key or "",
        "X-Killbill-ApiSecret": system.api_secret or "",
        "X-Killbill-CreatedBy": "teleco-sla",
    }


class KillBill(SearchedBilling):
    """Posts committed credits; Kill Bill takes them off the account's next invoices."""

    def __init__(self, client: BillingClient) -> None:
        super().__init__(client)
        self._accounts: dict[str, str] = {}

    def held(self, account: str) -> Iterator[Posting]:
        """Return the credits on the account's invoices, voided ones too."""
        theirs = self._account(account)
        path = f"{_ROOT}/accounts/{theirs}/invoices"
        all_of_them = {"includeInvoiceComponents": "true", "includeVoidedInvoices": "true"}
        for invoice in rows_of(self._client.listed(path, all_of_them), path):
            items = rows_of(invoice.get("items"), path)
            if not items:  # an older Kill Bill lists invoices without their items, and calls the option otherwise
                raise UnableToReadPostings(f"{path} lists the invoice {invoice.get('invoiceId')} without its items.")
            status = invoice.get("status")
            undone = None if status == "COMMITTED" else f"an invoice in the state {status}"
            for item in items:
                if item.get("itemType") == "CREDIT_ADJ":
                    yield self._told(item, account, undone=undone, sign=-1)

    def create(self, payload: Mapping[str, Any], key: str) -> Posting:
        """Post a credit at once, on an invoice of its own."""
        account = payload["account"]
        above_zero(payload, self._client.base)
        item = {
            "accountId": self._account(account),
            "amount": number_of(payload["amount"]),
            "currency": payload["currency"],
            "description": f"SLA credit {payload['credit']}"[:_LONGEST_DESCRIPTION],
            "itemDetails": key,
        }
        answer = self._client.post(f"{_ROOT}/credits", [item], params={"autoCommit": "true"})
        rows = answer if isinstance(answer, list) else []
        mine = [one for one in rows if isinstance(one, dict) and one.get("itemDetails") == key]
        if len(mine) != 1:
            raise UnableToReachBilling(f"Kill Bill {self._client.base} did not say what it posted: {answer!r:.200}")
        return self._told(mine[0], account)

    def _account(self, account: str) -> str:
        """Return Kill Bill's own id of the account."""
        if account not in self._accounts:
            told = self._client.ask(f"{_ROOT}/accounts", {"externalKey": account})
            if not isinstance(told, dict) or told.get("externalKey") != account or not told.get("accountId"):
                raise UnableToReachBilling(f"Kill Bill {self._client.base} names no accountId of {account}.")
            self._accounts[account] = str(told["accountId"])
        return self._accounts[account]

    def _told(self, item: Mapping[str, Any], account: str, *, undone: str | None = None, sign: int = 1) -> Posting:
        """Return what an item says; on invoices a credit is negative (`sign`), in an answer to a posting positive."""
        if "itemDetails" not in item:
            raise UnableToReadPostings(f"Kill Bill {self._client.base} lists credits without itemDetails.")
        theirs, amount = text_of(item.get("accountId")), amount_of(item.get("amount"))
        return Posting(
            text_of(item.get("invoiceItemId")),
            account if theirs == self._account(account) else theirs,
            None if amount is None else sign * amount,
            text_of(item.get("currency")),
            text_of(item["itemDetails"]),
            undone=undone,
        )
