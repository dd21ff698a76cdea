"""The judgement against plain loops for the same rule, in one run, as ratios; all must give the same result.

Run with `make bench BENCH="judgement [--service-months 10000]"`.
"""

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from benchmarks.aims import aim
from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import Contract, read_contract
from include.sla_logic.domain.contract.measures import FromUnavailableState
from include.sla_logic.domain.measurements import Charges, MaintenanceWindow, Outage, SampleSeries, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, from_seconds
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.sla.sampled import Steps, unavailable_spans

TEXT = """\
id: BENCH
version: "1"
title: Benchmark
zone: UTC
currency: EUR
charge_base: recurring
cap: {share: 100%}
objectives:
  - id: availability
    metric: availability
    target: 99.9
    MEASURE
    rule:
      kind: tiers
      tiers:
        - {at_least: 99.9, credit: 0}
        - {at_least: 99.0, below: 99.9, credit: 10%}
        - {at_least: 95.0, below: 99.0, credit: 25%}
        - {below: 95.0, credit: 100%}
"""
SAMPLED = (
    "measure: {kind: unavailable_state, series: packet_loss, bad: {more_than: 50}, opens_after: 10, closes_after: 10}"
)
CHARGE = Decimal("100.00")
WINDOW = calendar_window("month", "UTC", datetime(2025, 3, 10, tzinfo=UTC))
MINUTES = WINDOW.seconds // 60
Interval = tuple[datetime, datetime]


def contract(measure: str = "") -> Contract:
    return read_contract(TEXT.replace("    MEASURE\n", f"    {measure}\n" if measure else ""), name="bench.yaml")


def credit(down: int, total: int) -> Decimal:
    """Look up the tier exactly, as each implementation must."""
    uptime = 100 - Fraction(100 * down, total)
    for bound, share in ((Fraction("99.9"), 0), (Fraction(99), 10), (Fraction(95), 25)):
        if uptime >= bound:
            return CHARGE * share / 100
    return CHARGE


def samples(rng: random.Random) -> list[float]:
    """One month of one-minute loss in percent: mostly good, with some bad stretches."""
    values = [rng.choice((0.0, 0.0, 0.0, 2.5)) for _ in range(MINUTES)]
    for _ in range(40):
        start, length = rng.randrange(MINUTES), rng.randrange(1, 60)
        values[start : start + length] = [rng.choice((80.0, 95.0))] * len(values[start : start + length])
    return values


def loop_over_samples(values: list[float]) -> tuple[int, Decimal]:
    down, unavailable, bad_row, good_row = 0, False, 0, 0
    for value in values:
        if value > 50:
            bad_row, good_row = bad_row + 1, 0
            if unavailable:
                down += 1
            elif bad_row == 10:
                unavailable = True
                down += 10
        else:
            good_row, bad_row = good_row + 1, 0
            if unavailable:
                down += 1
                if good_row == 10:
                    unavailable = False
                    down -= 10
    return down * 60, credit(down * 60, WINDOW.seconds)


def judge_samples(terms: Contract, known: ServiceFacts) -> tuple[int, Decimal]:
    return _figures(compare(terms, known, window=WINDOW, as_of=WINDOW.end))


def _figures(comparison: SlaComparison) -> tuple[int, Decimal]:
    found = comparison.objectives[0]
    assert found.counted_seconds is not None
    assert comparison.credit_due is not None
    return found.counted_seconds, comparison.credit_due.amount


def intervals(rng: random.Random) -> tuple[list[Interval], list[Interval]]:
    """Six outages and one maintenance window of a month, some overlapping."""

    def one(longest: int) -> Interval:
        start = WINDOW.start + timedelta(seconds=rng.randrange(-3600, WINDOW.seconds))
        return start, start + timedelta(seconds=rng.randrange(longest))

    return [one(14_400) for _ in range(6)], [one(7200)]


def loop_over_seconds(outages: list[Interval], planned: list[Interval]) -> tuple[int, Decimal]:
    """Count second by second: the slowest way, and the surest."""
    seconds: set[int] = set()
    for start, end in outages:
        seconds.update(range(int(start.timestamp()), int(end.timestamp())))
    for start, end in planned:
        seconds.difference_update(range(int(start.timestamp()), int(end.timestamp())))
    low, high = WINDOW.span
    down = sum(1 for second in seconds if low <= second < high)
    return down, credit(down, WINDOW.seconds)


