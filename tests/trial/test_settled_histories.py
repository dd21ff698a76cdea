"""The incident history of a hosted service, settled month by month; the amounts are counted once more, apart."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from include.sla_logic.domain.period import to_seconds
from tests.assessment.provider import Provider
from tests.state_machine.test_agreements_that_change import empty_database

MONTHS = [datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 13)] + [datetime(2025, 1, 1, tzinfo=UTC)]
IMPACTS = ("minor", "major", "critical")


def seconds_of(incidents: list[dict[str, Any]], component: str, impacts: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for one in incidents:
        if component in (one.get("components") or []) and one["impact"] in impacts:
            start, end = (to_seconds(datetime.fromisoformat(one[name])) for name in ("downtime_start", "downtime_end"))
            found |= set(range(max(start, to_seconds(MONTHS[0])), end))
    return found


def owed(incidents: list[dict[str, Any]], components: list[str]) -> dict[tuple[str, str], Decimal]:
    """Count seconds: 10 % of 100 below 99.9 % of the month, 25 % below 99 %."""
    found = {}
    for number, component in enumerate(components):
        down = seconds_of(incidents, component, IMPACTS) - seconds_of(incidents, component, ("maintenance",))
        for start, end in pairwise(to_seconds(month) for month in MONTHS):
            share = 1 - Fraction(sum(start <= second < end for second in down), end - start)
            amount = 0 if share >= Fraction(999, 1000) else 10 if share >= Fraction(99, 100) else 25
            if amount:
                found[f"S-{number}", f"{datetime.fromtimestamp(start, UTC):%Y-%m}"] = Decimal(amount)
    return found


@pytest.mark.more
def test_a_year_of_every_component_is_booked_as_counted_apart(shared_data: Path, tmp_path: Path) -> None:
    with gzip.open(shared_data / "github_status" / "incidents_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        incidents = [json.loads(line) for line in lines]
    components = sorted({name for one in incidents for name in one.get("components") or []})
    provider = Provider(tmp_path, empty_database())
    provider.agree(*(f"A-{n},K-1,S-{n},K-1,1,2024-01-01,,100,EUR,B-1," for n in range(len(components))))
    named = [
        (f"S-{components.index(name)},{one['id']},{one['downtime_start']},{one['downtime_end']}\n", one["impact"])
        for one in incidents
        for name in one.get("components") or []
    ]
    outages = "".join(row for row, impact in named if impact in IMPACTS)
    planned = "".join(row for row, impact in named if impact == "maintenance")
    assert provider.bring("outages", f"service,reference,started_at,ended_at\n{outages}") == []
    assert provider.bring("maintenance", f"service,reference,starts_at,ends_at\n{planned}") == []
    settlement = provider.use_cases.settlement
    provider.use_cases.imports.complete("outages", until=MONTHS[-1], by="ann", source="status history")
    for month in MONTHS[1:]:
        run = settlement.run(by="ann", at=month + timedelta(days=3), shards=1)
        if run.state == "held":
            settlement.release(run.number, by="ben", reason="checked")
            assert settlement.run(by="ann").state == "ended"
    windows = settlement.windows(limit=10_000).windows
    booked = {(one.service, f"{one.window.start:%Y-%m}"): one.booked.amount for one in windows if one.booked}
    assert {one.state for one in windows} == {"done"}
    assert booked == owed(incidents, components)
    assert len(booked) > 10
    assert [str(one) for one in (*provider.use_cases.monitoring.violations(),)] == []
