"""A cap over several windows: a simulation owes together what settlement books together."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.contract.varying import variants
from include.sla_logic.services.simulation import Asked
from tests.assessment.provider import LATER, Provider
from tests.assessment.test_settlement import booked, close, complete
from tests.domain.sla.make import objective, text_of
from tests.state_machine.test_agreements_that_change import empty_database

HOURS = {"kind": "credit", "block": "1 h", "rate": "5 EUR"}
TENTH = {"share": "10%", "over": "quarter"}
QUARTER = (date(2026, 10, 1), date(2027, 1, 1))


def text_with(**terms: object) -> str:
    said = {"format": 2, "id": "HOURS", "version": "1", "claim": {"automatic": True}}
    return text_of(objective(HOURS), **(said | terms))


def provider_of(folder: Path, *hours: int, **terms: object) -> Provider:
    """Record one outage in each of October, November and December, of these hours."""
    provider = Provider(folder, empty_database())
    provider.use_cases.imports.contracts([("hours.yaml", text_with(**terms))])
    assert provider.agree("A-1,K-1,S-1,HOURS,1,2026-10-01,,100,EUR,B-1,") == []
    complete(provider)
    starts = [datetime(2026, 10 + number, 5, tzinfo=UTC) for number in range(3)]
    provider.fail(*((start, start + timedelta(hours=some)) for start, some in zip(starts, hours, strict=True) if some))
    return provider


def owed(found, side: str) -> dict[str, Decimal]:
    """Return what is owed by month, where it is anything."""
    named = {month: getattr(sums, f"{side}_owed") for month, sums in found.months.items()}
    return {month: amount for month, amount in named.items() if amount}


def asked_of(text: str) -> Asked:
    return Asked(read_contract(text, name="new"), *QUARTER, old="HOURS@1", as_of=LATER)


@pytest.mark.parametrize("hours", [(5, 5, 5), (0, 8, 5), (4, 0, 4), (6, 1, 1), (1, 2, 2)])
@pytest.mark.parametrize("cap", [TENTH, {"share": "6%", "over": "year"}, {"share": "20%"}])
def test_each_month_owes_what_settlement_books(tmp_path, hours, cap):
    provider = provider_of(tmp_path, *hours, cap=cap)
    asked = asked_of(text_with(cap=cap))
    found = provider.use_cases.simulations.simulate(asked)
    assert found == provider.use_cases.simulations.simulate(replace(asked, exactly=True))
    close(provider)
    assert owed(found, "old") == owed(found, "new") == booked(provider)


def test_a_window_for_which_nothing_is_left_is_capped_too(tmp_path):
    provider = provider_of(tmp_path, 5, 5, 5, cap=TENTH)
    found = provider.use_cases.simulations.simulate(asked_of(text_with(id="NEW")))
    assert (found.total.old_owed, found.total.new_owed) == (Decimal(30), Decimal(75))
    assert [pair.owed for pair in found.capped] == [(Decimal(5), Decimal(25)), (Decimal(0), Decimal(25))]
    assert list(found.histories.values()) == [Decimal(75)]
    same = provider.use_cases.simulations.simulate(asked_of(text_with(cap=TENTH)))
    assert (len(same.capped), same.changed) == (2, [])
    assert list(same.histories.values()) == [Decimal(30)]  # of which the interval around a year's cost is drawn


def test_what_was_claimed_too_late_takes_nothing_of_the_cap(tmp_path):
    provider = provider_of(tmp_path, 5, 5, 5)
    late = text_with(id="NEW", cap=TENTH, claim={"within_days": 1})
    found = provider.use_cases.simulations.simulate(asked_of(late))
    assert (found.total.new_owed, found.capped) == (Decimal(0), [])


def test_a_share_over_a_range_and_longer_outages_are_held_to_the_cap(tmp_path):
    provider = provider_of(tmp_path, 5, 5, 5)
    text = text_with(id="NEW", cap=TENTH)
    tried = variants(text, "cap.share=5%..30%", steps=6, name="new")
    found = provider.use_cases.simulations.sweep(asked_of(text), [one.contract for one in tried])
    assert [one.total.new_owed for one in found] == [15, 30, 45, 60, 75, 75]
    grown = replace(asked_of(text), growth=Fraction(2))
    assert owed(provider.use_cases.simulations.simulate(grown), "new") == {"2026-10": Decimal(30)}
