"""Times to respond to tickets and to resolve them are objectives like any other, counted from each ticket's history."""

from decimal import Decimal

import pytest

from include.sla_logic.domain.measurements import Hold, Ticket
from include.sla_logic.domain.sla.objective_judgement import RefusalCode, Verdict
from tests.domain.sla.make import at, contract, euros, facts, judge, objective

WORKING_HOURS = {"service_hours": [{"opens": "09:00", "closes": "17:00"}]}
PER_TICKET = {"kind": "credit", "for_each": "event", "when": "target_missed", "rate": "5%"}


def terms(metric="time_to_respond", target="30 min", **fields):
    return contract(objective(PER_TICKET, id="answer", metric=metric, target=target), format=2, **fields)


def ticket(opened, responded=None, resolved=None, reference="T1", **fields):
    read = {"responded_at": responded and at(responded), "resolved_at": resolved and at(resolved)}
    return Ticket(reference=reference, opened_at=at(opened), **read, **fields)


def judged(contract_terms, *tickets, as_of=None):
    comparison = judge(contract_terms, facts(tickets=tickets), as_of=None if as_of is None else at(as_of))
    return comparison.objectives[0], comparison


def test_each_ticket_that_waited_longer_than_the_target_pays():
    late = ticket("2025-04-10 08:00", "2025-04-10 08:31")
    in_time = ticket("2025-04-11 08:00", "2025-04-11 08:29:59", reference="T2")
    answer, comparison = judged(terms(), late, in_time)
    assert answer.measured == Decimal("1829.5")
    assert comparison.credit_due == euros("5.00")


@pytest.mark.parametrize(("responded", "credit"), [("2025-04-10 08:30:00", "0.00"), ("2025-04-10 08:30:01", "5.00")])
def test_the_second_after_the_target_is_late(responded, credit):
    answer, comparison = judged(terms(), ticket("2025-04-10 08:00", responded))
    assert comparison.credit_due == euros(credit)
    assert answer.verdict is (Verdict.BREACHED if credit == "5.00" else Verdict.MET)


def test_the_resolution_is_measured_by_its_own_moment():
    one = ticket("2025-04-10 08:00", "2025-04-10 08:05", "2025-04-10 13:00")
    assert judged(terms("time_to_resolve", "4 h"), one)[0].measured == 5 * 3600
    assert judged(terms(), one)[0].measured == 300


def test_a_ticket_is_answered_in_service_hours():
    """Thursday 16:50 to Friday 09:15 is 25 minutes of service."""
    one = ticket("2025-04-10 16:50", "2025-04-11 09:15")
    assert judged(terms(counting=WORKING_HOURS), one)[0].measured == 25 * 60


def test_time_in_which_the_customer_has_to_act_does_not_count_where_holds_stop_the_clock():
    hold = Hold(start=at("2025-04-10 08:10"), end=at("2025-04-10 08:40"), reason="no answer", owner="customer")
    one = ticket("2025-04-10 08:00", "2025-04-10 09:00", holds=(hold,))
    assert judged(terms(counting={"holds_stop_the_clock": True}), one)[0].measured == 30 * 60
    assert judged(terms(), one)[0].measured == 60 * 60


@pytest.mark.parametrize(("now", "measured"), [("2025-04-10 08:30", None), ("2025-04-10 08:31", 31 * 60)])
def test_a_ticket_that_still_waits_counts_once_it_is_late(now, measured):
    answer, _ = judged(terms(), ticket("2025-04-10 08:00"), as_of=now)
    assert answer.measured == measured
    assert answer.provisional


def test_a_ticket_belongs_to_the_window_in_which_it_was_answered():
    answered_in_may = ticket("2025-04-30 23:50", "2025-05-01 00:30")
    assert judged(terms(), answered_in_may, as_of="2025-05-02 00:00")[0].measured is None


def test_a_ticket_that_was_answered_before_it_was_opened_is_refused():
    answer, _ = judged(terms(), ticket("2025-04-10 08:00", "2025-04-10 07:59"))
    assert answer.refusal is RefusalCode.OUTAGE_END_BEFORE_START
    assert "T1" in answer.reason


def test_without_a_ticket_nothing_is_owed():
    answer, comparison = judged(terms())
    assert answer.measured is None
    assert comparison.credit_due == euros("0.00")


@pytest.mark.parametrize(
    ("opened", "answered", "seconds"),
    [
        ("2025-04-01 00:00:00", "2025-04-01 00:00:00", 0),  # what takes no time belongs to the second in which it was
        ("2025-04-30 23:59:59", "2025-04-30 23:59:59", 0),
        ("2025-05-01 00:00:00", "2025-05-01 00:00:00", None),
        ("2025-03-31 23:59:59", "2025-04-01 00:00:00", None),  # the last second that it waited is March's
        ("2025-03-31 23:59:59", "2025-04-01 00:00:01", 2),
        ("2025-04-30 23:59:00", "2025-05-01 00:00:00", 60),
        ("2025-04-30 23:59:00", "2025-05-01 00:00:01", None),
    ],
)
def test_a_ticket_belongs_to_the_window_of_the_last_second_that_it_waited(opened, answered, seconds):
    answer, comparison = judged(terms(), ticket(opened, answered), as_of="2025-05-20 00:00")
    assert answer.measured == seconds
    assert answer.events == (() if seconds is None else ("T1",))
    assert comparison.credit_due == euros("0.00")
