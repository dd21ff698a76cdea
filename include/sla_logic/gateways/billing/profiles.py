"""Speak with the billing system that the connection names, in its own profile."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from include.sla_logic.gateways.billing.client import (
    BillingClient,
    UnableToPostCredit,
    UnableToReachBilling,
    UnableToReadPostings,
    UnableToUseBilling,
)
from include.sla_logic.gateways.billing.kill_bill import KillBill, headers_of
from include.sla_logic.gateways.billing.lago import Lago
from include.sla_logic.gateways.billing.postings import Posting
from include.sla_logic.gateways.billing.tmf678 import Tmf678
from include.sla_logic.settings import BillingProfile, BillingSystem


class Profile(Protocol):
    """One kind of billing system."""

    def post(self, payload: Mapping[str, Any], key: str, *, sent_before: bool) -> dict[str, str]:
        """Post a credit once for each key and return what the system says that it has posted."""

    def postings(self, accounts: Collection[str]) -> Iterator[Posting]:
        """Return what the system holds, at least for these accounts."""


_PROFILES: Mapping[BillingProfile, type[Tmf678 | KillBill | Lago]] = {
    BillingProfile.TMF678: Tmf678,
    BillingProfile.KILL_BILL: KillBill,
    BillingProfile.LAGO: Lago,
}


def post_credit(payload: Mapping[str, Any], *, key: str, system: BillingSystem, sent_before: bool) -> dict[str, str]:
    """Post one credit and return what the billing system says that it has posted.

    Raises `UnableToReachBilling` where a later attempt may succeed. Every other error needs a person.
    """
    with _profile(system) as profile:
        return profile.post(payload, key, sent_before=sent_before)


def list_postings(system: BillingSystem, accounts: Collection[str]) -> list[Posting]:
    """Return all postings that billing has, at least on these accounts; raise `UnableToReadPostings`."""
    try:
        with _profile(system) as profile:
            return list(profile.postings(accounts))
    except (UnableToReachBilling, UnableToUseBilling, UnableToPostCredit) as error:
        raise UnableToReadPostings(str(error)) from error


@contextmanager
def _profile(system: BillingSystem) -> Iterator[Profile]:
    headers = headers_of(system) if system.profile is BillingProfile.KILL_BILL else {}
    with BillingClient(system, headers) as client:
        yield _PROFILES[system.profile](client)
