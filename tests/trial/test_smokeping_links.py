"""Loss and round-trip time to customer sites: unavailable states, statistics, and targets that never answered."""

import csv
import gzip
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.measurements import Charges, SampleSeries, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import DataState, ObjectiveJudgement, SlaComparison, Verdict, compare

CONTRACT = """\
id: ACADEMIC-LINK
version: "1"
title: Link to a site
zone: America/Sao_Paulo
currency: BRL
charge_base: recurring
stacking: sum
objectives:
  - id: availability
    metric: availability
    target: 99.5
    measure: {kind: unavailable_state, series: packet_loss, bad: {more_than: 95}}
    rule:
      kind: tiers
      tiers:
        - {at_least: 99.5, credit: 0}
        - {at_least: 95, below: 99.5, credit: 10%}
        - {below: 95, credit: 100%}
  - id: latency
    metric: latency
    target: 40
    measure: {kind: percentile, percentile: 95}
    rule:
      kind: tiers
      tiers:
        - {at_most: 40, credit: 0}
        - {more_than: 40, credit: 5%}
  - id: loss
    metric: packet_loss
    target: 1
    rule:
      kind: tiers
      tiers:
        - {at_most: 1, credit: 0}
        - {more_than: 1, credit: 5%}
"""
Rows = dict[str, list[tuple[datetime, str, str]]]


def rows(file: Path, loss: str, latency: str) -> Rows:
    found: Rows = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["link"]].append((datetime.fromisoformat(row["period_end"]), row[loss], row[latency]))
    return found


def facts_of(link: str, samples: list[tuple[datetime, str, str]], step: int) -> ServiceFacts:
    """Loss of 20 pings becomes percent; the recordings name the END of a step."""
    loss = SampleSeries.from_samples(
        [(at, None if lost == "" else Decimal(lost) * 5) for at, lost, _rtt in samples],
        metric="packet_loss",
        unit="percent",
        step_seconds=step,
        labelled_by_end=True,
        nothing_came_back=Decimal(100),
    )
    latency = SampleSeries.from_samples(
        [(at, None if rtt == "" else Decimal(rtt)) for at, _lost, rtt in samples],
        metric="latency",
        unit="ms",
        step_seconds=step,
        labelled_by_end=True,
    )
    charges = Charges(recurring=Money(amount=Decimal("1000.00"), currency="BRL"))
    return ServiceFacts(service=link, series=(loss, latency), charges=charges)


def judge(link: str, samples: list[tuple[datetime, str, str]], step: int) -> SlaComparison:
    known = facts_of(link, samples, step)
    window: Period = known.series[0].period
    return compare(read_contract(CONTRACT, name="link.yaml"), known, window=window, as_of=window.end)


@pytest.fixture(scope="module")
def five_minute_rows(shared_data: Path) -> Rows:
    return rows(shared_data / "smokeping_links" / "five_minute_dev.csv.gz", "loss_of_20", "median_rtt_ms")


@pytest.fixture(scope="module")
def five_minutes(five_minute_rows: Rows) -> dict[str, SlaComparison]:
    return {link: judge(link, samples, 300) for link, samples in five_minute_rows.items()}


@pytest.fixture(scope="module")
def hourly(shared_data: Path) -> dict[str, SlaComparison]:
    file = shared_data / "smokeping_links" / "hourly_dev.csv.gz"
    found = rows(file, "loss_avg_of_20", "median_rtt_ms_avg")
    return {link: judge(link, samples, 3600) for link, samples in found.items()}


def named(comparison: SlaComparison, objective: str) -> ObjectiveJudgement:
    return next(o for o in comparison.objectives if o.objective == objective)


@pytest.mark.more
@pytest.mark.parametrize(("source", "silent"), [("five_minutes", 1), ("hourly", 4)])
def test_silent_targets_are_found_and_held_and_get_no_credit(
    source: str, silent: int, request: pytest.FixtureRequest
) -> None:
    judged: dict[str, SlaComparison] = request.getfixturevalue(source)
    found = [c for c in judged.values() if named(c, "availability").data_state is DataState.NEVER_ANSWERED]
    assert len(found) == silent
    for comparison in found:
        assert comparison.needs_approval
        assert {o.verdict for o in comparison.objectives} == {Verdict.NO_DATA}
        assert comparison.credit_due is None


@pytest.mark.more
def test_downtime_and_statistics_of_every_link_agree_with_plain_sums(
    five_minutes: dict[str, SlaComparison], five_minute_rows: Rows
) -> None:
    breached = 0
    for link, samples in five_minute_rows.items():
        comparison = five_minutes[link]
        availability = named(comparison, "availability")
        if availability.data_state is DataState.NEVER_ANSWERED:
            continue
        lost = [Fraction(loss) for _at, loss, _rtt in samples if loss != ""]
        assert availability.counted_seconds == 300 * sum(loss > 19 for loss in lost)
        assert availability.samples == len(lost)
        assert Fraction(named(comparison, "loss").measured_exact or -1) == sum(lost) * 5 / len(lost)
        times = sorted(Fraction(rtt) for _at, _loss, rtt in samples if rtt != "")
        percentile = times[-(-95 * len(times) // 100) - 1]
        assert Fraction(named(comparison, "latency").measured_exact or -1) == percentile
        breached += bool(availability.breached)
    assert 0 < breached < len(five_minutes)


def test_a_link_that_was_cut_for_days_is_down_and_its_whole_charge_waits_for_a_second_person(
    hourly: dict[str, SlaComparison],
) -> None:
    cut = [c for c in hourly.values() if named(c, "availability").credit_percent == 100]
    assert cut
    for comparison in cut:
        assert comparison.needs_approval
        assert any("reaches 100 %" in reason for reason in comparison.approval_reasons)
