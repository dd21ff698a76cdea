"""An outage without an end, or one so long that its end may be another's: listed for a person, and its credit held."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.assessment.provider import Provider
from tests.assessment.test_settlement import OCTOBER, agreed, booked, close
from tests.state_machine.test_agreements_that_change import empty_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def provider(request, tmp_path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return agreed(Provider(tmp_path, empty_database(), url=url))


def of_an_archive(provider: Provider, ended_at: str = "") -> None:
    rows = f"service,reference,started_at,ended_at\nS-1,O-7,2021-03-04T00:00:00Z,{ended_at}\n"
    assert provider.bring("outages", rows) == []


@pytest.mark.parametrize("ended_at", ["", "2026-12-30T00:00:00Z"])
def test_an_incident_books_nothing_for_an_outage_of_years(provider, ended_at):
    of_an_archive(provider, ended_at)
    provider.clock.now = datetime(2026, 10, 20, tzinfo=UTC)
    assert provider.lead(OCTOBER + timedelta(days=18)) == Decimal(0)
    [held] = provider.use_cases.credits.waiting()
    assert held.state == "held"
    assert "O-7 lasts longer than a window, from 2021-03-04" in (held.reason or "")
    [listed] = provider.use_cases.monitoring.long_outages()
    assert str(listed).startswith("S-1: the outage O-7 began on 2021-03-04 and ")


def test_settlement_books_nothing_for_it_either_and_lists_it(provider):
    of_an_archive(provider, "2026-12-30T00:00:00Z")
    close(provider)
    assert booked(provider) == {}
    assert {one.state for one in provider.use_cases.credits.waiting()} == {"held"}
    [listed] = provider.use_cases.monitoring.long_outages()
    assert str(listed) == "S-1: the outage O-7 began on 2021-03-04 and ended only on 2026-12-30: correct it"


def test_an_outage_of_a_few_days_is_neither_listed_nor_held(provider):
    provider.fail((OCTOBER + timedelta(days=2), OCTOBER + timedelta(days=22)))
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("25.00")}
    assert list(provider.use_cases.monitoring.long_outages()) == []
