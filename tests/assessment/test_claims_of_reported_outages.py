"""A claim loses what it came too late for, and no more: what had to be reported is judged as the contract asks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.services.simulation import Asked
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import close, complete
from tests.domain.sla.make import objective, text_of
from tests.state_machine.test_agreements_that_change import empty_database

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
HEADER = "service,reference,started_at,ended_at,reported_at\n"
HOURS = {"kind": "credit", "block": "1 h", "rate": "5 EUR"}
REPORTED = {"within_days": 30, "ticket": "required"}
SOON = {"within_days": 10, "counted_from": "outage_end", "ticket": "not_required", "ticket_within": "24 h"}


def text_with(claim: dict[str, object], **terms: object) -> str:
    return text_of(objective(HOURS), format=2, id="HOURS", version="1", claim=claim, **terms)


def provider_of(folder: Path, claim: dict[str, object], *outages: tuple[int, int, bool], **terms: object) -> Provider:
    """Record outages on these days of October, each of that many hours, reported within the hour or never."""
    provider = Provider(folder, empty_database())
    provider.use_cases.imports.contracts([("hours.yaml", text_with(claim, **terms))])
    assert provider.agree("A-1,K-1,S-1,HOURS,1,2026-10-01,,1000,EUR,B-1,") == []
    complete(provider)
    rows = []
    for day, hours, reported in outages:
        start = OCTOBER + timedelta(days=day - 1, hours=8)
        reported_at = (start + timedelta(minutes=30)).isoformat() if reported else ""
        rows.append(f"S-1,O-{day},{start.isoformat()},{(start + timedelta(hours=hours)).isoformat()},{reported_at}\n")
    assert provider.bring("outages", HEADER + "".join(rows)) == []
    return provider


@pytest.mark.parametrize("hours", [1, 4])
def test_an_outage_that_nobody_reported_takes_nothing_off_a_claim_in_time(tmp_path, hours):
    provider = provider_of(tmp_path, REPORTED, (5, 4, True), (12, hours, False))
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    [unclaimed] = provider.use_cases.credits.waiting()
    assert (unclaimed.state, str(unclaimed.amount)) == ("unclaimed", "20.00 EUR")
    assert str(provider.use_cases.credits.claim(unclaimed.reference, by="ann")) == "20.00 EUR"
    assert close(provider).lines == ()


def test_an_outage_that_was_claimed_too_late_is_not_paid_where_no_ticket_was_needed(tmp_path):
    provider = provider_of(tmp_path, SOON, (1, 4, False), (8, 4, True))
    provider.clock.now = datetime(2026, 10, 8, 13, tzinfo=UTC)
    provider.lead(OCTOBER + timedelta(days=7, hours=8))
    [unclaimed] = provider.use_cases.credits.waiting()
    assert (unclaimed.state, str(unclaimed.amount)) == ("unclaimed", "40.00 EUR")
    provider.clock.now = datetime(2026, 10, 15, 8, tzinfo=UTC)
    assert str(provider.use_cases.credits.claim(unclaimed.reference, by="ann")) == "20.00 EUR"


def test_what_was_claimed_too_late_is_not_taken_off_what_a_cap_has_left(tmp_path):
    """October brings 20 of 30 for the quarter; of November's 25 a cap leaves 10, and 20 of them are claimed in time."""
    provider = provider_of(tmp_path, SOON, (8, 4, True), cap={"share": "1%", "over": "quarter"})
    november = (
        "S-1,N-1,2026-11-01T08:00:00Z,2026-11-01T09:00:00Z,2026-11-01T08:30:00Z\n"
        "S-1,N-8,2026-11-08T08:00:00Z,2026-11-08T12:00:00Z,2026-11-08T08:30:00Z\n"
    )
    amounts = []
    for month, rows in ((10, ""), (11, november)):
        provider.clock.now = datetime(2026, month, 8, 13, tzinfo=UTC)
        assert not rows or provider.bring("outages", HEADER + rows) == []
        provider.lead(datetime(2026, month, 8, 8, tzinfo=UTC))
        [unclaimed] = [one for one in provider.use_cases.credits.waiting() if one.state == "unclaimed"]
        provider.clock.now = datetime(2026, month, 15, 8, tzinfo=UTC)
        amounts += [str(unclaimed.amount), str(provider.use_cases.credits.claim(unclaimed.reference, by="ann"))]
    assert amounts == ["20.00 EUR", "20.00 EUR", "10.00 EUR", "10.00 EUR"]


@pytest.mark.parametrize("way", [{"claimed": True}, {"growth": Fraction(2)}], ids=["all claimed", "grown"])
@pytest.mark.parametrize(
    ("claim", "hours"),
    [
        (REPORTED, 4),
        (REPORTED | {"ticket": "not_required"}, 7),
        (REPORTED | {"ticket_within": "20 min"}, 0),
        (SOON, 7),
        (SOON | {"ticket_within": "20 min"}, 3),
    ],
)
def test_a_simulation_with_all_claimed_pays_only_what_was_reported_as_the_contract_asks(tmp_path, claim, hours, way):
    provider = provider_of(tmp_path, claim, (5, 4, True), (12, 3, False))
    new = read_contract(text_with(claim), name="hours")
    asked = Asked(new, date(2026, 10, 1), date(2026, 11, 1))
    assert provider.use_cases.simulations.simulate(asked).total.new_owed == 0
    found = provider.use_cases.simulations.simulate(replace(asked, **way)).total
    owed = hours * 5 * way.get("growth", 1)
    assert (found.old_owed, found.new_owed) == (owed, owed)
