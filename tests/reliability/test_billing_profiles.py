"""Kill Bill and Lago know no Idempotency-Key: one posting for each key all the same, or a person is asked."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from include.sla_logic.gateways.billing.client import (
    UnableToPostCredit,
    UnableToReachBilling,
    UnableToUseBilling,
)
from include.sla_logic.gateways.billing.postings import UnableToConfirmCredit
from include.sla_logic.gateways.billing.profiles import post_credit
from include.sla_logic.gateways.billing.searched import UnableToLookForCredit
from include.sla_logic.persistence.audit import acts_about
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.outbox import UnableToRetryMessage
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.reliability.billing_systems import KillBillStandIn, LagoStandIn, StandIn

NAME = "TT-000001:20261101T0000-20261201T0000"
KEY = f"0a1b2c3d:billing:{NAME}"
PAYLOAD = {"credit": NAME, "account": "A-1", "amount": "12.34", "currency": "EUR", "type": "appliedBillingCredit"}
ONE = ("A-1", Decimal("12.34"), "EUR", KEY)


@pytest.fixture
def kill_bill() -> Iterator[KillBillStandIn]:
    server = KillBillStandIn()
    yield server
    server.close()


@pytest.fixture
def lago() -> Iterator[LagoStandIn]:
    server = LagoStandIn()
    yield server
    server.close()


@pytest.fixture(params=["kill_bill", "lago"])
def billing(request: pytest.FixtureRequest) -> StandIn:
    return request.getfixturevalue(request.param)


def post(billing, *, sent_before=True, system=None, **changes):
    payload = PAYLOAD | changes
    return post_credit(payload, key=KEY, system=system or billing.system(), sent_before=sent_before)


def test_a_credit_is_posted_once_and_the_answer_is_what_was_sent(billing):
    first, second = post(billing, sent_before=False), post(billing)
    assert first == second
    assert (first["account"], Decimal(first["amount"]), first["currency"]) == ONE[:3]
    assert billing.held() == [ONE]
    assert billing.postings == 1


def test_kill_bill_gets_a_committed_credit_that_names_its_key(kill_bill):
    post(kill_bill)
    [(_, path, [body])] = [one for one in kill_bill.requests if one[0] == "POST"]
    number = kill_bill.accounts["A-1"][0]
    assert path == "/1.0/kb/credits?autoCommit=true"
    assert body == {
        "accountId": number,
        "amount": Decimal("12.34"),
        "currency": "EUR",
        "description": f"SLA credit {NAME}",
        "itemDetails": KEY,
    }
    assert [one["status"] for one in kill_bill.invoices] == ["COMMITTED"]


def test_lago_grants_to_the_one_wallet_in_this_currency(lago):
    post(lago)
    [(_, path, body)] = [one for one in lago.requests if one[0] == "POST"]
    assert path == "/api/v1/wallet_transactions"
    assert body["wallet_transaction"] == {
        "wallet_id": lago.wallets[0]["lago_id"],
        "granted_credits": "12.34000",
        "name": f"SLA credit {NAME}",
        "metadata": [{"key": "teleco_key", "value": KEY}],
    }


@pytest.mark.parametrize("trouble", ["error", "busy", "away", "forgetful", "broken_off", "babbling"])
def test_whatever_the_trouble_there_is_one_posting_in_the_end(billing, trouble):
    billing.trouble = trouble
    with pytest.raises(UnableToReachBilling, match=r"billing system http://127\.0\.0\.1"):
        post(billing, sent_before=False)
    posted = billing.held()
    billing.hides = 503
    with pytest.raises(UnableToReachBilling, match="503"):
        post(billing)
    assert billing.held() == posted
    billing.trouble = billing.hides = None
    assert post(billing)["account"] == "A-1"
    assert billing.held() == [ONE]


def test_a_credit_among_many_is_found_again(billing):
    keys = [f"k3:billing:TT-{n:06}:20261101T0000-20261201T0000" for n in range(5)]
    for _ in range(2):
        for key in keys:
            post_credit(PAYLOAD, key=key, system=billing.system(), sent_before=True)
    assert [key for *_, key in billing.held()] == keys


@pytest.mark.parametrize("hides", [403, 404, 405, 501])
def test_where_it_cannot_be_looked_a_repeated_posting_waits_for_a_person(billing, hides):
    billing.hides = hides
    with pytest.raises(UnableToLookForCredit, match=f"{hides}.*may have posted {KEY}.*sla outbox release"):
        post(billing)
    assert billing.held() == []
    post(billing, sent_before=False)
    assert billing.held() == [ONE]


@pytest.mark.parametrize("gap", ["itemDetails", "metadata"])
def test_a_list_without_the_place_of_our_key_is_no_look(kill_bill, lago, gap):
    billing = kill_bill if gap == "itemDetails" else lago
    post(billing)
    billing.without = gap
    with pytest.raises(UnableToLookForCredit, match=f"without (their )?{gap}"):
        post(billing)
    assert billing.held() == [ONE]


def test_invoices_without_their_items_are_no_look(kill_bill):
    post(kill_bill)
    kill_bill.invoices[0]["items"] = []
    with pytest.raises(UnableToLookForCredit, match="without its items"):
        post(kill_bill)


def test_a_key_that_is_there_twice_is_an_alarm(billing):
    post(billing)
    billing.again()
    with pytest.raises(UnableToConfirmCredit, match=f"holds {KEY} 2 times"):
        post(billing)


@pytest.mark.parametrize(
    ("name", "value", "has"),
    [
        ("amount", "12.35", "amount 12.35 instead of 12.34"),
        ("currency", "CHF", "currency CHF instead of EUR"),
        ("account", "A-9", "account .* instead of A-1"),
    ],
)
def test_another_posting_under_our_key_is_no_acknowledgement(billing, name, value, has):
    post(billing)
    billing.alter(name, value)
    with pytest.raises(UnableToConfirmCredit, match=has):
        post(billing)


def test_what_was_undone_there_is_not_posted_again(kill_bill, lago):
    for billing in (kill_bill, lago):
        post(billing)
    kill_bill.invoices[0]["status"] = "VOID"
    lago.transactions[0]["status"] = "failed"
    for billing, says in ((kill_bill, "an invoice in the state VOID"), (lago, "the status failed")):
        with pytest.raises(UnableToConfirmCredit, match=says):
            post(billing)
        assert billing.postings == 1


def test_a_terminated_wallet_still_tells_what_was_granted(lago):
    post(lago)
    lago.wallets[0]["status"] = "terminated"
    lago.open("A-1", "EUR")
    post(lago)
    assert lago.held() == [ONE]


def test_a_currency_that_is_not_the_accounts_is_refused(kill_bill, lago):
    with pytest.raises(UnableToPostCredit, match=r"400: .*The currency should be EUR"):
        post(kill_bill, currency="CHF")
    with pytest.raises(UnableToUseBilling, match="0 active wallets in CHF for the customer A-1"):
        post(lago, currency="CHF")
    assert kill_bill.held() == lago.held() == []


def test_of_several_wallets_the_connection_names_one(lago):
    second = lago.open("A-1", "EUR", code="goodwill")
    with pytest.raises(UnableToUseBilling, match="2 active wallets in EUR"):
        post(lago)
    post(lago, system=lago.system(wallet="goodwill"))
    assert [one["lago_wallet_id"] for one in lago.transactions] == [second["lago_id"]]


@pytest.mark.parametrize("sent_before", [True, False])
def test_an_account_that_billing_does_not_know_is_told_at_once(billing, sent_before):
    with pytest.raises(UnableToUseBilling, match=r"knows no account .*A-7"):
        post(billing, account="A-7", sent_before=sent_before)


@pytest.mark.parametrize("sent_before", [True, False])
def test_another_server_at_the_address_is_told_at_once(billing, sent_before):
    elsewhere = replace(billing.system(), url=f"{billing.url}/elsewhere")
    with pytest.raises(UnableToUseBilling, match=r"404.*Check the address and the profile.*docs/billing\.md"):
        post(billing, system=elsewhere, sent_before=sent_before)


def test_a_wrong_tenant_or_token_may_be_corrected_meanwhile(kill_bill, lago):
    for system in (kill_bill.system(api_secret="x"), lago.system(token="x")):
        with pytest.raises(UnableToReachBilling, match="401"):
            post(None, system=system)


@pytest.mark.parametrize(
    ("account", "currency", "amount"),
    [("A-1", "EUR", "0.01"), ("A-1", "EUR", "123456789.99"), ("A-2", "JPY", "500"), ("A-3", "BHD", "1.234")],
)
def test_amounts_arrive_to_the_last_digit_of_their_currency(kill_bill, lago, account, currency, amount):
    kill_bill.accounts["A-3"] = (str(uuid4()), "BHD")
    lago.open("A-3", "BHD")
    for billing in (kill_bill, lago):
        answer = post(billing, account=account, currency=currency, amount=amount)
        assert Decimal(answer["amount"]) == Decimal(amount)
        assert billing.held() == [(account, Decimal(amount), currency, KEY)]


@pytest.mark.parametrize("amount", ["-1.00", "0.00"])
def test_a_charge_is_no_credit(billing, amount):
    with pytest.raises(UnableToPostCredit, match=f"takes no credit of {amount} EUR"):
        post(billing, amount=amount)
    assert billing.postings == 0


def test_credits_of_another_rate_are_exact_or_refused(lago):
    lago.wallets[0]["rate_amount"] = "0.5"
    assert post(lago)["amount"] == "12.34"
    assert lago.transactions[0]["credit_amount"] == "24.68000"
    lago.transactions.clear()
    lago.wallets[0]["rate_amount"] = "3"
    with pytest.raises(UnableToPostCredit, match=r"12\.34 EUR are no whole number of a wallet's credits at 3 each"):
        post(lago)
    assert lago.held() == []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sending(use_cases: UseCases, billing: StandIn, clock: Clock) -> UseCases:
    """Open use cases that send to a stand-in, with one credit to send."""
    there = UseCases(replace(use_cases.work.settings, billing=billing.system(), operators="ops@x.example"), clock=clock)
    with there.work.database.write() as connection:
        key = f"{installation_id(connection)}:billing:{NAME}"
        row = {"key": key, "kind": "billing", "payload": PAYLOAD, "state": "waiting", "attempts": 0}
        connection.execute(insert(outbox).values(row | {"created_at": clock.now, "next_attempt_at": clock.now}))
    return there


def differences(use_cases):
    return [said.partition(": ")[2] for said in use_cases.monitoring.against_billing()]


def message(use_cases):
    return next(one for one in use_cases.outbox.messages() if one.kind == "billing")


def test_a_lost_answer_is_found_by_the_next_attempt(sending, billing, clock):
    billing.trouble = "broken_off"
    assert str(sending.outbox.deliver()) == "0 sent, 1 put off, 0 given up"
    assert differences(sending)[0].startswith("billing holds it, but here it is waiting")
    billing.trouble = None
    clock.pass_by(minutes=1)
    assert str(sending.outbox.deliver()) == "1 sent, 0 put off, 0 given up"
    assert (len(billing.held()), billing.postings, message(sending).state) == (1, 1, "sent")
    assert differences(sending) == []


def test_a_lost_answer_that_nobody_tells_waits_for_a_person_and_is_released_with_a_reason(sending, billing, clock):
    billing.trouble, billing.hides = "error", 403
    sending.outbox.deliver()
    with pytest.raises(UnableToRetryMessage, match="does not wait for a person to look"):
        sending.outbox.release(1, by="Kim", reason="early")
    billing.trouble = None
    clock.pass_by(minutes=1)
    for _ in range(2):  # asked for again it is looked for again, never posted blindly
        [said] = sending.outbox.deliver().dead.values()
        assert said.startswith("UnableToLookForCredit: ")
        sending.outbox.retry(1, by="Kim")
    sending.outbox.deliver()
    assert billing.held() == []
    assert "UnableToLookForCredit" in message(sending).last_error
    assert any(one.kind == "mail" for one in sending.outbox.messages())
    sending.outbox.release(1, by="Kim", reason="no such credit in its list")
    sending.outbox.deliver()
    assert [one[:3] for one in billing.held()] == [ONE[:3]]
    assert message(sending).state == "sent"
    with sending.work.database.read() as connection:
        said = [act.detail for act in acts_about(connection, message(sending).key) if act.action == "message released"]
    assert said == [f"{message(sending).key} is not posted: no such credit in its list"]


def test_a_person_may_say_that_it_is_posted(sending, billing, clock):
    billing.trouble, billing.hides = "forgetful", 404
    sending.outbox.deliver()
    clock.pass_by(minutes=1)
    sending.outbox.deliver()
    sending.outbox.release(1, by="Kim", reason="seen in its list", posting="CR-7")
    assert (message(sending).state, message(sending).answer) == ("sent", {"posting": "CR-7", "said_by": "Kim"})
    assert sending.outbox.deliver().sent == []
    assert (len(billing.held()), billing.postings) == (1, 1)


def test_both_ledgers_are_compared_where_billing_can_be_read(sending, billing):
    sending.outbox.deliver()
    assert differences(sending) == []
    billing.alter("amount", "99.50")
    [said] = differences(sending)
    assert said.endswith("EUR on A-1, sent were 12.34 EUR on A-1")
    assert "billing holds 99.5" in said
    billing.alter("amount", "12.34")
    billing.again()
    assert differences(sending) == ["billing holds it 2 times"]
    billing.hides = 403
    [said] = sending.monitoring.against_billing()
    assert said.startswith("not compared: ")
    billing.answer = lambda *_: (422, {"message": "no"})
    [said] = sending.monitoring.against_billing()
    assert said.startswith("not compared: ")
    assert "422" in said


def test_the_key_of_what_was_posted_is_the_key_of_the_message(sending, billing):
    sending.outbox.deliver()
    with sending.work.database.read() as connection:
        [key] = connection.scalars(select(outbox.c.key).where(outbox.c.kind == "billing"))
    assert [one[3] for one in billing.held()] == [key]
