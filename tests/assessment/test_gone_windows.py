"""A window that no agreement has any more: what was booked for it is said, and a person decides about it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from include.sla_logic.persistence.schema import reference as t
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import LONG, OCTOBER, agreed, booked, close, windows
from tests.state_machine.test_agreements_that_change import empty_database


@pytest.fixture
def provider(tmp_path) -> Provider:
    provider = agreed(Provider(tmp_path, empty_database()))
    provider.fail(LONG)
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("25.00")}
    return provider


def end(provider: Provider, day: str) -> None:
    assert provider.agree(f"A-1,K-1,S-1,K-1,1,2026-09-01,{day},100,EUR,B-1,") == []


def rounds(provider: Provider):
    return provider.use_cases.settlement.windows().windows


def waiting(provider: Provider):
    return [(str(one.amount), one.reason) for one in provider.use_cases.credits.waiting() if one.state == "held"]


@pytest.mark.parametrize(("decide", "left"), [("decline", "25.00"), ("approve", "12.10")])
def test_what_was_booked_for_a_longer_window_is_a_persons_to_waive_or_to_charge(provider, decide, left):
    end(provider, "2026-10-15")  # 40 hours of 15 days, too: a quarter of the charge for them
    close(provider)
    close(provider)
    [(amount, reason)] = waiting(provider)
    assert amount == "-12.90 EUR"
    assert "No agreement on record has this window any more; its time is judged as 2026-10-01" in reason
    [held] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    getattr(provider.use_cases.credits, decide)(held.reference, by="cleo", reason="seen")
    close(provider)
    close(provider)
    assert waiting(provider) == []
    assert sum(booked(provider).values()) == Decimal(left)


def test_what_was_booked_for_a_month_that_is_not_agreed_at_all_is_held(provider):
    end(provider, "2026-09-30")
    close(provider)
    assert [amount for amount, _reason in waiting(provider)] == ["-25.00 EUR"]
    assert [one.window.start for one in windows(provider, "to_decide")] == [OCTOBER]


def test_a_window_that_has_become_longer_takes_off_what_was_booked_for_the_shorter_one(tmp_path):
    provider = agreed(Provider(tmp_path, empty_database()))
    end(provider, "2026-10-15")
    provider.fail(LONG)
    close(provider)
    assert sum(booked(provider).values()) == Decimal("12.10")
    end(provider, "")
    close(provider)
    assert waiting(provider) == []
    found = {one.window.end: (one.state, one.booked) for one in rounds(provider) if one.window.start == OCTOBER}
    assert sum(one.amount for _state, one in found.values() if one) == Decimal("25.00")
    assert close(provider).lines == ()


def test_windows_that_owed_nothing_need_no_more(provider):
    before = len(rounds(provider))
    end(provider, "2026-10-31")
    assert close(provider).lines == ()
    assert len(rounds(provider)) == before


def test_a_window_of_a_customer_who_has_no_agreement_any_more_is_listed_for_a_person(provider):
    with provider.use_cases.work.writing() as connection:
        connection.execute(update(t.agreements).values(customer="K-2"))
    settle = provider.use_cases.settlement
    settle.run(by="ann", shards=1)
    [one] = windows(provider, "to_decide")
    assert (one.customer, one.window.start) == ("K-1", OCTOBER)
    assert "the agreement A-1 is another customer's: a person must decide" in one.reason
    assert settle.preview().lines == ()
    [beyond] = map(str, provider.use_cases.monitoring.credited_beyond_owed())
    assert beyond.startswith("I3 K-1 S-1: was credited 25.00 EUR")


def test_a_window_waits_while_what_shares_its_time_does(provider):
    end(provider, "2026-10-15")
    open_ = f"service,reference,started_at\nS-1,O-9,{(OCTOBER + timedelta(days=4)).isoformat()}\n"
    assert provider.bring("outages", open_) == []
    provider.clock.now = OCTOBER + timedelta(days=31, hours=1)
    provider.use_cases.settlement.run(by="ann", shards=1)
    reasons = {one.window.end: one.reason for one in windows(provider, "waiting")}
    assert "what shares its time is not settled" in reasons[datetime(2026, 11, 1, tzinfo=UTC)]
