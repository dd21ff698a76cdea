"""Both ledgers hold the same: what was sent from here, and what the billing system lists."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import insert, update

from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.services import UseCases
from include.sla_logic.settings import BillingSystem
from tests.clock import NOON
from tests.faults.outside import Billing

PAYLOAD = {"credit": "X-1", "account": "A-1", "amount": "12.34", "currency": "EUR", "type": "appliedBillingCredit"}


@pytest.fixture
def billing() -> Iterator[Billing]:
    server = Billing()
    yield server
    server.close()


@pytest.fixture
def sending(use_cases: UseCases, billing: Billing) -> UseCases:
    """Open use cases that send to an external billing system, with one credit to send."""
    system = BillingSystem(f"http://127.0.0.1:{billing.port}", timeout=60)
    there = UseCases(replace(use_cases.work.settings, billing=system), clock=lambda: NOON)
    put(there, "X-1")
    return there


def put(use_cases, name, **changed):
    with use_cases.work.database.write() as connection:
        key = f"{installation_id(connection)}:billing:{name}"
        row = {"key": key, "kind": "billing", "payload": PAYLOAD | changed, "state": "waiting", "attempts": 0}
        connection.execute(insert(outbox).values(row | {"created_at": NOON, "next_attempt_at": NOON}))
    return key


def differences(use_cases):
    return [said.partition(": ")[2] for said in use_cases.monitoring.against_billing()]


def test_what_was_sent_and_is_held_alike_is_no_difference(sending):
    assert differences(sending) == []
    sending.outbox.deliver()
    assert differences(sending) == []


def test_each_difference_between_the_ledgers_is_named(sending, billing):
    sending.outbox.deliver()
    posted = billing.bodies[0]
    billing.bodies.clear()
    assert differences(sending) == ["was acknowledged, but billing holds no posting for billing:X-1"]
    more = posted | {"taxExcludedAmount": {"unit": "EUR", "value": 99.5}}
    twice = posted | {"id": "ACBR-9"}
    [mark] = posted["characteristic"]
    foreign = posted | {"id": "ACBR-10", "characteristic": [mark | {"value": "another:billing:X-1"}]}
    lost = posted | {"id": "ACBR-11", "characteristic": [mark | {"value": f"{mark['value']}7"}]}
    billing.bodies += [more, twice, foreign, lost]
    assert differences(sending) == [
        "billing holds 99.5 EUR on A-1, sent were 12.34 EUR on A-1",
        "billing holds 12.34 EUR on A-1, which was never sent from here",
        "billing holds it 2 times",
    ]


def test_a_posting_whose_answer_was_lost_is_named(sending, billing):
    billing.be("forgetful")
    sending.outbox.deliver()
    billing.be(None)
    [said] = differences(sending)
    assert said.startswith("billing holds it, but here it is waiting")


def test_a_ledger_that_cannot_be_read_was_not_compared(sending, billing):
    billing.be("down")
    [said] = sending.monitoring.against_billing()
    assert said.startswith("not compared: The billing system http://127.0.0.1")


def test_the_simulated_ledger_is_compared_too(use_cases):
    put(use_cases, "X-1")
    use_cases.outbox.deliver()
    assert differences(use_cases) == []
    with use_cases.work.database.write() as connection:
        connection.execute(update(a.ledger_postings).values(amount=1))
    assert differences(use_cases) == ["billing holds 0.01 EUR on A-1, sent were 12.34 EUR on A-1"]
