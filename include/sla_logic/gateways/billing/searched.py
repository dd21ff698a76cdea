"""Billing systems without an Idempotency-Key: a posting is looked for by its key before it is made."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.gateways.billing.client import BillingClient, UnableToFindBillingAccount, UnableToReadPostings
from include.sla_logic.gateways.billing.postings import Posting, UnableToConfirmCredit, confirmed, wanted


class UnableToLookForCredit(ForeseenError):
    """An earlier attempt may have posted this credit, and the billing system does not tell: it waits for a person."""


class SearchedBilling(ABC):
    """A billing system in which our key stands beside each credit and can be read back with it."""

    def __init__(self, client: BillingClient) -> None:
        self._client = client

    def post(self, payload: Mapping[str, Any], key: str, *, sent_before: bool) -> dict[str, str]:
        """Return what is posted under the key already; post it where nothing is.

        Raises `UnableToLookForCredit` where it was sent before and nobody tells what became of it.
        """
        told = self._find(payload["account"], key, sent_before=sent_before) or self.create(payload, key)
        return confirmed(told, wanted(payload, key), self._client.base)

    def postings(self, accounts: Collection[str]) -> Iterator[Posting]:
        """Return the credits of these accounts; one that the system does not know has none."""
        for account in sorted(accounts):
            try:
                yield from self.held(account)
            except UnableToFindBillingAccount:
                continue

    @abstractmethod
    def held(self, account: str) -> Iterator[Posting]:
        """Return each credit of an account; raise `UnableToReadPostings` where keys cannot be read."""

    @abstractmethod
    def create(self, payload: Mapping[str, Any], key: str) -> Posting:
        """Post a credit and return what the system says of it."""

    def _find(self, account: str, key: str, *, sent_before: bool) -> Posting | None:
        try:
            found = [one for one in self.held(account) if one.key == key]
        except UnableToReadPostings as error:
            if not sent_before:
                return None
            msg = f"{error} It may have posted {key} before: look there, then say by `sla outbox release` what it has."
            raise UnableToLookForCredit(msg) from error
        if len(found) > 1:
            numbers = ", ".join(str(one.number) for one in found)
            msg = f"The billing system {self._client.base} holds {key} {len(found)} times: {numbers}."
            raise UnableToConfirmCredit(msg)
        return found[0] if found else None
