"""A credit that an incident left held is not approved on facts that have changed since: the newest amount is named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from include.sla_logic.services.typed_amounts import UnableToDecideCredit
from tests.assessment.provider import Provider
from tests.assessment.test_interfaces_of_a_decision import INTERFACES, act
from tests.assessment.test_settlement import SHORT, agreed, correct
from tests.state_machine.test_agreements_that_change import empty_database


def with_a_held_credit(provider: Provider) -> str:
    """Lead an incident whose credit of 10.00 is above the limit; return its reference."""
    agreed(provider).fail(SHORT)
    provider.clock.now = SHORT[1] + timedelta(hours=1)
    assert provider.lead(SHORT[0]) == 0
    [held] = provider.use_cases.credits.waiting()
    assert (held.state, str(held.amount)) == ("held", "10.00 EUR")
    return held.reference


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def provider(request, tmp_path, monkeypatch) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = Provider(tmp_path, empty_database(), url=url, approval_limit=5)
    monkeypatch.setenv("TELECO_DB_URL", url or f"sqlite:///{tmp_path / 'provider.db'}")
    return made


def approve(provider: Provider, reference: str) -> str:
    return str(provider.use_cases.credits.approve(reference, by="cleo", reason="seen"))


def test_what_has_not_changed_is_approved_also_later_and_after_a_record_of_later(provider):
    reference = with_a_held_credit(provider)
    provider.clock.now = datetime(2026, 10, 20, tzinfo=UTC)
    later = datetime(2026, 10, 18, tzinfo=UTC)
    provider.fail((later, later + timedelta(hours=2)))  # settlement brings what happened since
    assert approve(provider, reference) == "10.00 EUR"


@pytest.mark.parametrize("interface", INTERFACES)
def test_other_facts_are_named_with_the_newest_amount_which_another_person_approves(provider, interface):
    reference = with_a_held_credit(provider)
    before = (SHORT[0] - timedelta(days=1), SHORT[0] - timedelta(hours=14))
    provider.fail(before)  # was recorded too late: ten hours before the incident
    refused = act(provider, interface, "approve", reference, by="cleo", roles=("admin",))
    assert refused is not None
    assert f"Facts have changed since {reference} was held" in refused
    assert "counted instead of" in refused
    assert "Judged again, 25.00 EUR are due: enter that amount" in " ".join(refused.split())
    assert [str(one.amount) for one in provider.use_cases.credits.waiting()] == ["10.00 EUR"]
    assert act(provider, interface, "enter", reference, by="cleo", amount="25.00", roles=("admin",)) is None
    assert act(provider, interface, "approve", reference, by="dora", roles=("admin",)) is None
    assert not [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    adjustment = provider.use_cases.lookups.incident(f"run-{SHORT[0]:%m%dT%H%M%S}").adjustment
    assert adjustment is not None
    assert adjustment.booked.amount == Decimal("25.00")


def test_what_is_entered_is_out_of_date_again_where_facts_change_once_more(provider):
    reference = with_a_held_credit(provider)
    provider.fail((SHORT[0] - timedelta(days=1), SHORT[0] - timedelta(hours=14)))
    provider.use_cases.credits.enter(reference, amount="25.00", by="cleo", reason="newest")
    provider.fail((SHORT[0] - timedelta(days=2), SHORT[0] - timedelta(days=2) + timedelta(hours=1)))
    with pytest.raises(UnableToDecideCredit, match="Facts have changed since"):
        approve(provider, reference)


def test_a_credit_of_which_nothing_is_due_any_more_is_to_be_declined(provider):
    reference = with_a_held_credit(provider)
    correct(provider, SHORT[0], SHORT[0] + timedelta(minutes=1))
    with pytest.raises(UnableToDecideCredit, match="nothing is still due: decline it"):
        approve(provider, reference)
    provider.use_cases.credits.decline(reference, by="cleo", reason="nothing due")
    assert provider.use_cases.credits.waiting() == []
