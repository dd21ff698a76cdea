"""What a judgement shows of a credit, step by step, and where the next one begins: worked by hand at each bound."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest

from include.sla_logic.domain.measurements import Reading
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.next_tier import next_by_downtime
from tests.domain.sla.make import at, contract, facts, first, objective, outage

A = outage("2025-04-03 08:00", "2025-04-03 10:30", "A")
B = outage("2025-04-09 08:00", "2025-04-09 09:00", "B")
FROM_A, FROM_B = "A from 2025-04-03 08:00:00 UTC: 9000 s (2 h 30 min)", "B from 2025-04-09 08:00:00 UTC: 3600 s (1 h)"
WINDOW = "window: 9000 s (2 h 30 min)"
FIVE, TWO = "5 started block(s) of 1800 s (30 min)", "2 started block(s) of 1800 s (30 min)"
BEYOND = "beyond the target: 6408 s (1 h 46 min 48 s)"
NEAREST = "to the nearest 15 min: 6300 s (1 h 45 min)"
HOURS = "3 started block(s) of 3600 s (1 h); 3 x 1% = 3%"


def rule(**parts: Any) -> dict[str, Any]:
    return objective({"kind": "credit", **parts}, target="99.9")


@pytest.mark.parametrize(
    ("parts", "steps"),
    [
        (
            {"rate": "1%", "block": "30 min", "for_each": "event", "each_at_most": "5%", "most_blocks": 5},
            [f"{FROM_A}; {FIVE}; 5 x 1% = 5%", f"{FROM_B}; {TWO}; 2 x 1% = 2%", "together 7%"],
        ),
        (
            {"rate": "1%", "block": "30 min", "for_each": "event", "each_at_least": "3%", "most_blocks": 4},
            [
                f"{FROM_A}; {FIVE}; at most 4 are paid; 4 x 1% = 4%",
                f"{FROM_B}; {TWO}; 2 x 1% = 2%; at least 3% = 3%",
                "together 7%",
            ],
        ),
        ({"rate": "1%", "block": "1 h", "at_most": "3%", "at_least": "3%"}, [f"{WINDOW}; {HOURS}"]),
        ({"rate": "1%", "block": "1 h", "at_most": "2%"}, [f"{WINDOW}; {HOURS}", "at most 2% = 2%; together 2%"]),
        (
            {"rate": "pro_rata", "beyond": "target", "nearest": "15 min", "times": "2.5"},
            [
                f"{WINDOW}; {BEYOND}; {NEAREST}; 1 x the charge of that time x 2.5 = 7/1152 (0.607639 %)",
            ],
        ),
        (
            {"for_each": "event", "tiers": [{"from_event": 2, "rate": "3%"}]},
            [
                f"{FROM_A}; no. 1, before the first that is paid",
                f"{FROM_B}; no. 2, tier from event 2; 1 x 3% = 3%",
                "together 3%",
            ],
        ),
        (
            {"rate": "2 EUR", "for_each": "event", "beyond": "1 h"},
            [
                f"{FROM_A}; beyond 3600 s (1 h): 5400 s (1 h 30 min); 1 x 2 EUR = 2 EUR",
                f"{FROM_B}; beyond 3600 s (1 h): 0 s; nothing",
                "together 2 EUR",
            ],
        ),
    ],
)
def test_every_part_of_a_credit_is_shown_and_a_bound_only_where_it_binds(
    parts: dict[str, Any], steps: list[str]
) -> None:
    known = (A, B) if parts.get("for_each") == "event" else (A,)
    found = first(contract(rule(**parts)), facts(*known, charge="3000.00")).steps
    end = next((place for place, step in enumerate(found) if step.startswith("recurring charge")), len(found))
    assert list(found[2:end]) == steps


@pytest.mark.parametrize("kind", ["tiers", "credit"])
@pytest.mark.parametrize(
    ("value", "left", "tier"),
    [
        ("10", "10", "at least 20, below 30"),
        ("19.5", "0.5", "at least 20, below 30"),
        ("20", "20", "at least 40, below 60"),  # the next band pays the same
        ("29", "11", "at least 40, below 60"),
        ("30", "10", "at least 40, below 60"),
        ("39.99", "0.01", "at least 40, below 60"),
        ("40", "20", "at least 60"),
        ("60", None, None),
        ("99", None, None),
    ],
)
def test_the_next_tier_of_a_value_is_the_nearest_that_pays_more(
    kind: str, value: str, left: str | None, tier: str | None
) -> None:
    edges, shares = [None, 20, 30, 40, 60, None], ["0%", "5%", "5%", "10%", "12%"]
    worth, bands = "credit" if kind == "tiers" else "rate", []
    for low, high, share in zip(edges, edges[1:], shares, strict=False):
        bounds = {"at_least": low, "below": high}
        bands.append({name: bound for name, bound in bounds.items() if bound is not None} | {worth: share})
    latency = {"id": "l", "metric": "latency", "target": "20", "rule": {"kind": kind, "tiers": bands}}
    reading = Reading(metric="latency", value=value, unit="ms")
    found = first(contract(latency), facts(readings=[reading]), as_of=at("2025-04-20")).next_tier
    assert (found and found.value_left, found and found.tier) == (left and Decimal(left), tier)


@pytest.mark.parametrize(("count", "more"), [(40, []), (41, ["41 events in all, not all are shown"])])
def test_forty_units_are_shown_one_by_one(count: int, more: list[str]) -> None:
    starts = [at("2025-04-03 08:00") + timedelta(hours=number) for number in range(count)]
    known = [
        outage("2025-04-03 08:00", None, f"O{i}").model_copy(
            update={"start": start, "end": start + timedelta(seconds=59 + i % 2)}
        )
        for i, start in enumerate(starts)
    ]
    found = first(contract(rule(rate="0.1%", for_each="event")), facts(*known, charge="3000.00")).steps
    units = [step.partition(" UTC: ")[2] for step in found if " UTC: " in step]
    assert units == ["59 s; 1 x 0.1% = 0.1%", "60 s (1 min); 1 x 0.1% = 0.1%"] * 20
    assert [step for step in found if "in all" in step] == more


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        ([{"at_least": "99.9", "rate": 0}, {"below": "90", "rate": "4%"}], "99.65277778 lies in no tier"),
        ([{"at_most": "1 h", "rate": 0}, {"more_than": "3 h", "rate": "4%"}], "9000 s lies in no tier"),
    ],
)
def test_a_hole_is_named_with_what_fell_into_it(tiers: list[dict[str, Any]], said: str) -> None:
    assert first(contract(rule(tiers=tiers)), facts(A)).reason.startswith(f"{said} of availability")


def downtime_of(seconds: int, total: int) -> Measured:
    spans = [(0, seconds)] if seconds else []
    value = 100 - Fraction(100 * seconds, total)
    return Measured(total=total, value=value, downtime=Downtime([(0, total)], counted=spans, pieces=spans))


BLOCKS = [
    ({"kind": "credit", "rate": "1%", "block": "60 s"}, 0, ceil),
    ({"kind": "credit", "rate": "1%", "block": "60 s", "counts": "full"}, 0, floor),
    ({"kind": "credit", "rate": "1%", "block": "60 s", "beyond": "30 s"}, 30, ceil),
    ({"kind": "credit", "rate": "1%", "block": "60 s", "beyond": "30 s", "counts": "full"}, 30, floor),
    ({"kind": "credit", "rate": "1%", "block": "60 s", "beyond": "target"}, Fraction(259, 10), ceil),
    ({"kind": "credit", "rate": "1%", "block": "60 s", "beyond": "target", "counts": "full"}, Fraction(259, 10), floor),
    ({"kind": "day_per_block", "block": "60 s", "counts": "started"}, 0, ceil),
    ({"kind": "day_per_block", "block": "60 s", "counts": "full"}, 0, floor),
    ({"kind": "day_per_excess_block", "block": "60 s", "counts": "started"}, Fraction(259, 10), ceil),
    ({"kind": "day_per_excess_block", "block": "60 s", "counts": "full"}, Fraction(259, 10), floor),
]


@pytest.mark.parametrize(("terms", "free", "whole"), BLOCKS)
@pytest.mark.parametrize("seconds", [0, 1, 25, 26, 29, 30, 31, 59, 60, 61, 85, 86, 89, 90, 91, 119, 120, 121, 199])
def test_the_next_block_is_found_without_a_search(
    terms: dict[str, Any], free: Fraction, whole: Any, seconds: int
) -> None:
    total, asked = 259, list[int]()  # 90 % leave 25.9 s free

    def worth(after: int) -> Fraction:
        asked.append(after)
        return Fraction(whole(max(Fraction(0), after - Fraction(free)) / 60))

    one = contract(objective(terms, target="90")).objectives[0]
    now = worth(seconds)
    expected = next((after for after in range(seconds, total + 1) if worth(after) > now), None)
    asked.clear()
    found = next_by_downtime(one, downtime_of(seconds, total), now, worth)
    assert (found and found.seconds) == expected
    assert len(asked) <= 3 or expected is None


@pytest.mark.parametrize("counted", [0, 1, 50, 99, 100])
def test_a_dearer_credit_is_found_by_search_wherever_it_begins(counted: int) -> None:
    one = contract(objective({"kind": "credit", "rate": "1%", "block": "60 s", "nearest": "60 s"})).objectives[0]
    for begins in range(1, 103):

        def worth(after: int, begins: int = begins) -> Fraction:
            return Fraction(after >= begins)

        found = next_by_downtime(one, downtime_of(counted, 101), worth(counted), worth)
        assert (found and found.seconds) == (begins if counted < begins <= 101 else None)
        assert found is None or found.share == 1


@pytest.mark.parametrize(
    ("tiers", "seconds", "left"),
    [
        ([{"below": "60 s", "credit": "0%"}, {"at_least": "60 s", "credit": "5%"}], 59, 1),
        ([{"at_most": "60 s", "credit": "0%"}, {"more_than": "60 s", "credit": "5%"}], 59, 2),
        ([{"at_most": "60 s", "credit": "0%"}, {"more_than": "60 s", "credit": "5%"}], 61, None),
    ],
)
def test_the_next_tier_of_time_begins_at_its_first_second(
    tiers: list[dict[str, Any]], seconds: int, left: int | None
) -> None:
    one = outage("2025-04-03 08:00", None).model_copy(
        update={"end": at("2025-04-03 08:00") + timedelta(seconds=seconds)}
    )
    found = first(contract(objective({"kind": "duration_tiers", "tiers": tiers})), facts(one), as_of=at("2025-04-10"))
    assert (found.next_tier and found.next_tier.seconds_left) == left


@pytest.mark.parametrize(
    ("tiers", "seconds"),
    [
        ([{"at_least": "99.9", "credit": "0%"}, {"below": "99.9", "credit": "5%"}], 2593),
        ([{"more_than": "99.9", "credit": "0%"}, {"at_most": "99.9", "credit": "5%"}], 2592),
    ],
)
@pytest.mark.parametrize("rounded", [None, 1])
def test_the_next_tier_of_availability_begins_at_its_first_second(
    tiers: list[dict[str, Any]], seconds: int, rounded: int | None
) -> None:
    terms = {"kind": "tiers", "tiers": tiers} | ({} if rounded is None else {"round_decimals": rounded})
    if rounded is not None:  # 99.85 rounds to 99.9, and 99.95 to 100.0
        seconds = 3889 if seconds == 2593 else 1297
    found = first(contract(objective(terms)), facts(), as_of=at("2025-04-10"))
    assert found.next_tier is not None
    assert found.next_tier.seconds_left == seconds


@pytest.mark.parametrize(
    ("value", "left", "tier"),
    [
        (40, 10, "more than 50, at most 80"),
        (50, 0, "more than 50, at most 80"),
        (60, 20, "more than 80"),
        (81, None, ""),
    ],
)
def test_the_next_tier_of_a_value_is_the_nearest_dearer_one_also_with_an_open_end(
    value: int, left: int | None, tier: str
) -> None:
    rows = [
        {"at_most": 50, "credit": "0%"},
        {"more_than": 50, "at_most": 80, "credit": "5%"},
        {"more_than": 80, "credit": "9%"},
    ]
    latency = {"id": "latency", "metric": "latency", "rule": {"kind": "tiers", "tiers": rows}}
    reading = Reading(metric="latency", value=Decimal(value), unit="ms")
    found = first(contract(latency), facts(readings=[reading]), as_of=at("2025-04-20")).next_tier
    assert (found and (found.value_left, found.tier)) == (None if left is None else (left, tier))
