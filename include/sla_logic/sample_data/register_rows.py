"""Customers, agreements and accounts of the small TELECO as rows of the operations database."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.schema.columns import to_minor_units
from include.sla_logic.sample_data.anchoring import Anchored
from include.sla_logic.sample_data.catalogue import Customer, Incident, Service
from include.sla_logic.sample_data.identity import Numbers

Rows = Iterator[tuple[str, dict[str, Any]]]
_PAST_INVOICES = 2
_AGREED_YEARS = 1  # each agreement was renewed then, however long its customer is one


def contract_rows(contract: Anchored) -> Rows:
    """Return one contract as it is loaded."""
    text = contract.text
    yield (
        "contracts",
        {
            "id": contract.contract,
            "version": "1",
            "text": text,
            "digest": sha256(text.encode()).hexdigest(),
            "loaded_at": contract.anchor,
        },
    )


def subscription_rows(
    numbers: Numbers, customer: Customer, service: Service, charge: Money, contract: Anchored
) -> Rows:
    """Return a customer with account, service and the agreement that joins them."""
    today = contract.anchor.date()
    since = _years_before(today, customer.since_years)
    person = {"id": numbers.customer, "name": customer.name, "email": customer.email, "locale": customer.locale}
    yield "customers", {**person, "protected": False, "since": since}
    yield (
        "billing_accounts",
        {"id": numbers.account, "customer": numbers.customer, "currency": charge.currency},
    )
    yield "services", {"id": numbers.service, "name": service.name, "kind": service.kind}
    yield (
        "agreements",
        {
            "id": numbers.agreement,
            "customer": numbers.customer,
            "service": numbers.service,
            "contract": contract.contract,
            "contract_version": "1",
            "starts": max(since, _years_before(today, _AGREED_YEARS)),
            "ends": None,
            "monthly_charge": to_minor_units(charge),
            "currency": charge.currency,
            "account": numbers.account,
        },
    )


def invoice_rows(numbers: Numbers, service: Service, charge: Money, contract: Anchored) -> Rows:
    """Return the open invoice of the current window and the settled ones before it."""
    starts, ends = contract.window.start, contract.window.end
    for back in range(_PAST_INVOICES + 1):
        identity = f"I-{numbers.account}-{back}"
        yield (
            "invoices",
            {
                "id": identity,
                "account": numbers.account,
                "starts": starts.date(),
                "ends": ends.date(),
                "state": "open" if back == 0 else "settled",
            },
        )
        yield (
            "invoice_lines",
            {
                "invoice": identity,
                "position": 1,
                "agreement": numbers.agreement,
                "text": f"{service.name}, monthly charge",
                "amount": to_minor_units(charge),
                "currency": charge.currency,
            },
        )
        starts, ends = starts - timedelta(days=30), starts


def violation_rows(numbers: Numbers, incident: Incident, anchor: datetime) -> Rows:
    """Return earlier windows in which the promise was broken."""
    for days in incident.violations:
        recorded = anchor - timedelta(days=days)
        yield (
            "violations",
            {
                "agreement": numbers.agreement,
                "objective": incident.expects.objective,
                "window_start": recorded - timedelta(days=30),
                "window_end": recorded,
                "recorded_at": recorded,
            },
        )


def charge_of(amount: Decimal, contract: Anchored) -> Money:
    """Return a monthly charge in the currency of the contract."""
    return Money(amount=amount, currency="GBP" if contract.zone == "Europe/London" else "EUR")


def _years_before(day: date, years: int) -> date:
    """Return the first day of that year's month: a whole number of years and some days ago."""
    return date(day.year - years, day.month, 1)