def loop_over_intervals(outages: list[Interval], planned: list[Interval]) -> tuple[int, Decimal]:
    """Sweep over the sorted edges, with nothing but the sum as a result: no evidence, no explanation."""
    edges = [(s, 0, 1) for s, _e in outages] + [(e, 0, -1) for _s, e in outages]
    edges += [(s, 1, 1) for s, _e in planned] + [(e, 1, -1) for _s, e in planned]
    depth, down, before = [0, 0], timedelta(0), WINDOW.start
    for moment, kind, step in sorted(edges):
        at = min(max(moment, WINDOW.start), WINDOW.end)
        if depth[0] > 0 and depth[1] == 0:
            down += at - before
        before = at
        depth[kind] += step
    seconds = int(down.total_seconds())
    return seconds, credit(seconds, WINDOW.seconds)


def facts_of(outages: list[Interval], planned: list[Interval]) -> ServiceFacts:
    return ServiceFacts(
        service="S",
        outages=[Outage(reference=f"O{i}", start=s, end=e) for i, (s, e) in enumerate(outages)],
        maintenance=[MaintenanceWindow(reference=f"M{i}", start=s, end=e) for i, (s, e) in enumerate(planned)],
        charges=Charges(recurring=Money(amount=CHARGE, currency="EUR")),
    )


def best(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Return the shortest of several runs, which is the one the machine disturbed least, and its result."""
    found, fastest = None, float("inf")
    for _ in range(times):
        start = time.process_time()
        found = run()
        fastest = min(fastest, time.process_time() - start)
    return fastest, found


def compare_samples(rng: random.Random) -> None:
    values = samples(rng)
    exact = [(from_seconds(WINDOW.span[0] + 60 * i), Decimal(str(v))) for i, v in enumerate(values)]
    placing, series = best(
        lambda: SampleSeries.from_samples(exact, metric="packet_loss", unit="percent", step_seconds=60), 3
    )
    known = ServiceFacts(service="S", series=(series,), charges=Charges(recurring=Money(amount=CHARGE, currency="EUR")))
    terms = contract(SAMPLED)
    ours, figures = best(lambda: judge_samples(terms, known), 30)
    loop, by_loop = best(lambda: loop_over_samples(values), 10)
    assert figures == by_loop, (figures, by_loop)
    how = terms.objectives[0].measured_by
    assert isinstance(how, FromUnavailableState)
    alone, (down, _open) = best(lambda: unavailable_spans(Steps.inside(series, WINDOW.span), how), 30)
    assert spans.total(down) == figures[0]
    print(f"one service-month of {MINUTES:,} one-minute samples, {figures[0]:,} s down, credit {figures[1]}")
    print(f"  judgement       {ours * 1e3:9.3f} ms   with evidence, arithmetic and next tier")
    print(f"  plain loop      {loop * 1e3:9.3f} ms   {loop / ours:6.1f} x the judgement")
    print(f"  unavailable time {alone * 1e3:8.3f} ms   the part that the plain loop does: {loop / alone:.1f} x")
    aim("plain loop / judgement of samples", loop / ours, at_least=20)
    aim("plain loop / the part of the judgement that the loop does", loop / alone, at_least=20)
    print(f"  (placing the samples on their grid once: {placing * 1e3:.1f} ms)")


def compare_intervals(rng: random.Random, count: int) -> None:
    raw = [intervals(rng) for _ in range(count)]
    building, facts = best(lambda: [facts_of(*pair) for pair in raw], 1)
    terms = contract()
    as_of: datetime = WINDOW.end
    window: Period = WINDOW

    def judged() -> list[tuple[int, Decimal]]:
        return [_figures(compare(terms, known, window=window, as_of=as_of)) for known in facts]

    ours, figures = best(judged, 1)
    sweep, by_sweep = best(lambda: [loop_over_intervals(*pair) for pair in raw], 1)
    some = raw[: max(1, count // 100)]
    scale = count / len(some)
    grid, by_grid = best(lambda: [loop_over_seconds(*pair) for pair in some], 1)
    assert figures == by_sweep
    assert figures[: len(some)] == by_grid
    print(f"{count:,} service-months of six outages and one maintenance window, on one core")
    print(f"  judgement       {ours:9.2f} s    {ours / count * 1e6:8.1f} us each, with evidence and arithmetic")
    print(f"  count of seconds{grid * scale:9.2f} s    {grid * scale / ours:6.1f} x the judgement (from {len(some)})")
    print(f"  bare sweep      {sweep:9.2f} s    {sweep / ours:6.2f} x the judgement (a sum and nothing else)")
    print(f"  (building the facts: {building:.2f} s)")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--service-months", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    rng = random.Random(chosen.seed)
    compare_samples(rng)
    compare_intervals(rng, chosen.service_months)


if __name__ == "__main__":
    main()
