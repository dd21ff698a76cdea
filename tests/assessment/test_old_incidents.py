"""An old or odd incident, through the whole process: held for a second person, or listed as to be paid out."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import CreditState, CustomerReport
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from tests.assessment.conftest import NOW
from tests.assessment.test_sla_status import euros
from tests.reference.walk import walk

OCTOBER, NOVEMBER = (date(2026, 10, 1), date(2026, 11, 1)), (date(2026, 11, 1), date(2026, 12, 1))
OLD = datetime(2026, 5, 24, 12, tzinfo=UTC)  # 180 days before NOW


def invoice(sample, name, days, state):
    with sample.use_cases.work.database.write() as connection:
        row = {"id": name, "account": "A-1", "starts": days[0], "ends": days[1], "state": state}
        connection.execute(insert(a.invoices), [row])


@pytest.fixture
def paying(sample):
    """Let the contract pay by itself, on an invoice of November that is open beside a settled one of October."""
    with sample.use_cases.work.database.write() as connection:
        mine = t.contracts.c.id == "claimed-line"
        text = connection.scalar(select(t.contracts.c.text).where(mine))
        asks = "claim: {within_days: 10, counted_from: outage_end}"
        assert asks in text
        connection.execute(update(t.contracts).where(mine).values(text=text.replace(asks, "claim: {automatic: true}")))
    invoice(sample, "INV-10", OCTOBER, "settled")
    invoice(sample, "INV-11", NOVEMBER, "open")
    return sample


class Led:
    """What an incident left behind: documents, ledger, the credits that wait, and what leaves for billing."""

    def __init__(self, sample, observed_from, run_id="run-1"):
        self.sample, self.run_id = sample, run_id
        conf = {"customer": "C-1", "service": "S-9", "symptom": "service_down", "description": "Down."}
        walk(sample.use_cases, sample.clock, conf | {"observed_from": observed_from.isoformat()}, run_id)

    def documents(self, kind):
        case = self.sample.use_cases.lookups.incident(self.run_id)
        return [kind.model_validate(one.body) for one in case.documents if one.kind == kind.kind()]

    @property
    def ledger(self):
        with self.sample.use_cases.work.reading() as connection:
            rows = connection.execute(select(a.applied_billing_credits).order_by(a.applied_billing_credits.c.id))
            return [(row.state, row.amount, row.invoice) for row in rows]

    @property
    def waiting(self):
        return [(one.state, one.amount) for one in self.sample.use_cases.credits.waiting()]

    @property
    def told(self):
        return [one.credit.state for one in self.documents(CustomerReport) if one.credit is not None]

    @property
    def postings(self):
        return [one.kind for one in self.sample.use_cases.outbox.messages() if one.kind not in {"mail", "event"}]


def assert_held(led, amount, *reasons):
    [rebate], [adjustment] = led.documents(Rebate), led.documents(BillingAdjustment)
    assert (rebate.total, rebate.held_for_approval) == (amount, True)
    assert rebate.held_because.count(";") == len(reasons) - 1
    for reason in reasons:
        assert reason in rebate.held_because
    assert (adjustment.booked, adjustment.waiting, adjustment.held) == (euros("0.00"), amount, True)
    assert led.waiting == [("held", amount)]
    assert (led.told, led.postings) == ([CreditState.UNDER_REVIEW], [])
    [listed] = led.sample.use_cases.credits.waiting()
    assert listed.reason == rebate.held_because


def approve(led):
    [waiting] = led.sample.use_cases.credits.waiting()
    return led.sample.use_cases.credits.approve(waiting.reference, by="ben", reason="looked at it")


def sound(sample):
    return list(map(str, sample.use_cases.monitoring.violations())) == []


def test_what_belongs_to_an_open_invoice_is_booked_at_once(paying):
    led = Led(paying, datetime(2026, 11, 15, 8, tzinfo=UTC))
    assert led.ledger == [("booked", 3_000, "INV-11")]
    assert (led.waiting, len(led.postings)) == ([], 1)
    assert sound(paying)


def test_a_window_that_is_settled_is_held_and_then_booked_on_the_open_invoice(paying):
    led = Led(paying, datetime(2026, 10, 5, 8, tzinfo=UTC))
    assert_held(led, euros("30.00"), "was settled with the invoice INV-10")
    assert led.ledger == [("held", 3_000, None)]
    assert approve(led) == euros("30.00")
    assert led.ledger == [("booked", 3_000, "INV-11")]
    assert (led.waiting, len(led.postings), led.told[-1]) == ([], 1, CreditState.BOOKED)
    assert sound(paying)


def test_a_second_incident_of_a_settled_window_has_nothing_to_be_held_for(paying):
    approve(Led(paying, datetime(2026, 10, 5, 8, tzinfo=UTC)))
    again = Led(paying, datetime(2026, 10, 5, 8, 30, tzinfo=UTC), "run-2")
    assert (again.waiting, again.told, len(again.ledger)) == ([], [CreditState.NONE_DUE], 1)
    assert sound(paying)


@pytest.mark.parametrize(("later", "held"), [(timedelta(hours=1), False), (timedelta(seconds=-1), True)])
def test_an_incident_observed_longer_ago_than_the_setting_is_held(paying, later, held):
    """Its clock ticks while it is led: what is observed an hour after the limit is in time until its rebate."""
    observed = OLD + later
    paying.outage("OUT-0", observed, observed + timedelta(hours=2))
    led = Led(paying, observed)
    if held:
        assert_held(led, euros("30.00"), "the incident was observed on 2026-05-24, more than 180 days ago")
        assert approve(led) == euros("30.00")
    assert led.ledger == [("booked", 3_000, "INV-11")]
    assert sound(paying)


def test_every_reason_is_named(paying):
    invoice(paying, "INV-3", (date(2026, 3, 1), date(2026, 4, 1)), "settled")
    march = datetime(2026, 3, 3, 8, tzinfo=UTC)
    paying.outage("OUT-0", march, march + timedelta(hours=2))
    assert_held(Led(paying, march), euros("30.00"), "observed on 2026-03-03", "settled with the invoice INV-3")


def test_what_was_declined_of_an_old_incident_stays_declined(paying):
    led = Led(paying, datetime(2026, 10, 5, 8, tzinfo=UTC))
    [waiting] = paying.use_cases.credits.waiting()
    paying.use_cases.credits.decline(waiting.reference, by="ben", reason="settled by hand")
    Led(paying, datetime(2026, 10, 5, 8, 30, tzinfo=UTC), "run-2")
    assert (led.waiting, led.postings, led.told[-1]) == ([], [], CreditState.DECLINED)
    assert sound(paying)


def test_without_an_open_invoice_the_credit_is_booked_and_listed_as_to_be_paid_out(paying):
    with paying.use_cases.work.database.write() as connection:
        connection.execute(update(a.invoices).values(state="settled", starts=date(2025, 1, 1), ends=date(2025, 2, 1)))
    led = Led(paying, datetime(2026, 11, 15, 8, tzinfo=UTC))
    assert led.ledger == [("booked", 3_000, None)]
    assert led.waiting == [("to_be_paid_out", euros("30.00"))]
    [adjustment] = led.documents(BillingAdjustment)
    assert (adjustment.invoice, adjustment.booked) == (None, euros("30.00"))
    [waiting] = paying.use_cases.credits.waiting()
    assert paying.use_cases.credits.paid_out(waiting.reference, by="ann", reason="transfer 7") == euros("30.00")
    assert led.waiting == []
    assert sound(paying)


def test_nothing_is_paid_where_the_deadline_of_the_claim_has_passed(sample):
    invoice(sample, "INV-11", NOVEMBER, "open")
    sample.clock.now = datetime(2026, 11, 30, tzinfo=UTC)
    led = Led(sample, datetime(2026, 11, 15, 8, tzinfo=UTC))
    [rebate] = led.documents(Rebate)
    assert (rebate.total, rebate.held_for_approval, rebate.owed) == (euros("0.00"), False, euros("0.00"))
    assert (led.ledger, led.waiting, led.told) == ([], [], [CreditState.NONE_DUE])
    assert "25 November 2026" in sample.use_cases.letters.as_text("run-1").replace("\xa0", " ")
    assert sound(sample)


def test_what_a_claim_in_time_brings_after_its_deadline_is_held(sample):
    """An outage of before the claim is recorded afterwards: the claim was for it too, and its deadline has passed."""
    invoice(sample, "INV-11", NOVEMBER, "open")
    led = Led(sample, datetime(2026, 11, 15, 8, tzinfo=UTC))
    [waiting] = sample.use_cases.credits.waiting()
    sample.use_cases.credits.claim(waiting.reference, by="ann", claimed_at=NOW)
    assert led.ledger == [("booked", 3_000, "INV-11")]
    sample.outage("OUT-3", datetime(2026, 11, 16, 8, tzinfo=UTC), datetime(2026, 11, 16, 14, tzinfo=UTC))
    sample.clock.now = datetime(2026, 11, 28, tzinfo=UTC)
    again = Led(sample, datetime(2026, 11, 16, 8, tzinfo=UTC), "run-2")
    [rebate] = again.documents(Rebate)
    assert "the credit was to be claimed before" in rebate.held_because
    assert (rebate.total, again.waiting) == (euros("60.00"), [("held", euros("60.00"))])
    assert sound(sample)
