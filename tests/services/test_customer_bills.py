"""What other systems read of bills: what was booked and nothing else, and to whom it is shown."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import insert

from include.sla_logic.domain.booked_credit import BookedCredit
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.open_apis.customer_bill import applied_rate, customer_bill
from include.sla_logic.domain.open_apis.parts import UnableToWriteAmount
from include.sla_logic.persistence.keyset import Cut
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.settlement import settlement_rounds, settlement_runs
from include.sla_logic.services import UseCases
from include.sla_logic.services.customer_bills import BillFilter, CreditFilter, UnableToFindBill
from tests.clock import NOON
from tests.open_apis.schemas import Definition

START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
ROOT = "/incident-desk/tmf-api"
ALL = Cut(limit=50)
UNBOOKED = ("held", "unclaimed", "declined", "lapsed", "superseded")


def credit(reference, state, amount, **changes):
    row = {
        "id": reference,
        "ticket": "TT-000001",
        "agreement": "AG-1",
        "customer": "C-1",
        "service": "S-1",
        "account": "A-1",
        "objective": "availability",
        "window_start": START,
        "window_end": END,
        "gross": amount,
        "amount": amount,
        "currency": "EUR",
        "state": state,
        "text": "10 % of 480.00 EUR; 48.00 EUR entered by Ann Operator",
        "recorded_at": NOON,
    }
    return row | changes


@pytest.fixture
def ledger(any_use_cases: UseCases) -> UseCases:
    """Book a credit in every state for one customer, and one for another on an invoice of the first."""
    decided = {"decided_by": "Ann Operator", "decided_at": END}
    rows = [
        credit("TT-000001:a", "booked", 4_800, invoice="INV-2"),
        credit("TT-000001:b", "posted", 1_234, invoice="INV-1", posted_at=NOON),
        credit("TT-000001:c", "booked", -500, **decided),
        credit("TT-000001:zero", "booked", 0, **decided),
        *(credit(f"TT-000001:{state}", state, 9_999, invoice="INV-2") for state in UNBOOKED),
        credit("TT-000002:a", "booked", 100, customer="C-2", invoice="INV-2"),
    ]
    with any_use_cases.work.writing() as connection:
        connection.execute(insert(t.customers), [{"id": "C-2", "name": "Bo", "locale": "en", "protected": False}])
        connection.execute(insert(t.billing_accounts), [{"id": "A-2", "customer": "C-2", "currency": "EUR"}])
        bills = [
            {
                "id": "INV-1",
                "account": "A-1",
                "starts": date(2026, 9, 1),
                "ends": date(2026, 9, 30),
                "state": "settled",
            },
            {"id": "INV-2", "account": "A-1", "starts": date(2026, 10, 1), "ends": date(2026, 10, 31), "state": "open"},
            {"id": "INV-3", "account": "A-2", "starts": date(2026, 10, 1), "ends": date(2026, 10, 31), "state": "open"},
        ]
        connection.execute(insert(a.invoices), bills)
        line = {"invoice": "INV-2", "position": 1, "agreement": "AG-1", "text": "Line", "amount": 48_000}
        connection.execute(insert(a.invoice_lines), [line | {"currency": "EUR"}])
        for row in rows:
            connection.execute(insert(a.applied_billing_credits), [row])
    return any_use_cases


def settle_window(use_cases: UseCases, state: str) -> None:
    with use_cases.work.writing() as connection:
        run = {"number": 1, "at": NOON, "shards": 1, "opened_at": NOON, "opened_by": "settlement"}
        connection.execute(insert(settlement_runs), [run])
        found = {"run": 1, "customer": "C-1", "service": "S-1", "window_start": START, "window_end": END, "round": 1}
        what = {"agreement": "AG-1", "contract": "c", "contract_version": "1", "currency": "EUR", "reason": "-"}
        connection.execute(insert(settlement_rounds), [found | what | {"state": state, "recorded_at": NOON}])


def booked(use_cases, **wanted):
    found, total = use_cases.open_apis.customer_bills.credits(CreditFilter(**wanted), ALL)
    assert total == len(found.rows)
    return [one.reference for one in found.rows]


def bills(use_cases, **wanted):
    found, total = use_cases.open_apis.customer_bills.bills(BillFilter(**wanted), ALL)
    assert total == len(found.rows)
    return [one.id for one in found.rows]


def test_only_what_was_booked_is_told(ledger):
    assert booked(ledger) == ["TT-000001:a", "TT-000001:b", "TT-000001:c", "TT-000002:a"]
    for name in ("TT-000001:zero", "TT-000001:none", *(f"TT-000001:{state}" for state in UNBOOKED)):
        with pytest.raises(UnableToFindBill):
            ledger.open_apis.customer_bills.credit(name)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"references": ["TT-000001:b", "TT-000001:held"]}, ["b"]),
        ({"accounts": ["A-2"]}, []),
        ({"accounts": ["A-1", "A-2"], "billed": True}, ["b"]),
        ({"invoices": ["INV-2"]}, ["a", "2:a"]),
        ({"invoices": ["INV-2"], "customers": {"C-2"}}, []),  # the invoice is another customer's
        ({"billed": False, "is_credit": True}, ["a", "2:a"]),
        ({"is_credit": False}, ["c"]),
        ({"customers": {"C-1"}}, ["a", "b", "c"]),
        ({"customers": {"C-2"}}, ["2:a"]),
        ({"customers": set()}, []),
    ],
)
def test_credits_are_found_by_what_they_are_and_by_whose_they_are(ledger, wanted, found):
    assert booked(ledger, **wanted) == [f"TT-00000{one if ':' in one else f'1:{one}'}" for one in found]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["INV-1", "INV-2", "INV-3"]),
        ({"bills": ["INV-1", "INV-9"]}, ["INV-1"]),
        ({"accounts": ["A-2"]}, ["INV-3"]),
        ({"settled": True}, ["INV-1"]),
        ({"settled": False, "customers": {"C-1"}}, ["INV-2"]),
        ({"customers": {"C-2"}}, ["INV-3"]),
        ({"customers": set()}, []),
    ],
)
def test_invoices_are_found_by_what_they_are_and_by_whose_they_are(ledger, wanted, found):
    assert bills(ledger, **wanted) == found


def test_what_belongs_to_another_customer_does_not_exist(ledger):
    shown = ledger.open_apis.customer_bills
    for ask in (
        lambda: shown.credit("TT-000001:a", customers={"C-2"}),
        lambda: shown.bill("INV-2", customers={"C-2"}),
        lambda: shown.bill("INV-9"),
    ):
        with pytest.raises(UnableToFindBill):
            ask()
    mine = shown.credit("TT-000002:a", customers={"C-2"})
    assert (mine.amount, mine.invoice) == (Money(amount=Decimal("1.00"), currency="EUR"), None)
    assert shown.credit("TT-000002:a").invoice == "INV-2"


def test_a_bill_comes_to_its_lines_less_what_was_booked_on_it(ledger):
    [first, second, third] = ledger.open_apis.customer_bills.bills(BillFilter(), ALL)[0].rows
    assert [str(one.total) for one in (first, second, third)] == ["-12.34 EUR", "431.00 EUR", "0.00 EUR"]


@pytest.mark.parametrize(("state", "done"), [(None, False), ("waiting", False), ("to_decide", False), ("done", True)])
def test_it_is_said_whether_more_may_come_for_the_window(ledger, state, done):
    if state is not None:
        settle_window(ledger, state)
    assert ledger.open_apis.customer_bills.credit("TT-000001:a").window_done is done


def test_what_is_told_is_what_the_schemas_say(ledger, shared_data):
    tmf678 = Definition.of(shared_data, "tmf678v5.yaml")
    shown = ledger.open_apis.customer_bills
    for one in shown.credits(CreditFilter(), ALL)[0].rows:
        assert tmf678.faults("AppliedCustomerBillingRate", applied_rate(one, root=ROOT)) == []
    for bill in shown.bills(BillFilter(), ALL)[0].rows:
        assert tmf678.faults("CustomerBill", customer_bill(bill, root=ROOT)) == []


def test_a_credit_names_its_window_its_bill_and_its_posting_and_no_person(ledger):
    told = applied_rate(ledger.open_apis.customer_bills.credit("TT-000001:b"), root=ROOT)
    assert told["taxExcludedAmount"] == {"unit": "EUR", "value": 12.34}
    assert told["periodCoverage"] == {"startDateTime": "2026-10-01T00:00:00Z", "endDateTime": "2026-11-01T00:00:00Z"}
    assert (told["isBilled"], told["bill"]["id"], told["billingAccount"]["id"]) == (True, "INV-1", "A-1")
    assert told["href"] == f"{ROOT}/customerBillManagement/v5/appliedCustomerBillingRate/TT-000001%3Ab"
    known = {one["name"]: one["value"] for one in told["characteristic"]}
    assert known["externalId"].endswith(":billing:TT-000001:b")
    assert "Ann" not in str(told)


def test_what_was_taken_back_is_a_charge_of_a_positive_amount(ledger):
    told = applied_rate(ledger.open_apis.customer_bills.credit("TT-000001:c"), root=ROOT)
    assert (told["appliedBillingRateType"], told["taxExcludedAmount"]["value"]) == ("appliedBillingCharge", 5.0)
    assert told["date"] == "2026-11-01T00:00:00Z"
    assert (told["isBilled"], "bill" in told) == (False, False)


def test_an_amount_that_a_json_number_cannot_say_is_refused(ledger):
    one = ledger.open_apis.customer_bills.credit("TT-000001:b")
    huge = Money(amount=Decimal("123456789012345.678"), currency="KWD")
    with pytest.raises(UnableToWriteAmount):
        applied_rate(BookedCredit.model_validate(one.model_dump() | {"amount": huge}), root=ROOT)


def test_pages_of_credits_follow_each_other(ledger):
    shown = ledger.open_apis.customer_bills
    first, total = shown.credits(CreditFilter(), Cut(limit=3))
    rest, _ = shown.credits(CreditFilter(), Cut(limit=3, after=first.last))
    assert (total, len(first.rows), [one.reference for one in rest.rows]) == (4, 3, ["TT-000002:a"])
    assert (first.more_after, rest.more_after, rest.more_before) == (True, False, True)
