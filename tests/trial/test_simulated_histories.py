"""Real histories under another contract: what is owed is counted apart, second by second."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.services.simulation import Asked
from tests.domain.sla.make import objective, text_of
from tests.trial.test_settled_histories import IMPACTS, MONTHS, hosted_service, seconds_of

RULE = {"kind": "tiers", "tiers": [{"at_least": "99.95", "credit": 0}, {"below": "99.95", "credit": "40%"}]}


@pytest.mark.more
def test_a_year_of_every_component_costs_what_is_counted_apart(shared_data: Path, tmp_path: Path) -> None:
    provider, incidents, components = hosted_service(shared_data, tmp_path)
    terms = {"id": "NEW", "version": "1", "zone": "UTC", "claim": {"automatic": True}, "cap": {"share": "30%"}}
    new = read_contract(text_of(objective(RULE), **terms), name="new")
    found = provider.use_cases.simulations.simulate(Asked(new, date(2024, 1, 1), date(2025, 1, 1), old="K-1@1"))
    expected = {}
    for number, component in enumerate(components):
        down = seconds_of(incidents, component, IMPACTS) - seconds_of(incidents, component, ("maintenance",))
        for start, end in pairwise(to_seconds(month) for month in MONTHS):
            share = 1 - Fraction(sum(start <= second < end for second in down), end - start)
            old = 0 if share >= Fraction(999, 1000) else 10 if share >= Fraction(99, 100) else 25
            new_owed = 0 if share >= Fraction(9995, 10_000) else 30
            if old != new_owed:
                expected[f"S-{number}", start] = Decimal(old), Decimal(new_owed)
    assert {(pair.service, pair.old[0].span[0]): pair.owed for pair in found.changed} == expected
    assert len(expected) > 10
    assert found.unjudged == []
    assert len(found.capped) == len([one for one in expected.values() if one[1]])
