"""The incident history of a hosted service, judged per component and quarter under its public terms, and per month."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.measurements import Charges, MaintenanceWindow, Outage, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, to_seconds
from include.sla_logic.domain.sla import RefusalCode, SlaComparison, Verdict, compare

# The published sentence: 10 % back when uptime is <= 99.9 % and > 99.0 %, 25 % when it is < 99.0 %.
CONTRACT = """\
id: HOSTED-SERVICE
version: "2021"
title: Uptime per component and calendar quarter
zone: UTC
currency: USD
window: quarter
charge_base: recurring
partial_window: cut
on_agreement_change: apart
maintenance: {excluded: true}
objectives:
  - id: uptime
    metric: availability
    target: 99.9
    rule:
      kind: tiers
      tiers:
        - {more_than: 99.9, credit: 0}
        - {at_most: 99.9, more_than: 99.0, credit: 10%}
        - {below: 99.0, credit: 25%}
"""
# The first months of all quarters, and all months, of the history: from April 2022 to December 2024.
MONTHS = [(2022, m) for m in range(4, 13)] + [(year, m) for year in (2023, 2024) for m in range(1, 13)]
WINDOWS = {"quarter": [(year, month) for year, month in MONTHS if month % 3 == 1], "month": MONTHS}


@pytest.fixture(scope="module")
def incidents(shared_data: Path) -> list[dict[str, Any]]:
    with gzip.open(shared_data / "github_status" / "incidents_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def facts_of(component: str, incidents: list[dict[str, Any]]) -> ServiceFacts:
    """Planned work is maintenance, the rest is outage; an incident without impact is neither."""
    mine = [i for i in incidents if component in (i.get("components") or [])]
    return ServiceFacts(
        service=component,
        outages=[
            Outage(
                reference=i["id"], start=moment(i["downtime_start"]), end=moment(i["downtime_end"]), cause=i["title"]
            )
            for i in mine
            if i["impact"] in ("minor", "major", "critical")
        ],
        maintenance=[
            MaintenanceWindow(reference=i["id"], start=moment(i["downtime_start"]), end=moment(i["downtime_end"]))
            for i in mine
            if i["impact"] == "maintenance"
        ],
        charges=Charges(recurring=Money(amount=Decimal("1000.00"), currency="USD")),
    )


def judged(
    incidents: list[dict[str, Any]], kind: str = "quarter"
) -> Iterator[tuple[ServiceFacts, Period, SlaComparison]]:
    contract, _findings = check_contract(CONTRACT.replace("window: quarter", f"window: {kind}"), name="hosted.yaml")
    assert contract is not None
    components = sorted({name for i in incidents for name in i.get("components") or []})
    for component in components:
        known = facts_of(component, incidents)
        for year, month in WINDOWS[kind]:
            window = calendar_window(kind, "UTC", datetime.fromisoformat(f"{year}-{month:02}-01T00:00:00Z"))
            yield (
                known,
                window,
                compare(contract, known, window=window, as_of=datetime.fromisoformat("2025-02-01T00:00Z")),
            )


def minutes_down(known: ServiceFacts, window: Period) -> int:
    """Count minutes one by one; every time of this history lies on a full minute."""
    low, high = (edge // 60 for edge in window.span)

    def minutes(records: Any) -> set[int]:
        return {
            m for r in records for m in range(to_seconds(r.start) // 60, to_seconds(r.end) // 60) if low <= m < high
        }

    return len(minutes(known.outages) - minutes(known.maintenance))


def test_the_published_sentence_says_nothing_about_exactly_99_percent() -> None:
    contract, findings = check_contract(CONTRACT, name="hosted.yaml")
    assert contract is not None
    assert [(f.code, f.level, f.witness) for f in findings] == [
        ("target_disagrees", "warns", "99.9"),
        ("tier_hole", "warns", "99 percent"),
    ]


@pytest.mark.parametrize(("kind", "charge"), [("quarter", 3000), ("month", 1000)])
def test_the_credit_of_every_component_and_window_agrees_with_a_count_of_minutes(
    incidents: list[dict[str, Any]], kind: str, charge: int
) -> None:
    seen, credited = 0, Decimal(0)
    for known, window, comparison in judged(incidents, kind):
        found = comparison.objectives[0]
        minutes = minutes_down(known, window)
        assert found.counted_seconds == 60 * minutes, (known.service, window)
        uptime = 100 - Fraction(100 * 60 * minutes, window.seconds)
        if uptime == 99:
            assert found.refusal is RefusalCode.TIER_GAP
            continue
        share = 0 if uptime > Fraction("99.9") else 10 if uptime > 99 else 25
        assert comparison.credit_due is not None
        assert comparison.credit_due.amount == Decimal(charge) * share / 100, (known.service, window)
        seen, credited = seen + 1, credited + comparison.credit_due.amount
    assert seen == 11 * len(WINDOWS[kind])
    assert credited > 0


def test_the_history_has_kept_and_missed_quarters(incidents: list[dict[str, Any]]) -> None:
    verdicts = [comparison.objectives[0].verdict for _known, _window, comparison in judged(incidents)]
    assert {Verdict.MET, Verdict.BREACHED} <= set(verdicts)


def test_overlapping_windows_of_one_component_are_never_counted_twice(incidents: list[dict[str, Any]]) -> None:
    overlapping = 0
    for known, window, comparison in judged(incidents):
        inside = [o for o in known.outages if o.start >= window.start and o.end is not None and o.end <= window.end]
        summed = sum(to_seconds(o.end) - to_seconds(o.start) for o in inside if o.end is not None)
        counted = comparison.objectives[0].counted_seconds or 0
        overlapping += len(inside) > 1 and counted < summed
    assert overlapping > 0


def test_windows_of_no_length_are_kept_and_cost_nothing(incidents: list[dict[str, Any]]) -> None:
    empty = [i for i in incidents if i["downtime_start"] == i["downtime_end"]]
    assert len(empty) == 4
    contract, _ = check_contract(CONTRACT, name="hosted.yaml")
    assert contract is not None
    for incident in empty:
        known = facts_of("X", [incident | {"components": ["X"], "impact": "major"}])
        window = calendar_window("quarter", "UTC", moment(incident["downtime_start"]))
        found = compare(contract, known, window=window, as_of=window.end).objectives[0]
        assert found.counted_seconds == 0
        assert len(known.outages) == 1


def test_incidents_without_component_belong_to_no_service_and_are_not_lost(incidents: list[dict[str, Any]]) -> None:
    without = [i for i in incidents if not i.get("components")]
    assert len(without) == 49
    placed = {o.reference for known, _window, _c in judged(incidents) for o in (*known.outages, *known.maintenance)}
    quiet = {i["id"] for i in incidents if i["impact"] == "none"}
    assert placed | quiet | {i["id"] for i in without} == {i["id"] for i in incidents}
