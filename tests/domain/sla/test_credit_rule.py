"""The credit rule, with figures worked by hand; the charge is 3,000 in a month of 30 days unless said otherwise."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import (
    AgreedTime,
    ClaimFiled,
    Delay,
    MaintenanceWindow,
    Outage,
    Reading,
    Restoration,
    SampleSeries,
)
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import ObjectiveJudgement, RefusalCode
from tests.domain.sla.make import APRIL, at, contract, euros, facts, first, judge, objective, outage


def rule(**parts: Any) -> dict[str, Any]:
    return objective({"kind": "credit", **parts}, target="99.9")


def credit_of(about: dict[str, Any], *outages: Outage, window: Period = APRIL, **fields: Any) -> str:
    terms = {name: fields.pop(name) for name in [*fields] if name in ("counting", "zone", "on_agreement_change")}
    found = judge(contract(about, **terms), facts(*outages, charge="3000.00", **fields), window=window)
    return "refused" if found.credit_due is None else str(found.credit_due.amount)


TWO = (outage("2025-04-03 08:00", "2025-04-03 10:30", "A"), outage("2025-04-09 08:00", "2025-04-09 09:00", "B"))


@pytest.mark.parametrize(
    ("parts", "credit"),
    [
        ({"rate": "pro_rata"}, "14.58"),  # 12,600 s of 2,592,000
        ({"rate": "pro_rata", "times": 5}, "72.92"),
        ({"rate": "pro_rata", "beyond": "target"}, "11.58"),  # 2,592 s are free
        ({"rate": "pro_rata", "when": "target_missed", "times": 10}, "145.83"),
        ({"rate": "pro_rata", "block": "1 h"}, "16.67"),  # 4 started hours
        ({"rate": "1%", "block": "15 min"}, "420.00"),
        ({"rate": "1%", "block": "15 min", "beyond": "target", "counts": "full"}, "330.00"),  # 10,008 s
        ({"rate": "1%", "block": "1 h", "for_each": "event"}, "120.00"),  # 3 and 1
        ({"rate": "1%", "block": "1 h", "for_each": "event", "counts": "full"}, "90.00"),  # 2 and 1
        ({"rate": "1%", "block": "1 h", "for_each": "event", "beyond": "30 min"}, "90.00"),  # 2 and 1
        ({"rate": "1%", "block": "1 h", "for_each": "event", "beyond": "2 h"}, "30.00"),  # 1 and none
        ({"rate": "7.50 EUR", "for_each": "event"}, "15.00"),
        ({"rate": "7.50 EUR", "for_each": "event", "each_at_most": "5 EUR"}, "10.00"),
        ({"rate": "1%", "block": "1 h", "for_each": "event", "each_at_most": "2%"}, "90.00"),
        ({"rate": "1%", "block": "1 h", "for_each": "event", "each_at_least": "2%"}, "150.00"),
        ({"rate": "1%", "block": "1 h", "for_each": "event", "at_most": "100 EUR"}, "100.00"),
        ({"rate": "0.01%", "at_least": "1 EUR"}, "1.00"),
        ({"rate": {"day": "in_period"}, "for_each": "day"}, "200.00"),
        ({"rate": {"day": 31}, "for_each": "day", "outage": {"more_than": "1 h"}}, "96.77"),
        ({"rate": {"greater_of": ["5 EUR", "10%"]}, "for_each": "event"}, "600.00"),
        ({"rate": {"lesser_of": ["5 EUR", "10%"]}, "for_each": "event"}, "10.00"),
        ({"rate": "1%", "block": "1 h", "most_blocks": 2, "for_each": "event"}, "90.00"),
        ({"rate": "1%", "block": "1 h", "beyond": "target", "nearest": "1 h"}, "90.00"),  # 10,008 s: 3 h
        ({"for_each": "event", "tiers": [{"rate": "1%"}, {"from_event": 2, "rate": "3%"}]}, "120.00"),
        ({"block": "1 h", "tiers": [{"rate": "1%"}, {"from_block": 3, "rate": "5%"}]}, "360.00"),  # 2 x 1 % + 2 x 5 %
        ({"tiers": [{"at_least": "99.9", "rate": 0}, {"below": "99.9", "rate": "4%"}]}, "120.00"),
        ({"tiers": [{"below": "3 h", "rate": 0}, {"at_least": "3 h", "rate": "4%"}]}, "120.00"),
    ],
)  # fmt: skip
def test_quantity_times_rate_within_its_bounds(parts: dict[str, Any], credit: str) -> None:
    assert credit_of(rule(**parts), *TWO) == credit


@pytest.mark.parametrize("parts", [{"rate": "5 EUR"}, {"rate": "10%"}, {"rate": "1%", "block": "1 h"}])
@pytest.mark.parametrize("each", ["window", "event", "day"])
def test_nothing_is_paid_for_nothing(parts: dict[str, Any], each: str) -> None:
    assert credit_of(rule(for_each=each, at_least="9 EUR", each_at_least="9 EUR", **parts)) == "0.00"


def test_only_a_missed_target_pays_where_the_rule_says_so() -> None:
    edge = [outage("2025-04-03 08:00:00", f"2025-04-03 08:43:{second}") for second in (12, 13)]  # 2,592 s: 99.9 exactly
    about = rule(rate="10%", when="target_missed")
    assert [credit_of(about, one) for one in edge] == ["0.00", "300.00"]


CROSSING = outage("2025-04-30 20:00", "2025-05-01 02:00", "X")
MAY = calendar_window("month", "UTC", at("2025-05-10"))


@pytest.mark.parametrize(
    ("event_in", "april", "may"),
    [("window_of_end", "0.00", "180.00"), ("window_of_start", "180.00", "0.00"), ("cut", "120.00", "60.00")],
)
def test_an_event_across_the_edge_is_paid_once(event_in: str, april: str, may: str) -> None:
    about = rule(for_each="event", event_in=event_in, block="1 h", rate="1%")
    assert (credit_of(about, CROSSING), credit_of(about, CROSSING, window=MAY)) == (april, may)


@pytest.mark.parametrize("each", ["event", "day", "window"])
def test_an_event_that_was_claimed_too_late_is_not_paid(each: str) -> None:
    late = {"within_days": 5, "counted_from": "outage_end"}
    claimed = facts(*TWO, charge="3000.00", claim=ClaimFiled(filed_at=at("2025-04-12 08:00")))
    terms = contract(rule(for_each=each, block="1 h", rate="1%"), claim=late)
    assert judge(terms, claimed).credit_due == euros("30.00")  # of A, which ended on the 3rd, nothing


def test_an_event_that_ends_with_the_window_belongs_to_it() -> None:
    about = rule(for_each="event", rate="1%")
    ends = outage("2025-04-30 20:00", "2025-05-01 00:00")
    assert (credit_of(about, ends), credit_of(about, ends, window=MAY)) == ("30.00", "0.00")


def test_planned_work_inside_an_outage_shortens_it_and_does_not_split_it() -> None:
    planned = (MaintenanceWindow(reference="M", start=at("2025-04-03 09:00"), end=at("2025-04-03 10:00")),)
    about = rule(for_each="event", rate="5 EUR", block="30 min")
    known = facts(outage("2025-04-03 08:00", "2025-04-03 10:30"), charge="3000.00", maintenance=planned)
    assert judge(contract(about), known).credit_due == euros("15.00")  # 90 minutes, one event
    assert first(contract(rule(for_each="event", rate="5 EUR")), known).credit == euros("5.00")


def test_the_second_event_of_a_quarter_is_dearer_also_in_the_next_month() -> None:
    about = rule(for_each="event", events_over="quarter", tiers=[{"rate": "1%"}, {"from_event": 2, "rate": "3%"}])
    april, may = (
        outage("2025-04-03 08:00", "2025-04-03 10:00", "A"),
        outage("2025-05-03 08:00", "2025-05-03 09:00", "B"),
    )
    assert credit_of(about, april, may) == "30.00"
    assert credit_of(about, april, may, window=MAY) == "90.00"
    assert credit_of(about, may, window=MAY) == "30.00"
    july = outage("2025-07-03 08:00", "2025-07-03 09:00", "C")
    assert credit_of(about, april, may, july, window=calendar_window("month", "UTC", at("2025-07-05"))) == "30.00"


BANDS = [
    {"from_day": 3, "rate": {"greater_of": ["5 EUR", "10%"]}},
    {"from_day": 5, "rate": {"greater_of": ["10 EUR", "20%"]}},
]


@pytest.mark.parametrize(
    ("repaired", "day_of_repair", "credit"),
    [
        ("2025-04-13 09:00", "not_paid", "0.00"),  # reported on the 10th: the 13th is day 3
        ("2025-04-14 09:00", "not_paid", "300.00"),
        ("2025-04-14 09:00", "paid", "600.00"),
        ("2025-04-14 00:00", "paid", "300.00"),  # up at midnight: no second of day 4 was down
        ("2025-04-14 00:00", "not_paid", "300.00"),
        ("2025-04-17 09:00", "not_paid", "1800.00"),  # days 3 and 4, then 5 and 6
    ],
)
def test_days_are_numbered_from_the_report(repaired: str, day_of_repair: str, credit: str) -> None:
    down = outage("2025-04-09 08:00", repaired, reported_at=at("2025-04-10 20:00"))
    about = rule(for_each="day", first_day="after_report", day_of_repair=day_of_repair, tiers=BANDS)
    assert credit_of(about, down) == credit


def test_a_day_keeps_its_number_in_the_next_window_and_is_paid_once_from_that_windows_charge() -> None:
    down = outage("2025-04-27 08:00", "2025-05-04 08:00", reported_at=at("2025-04-27 09:00"))
    about = rule(for_each="day", first_day="after_report", day_of_repair="not_paid", tiers=BANDS)
    assert credit_of(about, down) == "300.00"  # 30 April is day 3
    assert credit_of(about, down, window=MAY) == "1500.00"  # 1 May is day 4, 2 and 3 May are days 5 and 6


def test_an_outage_that_was_not_reported_is_named_and_left_out() -> None:
    about = rule(for_each="day", first_day="report", rate="5 EUR")
    found = first(contract(about), facts(outage("2025-04-09 08:00", "2025-04-10 08:00", "UNTOLD")))
    assert found.credit == euros("0.00")
    assert any("UNTOLD" in step and "not reported" in step for step in found.steps)


LATE: dict[str, Any] = {"id": "repair", "metric": "delay"}


def test_days_late_are_paid_in_the_window_in_which_they_lie() -> None:
    paid = {"kind": "credit", "for_each": "day", "promise": "repair", "rate": "5 EUR"}
    about: dict[str, Any] = LATE | {"rule": paid}
    known = [Delay(kind="repair", due=date(2025, 4, 28), done=date(2025, 5, 3)), Delay(kind="other", days_late=9)]
    assert credit_of(about, delays=known) == "15.00"
    assert credit_of(about, delays=known, window=MAY) == "10.00"
    graced = LATE | {"rule": paid | {"grace_working_days": 2, "day_of_repair": "paid"}}
    assert credit_of(graced, delays=known) == "0.00"
    assert credit_of(graced, delays=known, window=MAY) == "15.00"  # due Monday, grace until Wednesday: 1, 2 and 3 May


def test_each_repair_has_the_target_for_itself() -> None:
    about = {"id": "r", "metric": "time_to_restore", "target": "2 h"}
    stated = [Restoration(reference="A", seconds="7201"), Restoration(reference="B", seconds="7200")]
    missed = about | {"rule": {"kind": "credit", "for_each": "event", "when": "target_missed", "rate": "5%"}}
    started = about | {
        "rule": {"kind": "credit", "for_each": "event", "beyond": "target", "block": "1 h", "rate": "5%"}
    }
    mean = about | {"rule": {"kind": "credit", "beyond": "target", "block": "1 h", "counts": "full", "rate": "5%"}}
    assert credit_of(missed, restorations=stated) == "150.00"
    assert credit_of(started, restorations=stated) == "150.00"
    assert credit_of(mean, restorations=stated) == "0.00"
    bands = [{"at_most": "2 h", "rate": 0}, {"more_than": "2 h", "rate": "5%"}, {"from_event": 2, "rate": "50%"}]
    by_number = about | {"rule": {"kind": "credit", "for_each": "event", "tiers": bands}}
    assert credit_of(by_number, restorations=stated) == "1650.00"


@pytest.mark.parametrize(
    ("value", "parts", "credit"),
    [
        ("50", {"when": "target_missed", "rate": "10%"}, "0.00"),
        ("50.001", {"when": "target_missed", "rate": "10%"}, "300.00"),
        ("53", {"beyond": "target", "block": 1, "rate": "1%"}, "90.00"),
        ("53.5", {"beyond": "target", "block": 1, "counts": "full", "rate": "1%"}, "90.00"),
        ("55", {"tiers_by": "overrun", "tiers": [{"below": 10, "rate": 0}, {"at_least": 10, "rate": "7%"}]}, "210.00"),
        ("54.99", {"tiers_by": "overrun", "tiers": [{"below": 10, "rate": 0}, {"at_least": 10, "rate": "7%"}]}, "0.00"),
        ("60", {"tiers": [{"at_most": 55, "rate": 0}, {"more_than": 55, "rate": "7%"}]}, "210.00"),
        ("58", {"tiers": [{"at_most": 55, "rate": 0}, {"more_than": 60, "rate": "7%"}]}, "refused"),
    ],
)
def test_values_are_compared_with_the_target_or_with_bounds(value: str, parts: dict[str, Any], credit: str) -> None:
    about = {"id": "l", "metric": "latency", "target": "50", "rule": {"kind": "credit", **parts}}
    assert credit_of(about, readings=[Reading(metric="latency", value=value, unit="ms")]) == credit


FREE = {"below": 10, "rate": 0}


@pytest.mark.parametrize(
    ("tiers", "credit", "drawn"),
    [
        ([{"at_least": 0, "rate": 0}], "0.00", []),  # a table that never pays
        ([{"at_least": 0, "rate": "7%"}], "210.00", []),
        ([FREE, {"at_least": 10, "rate": "7%"}], "210.00", [(55, 7)]),
        ([{"at_least": 10, "rate": "7%"}, FREE], "210.00", [(55, 7)]),
        ([FREE | {"at_least": 0}, {"at_least": 10, "rate": "7%"}], "210.00", [(55, 7)]),
        ([FREE, {"at_least": 10, "at_most": 30, "rate": "7%"}], "210.00", []),
        ([FREE, {"at_least": 10, "at_most": 20, "rate": "7%"}], "refused", []),  # of 30 % the contract is silent
        ([FREE, {"at_least": 10, "below": 30, "rate": "7%"}], "refused", []),
        ([FREE, {"at_least": 20, "rate": "7%"}], "210.00", []),  # of 10 % to 20 % it is silent
        ([FREE, {"at_least": 10, "below": 30, "rate": "7%"}, {"at_least": 30, "rate": "9%"}], "270.00",
         [(55, 7), (65, 9)]),
        ([{"at_least": 30, "rate": "9%"}, {"at_least": 10, "below": 30, "rate": "7%"}, FREE], "270.00",
         [(55, 7), (65, 9)]),
        ([FREE, {"at_least": 10, "below": 20, "rate": "7%"}, {"at_least": 30, "rate": "9%"}], "270.00", []),
        ([FREE, {"at_least": 10, "at_most": 30, "rate": "7%"}, {"more_than": 30, "rate": "9%"}], "210.00", []),
        ([{"more_than": 0, "below": 10, "rate": 0}, {"at_least": 10, "rate": "7%"}], "210.00", []),
        ([{"below": 10, "rate": "1%"}, {"at_least": 10, "rate": "7%"}], "210.00", []),
    ],
)  # fmt: skip
def test_a_value_thirty_percent_beyond_its_target_is_paid_by_the_band_of_thirty(
    tiers: list[dict[str, Any]], credit: str, drawn: list[tuple[int, int]]
) -> None:
    """Bands that follow each other from a free one on are drawn at the values at which they begin, and no others."""
    about = {"id": "l", "metric": "latency", "target": "50", "rule": by_overrun(tiers)}
    assert credit_of(about, readings=[Reading(metric="latency", value="65", unit="ms")]) == credit
    known = facts(readings=[Reading(metric="latency", value="50", unit="ms")])
    found = first(contract(about), known, as_of=at("2025-04-20"))
    assert [(bound.value, bound.credit_percent) for bound in found.value_bounds] == drawn
    assert (found.next_tier and found.next_tier.value_left) == (drawn[0][0] - 50 if drawn else None)


UPWARDS = [
    {"at_most": "50.00", "rate": 0},
    {"at_least": "50.01", "at_most": "60.00", "rate": "10%"},
    {"at_least": "60.01", "rate": "20%"},
]
DOWNWARDS = [
    {"at_least": "60.00", "rate": 0},
    {"at_least": "50.00", "below": "60.00", "rate": "10%"},
    {"at_most": "49.99", "rate": "20%"},
]


@pytest.mark.parametrize(
    ("metric", "unit", "tiers", "worse", "value"),
    [("latency", "ms", UPWARDS, 1, each) for each in ("49.99", "50.004", "59.99", "60.004", "60.005")]
    + [("throughput", "Mbit/s", DOWNWARDS, -1, each) for each in ("60.01", "59.996", "50.004", "49.996", "49.994")],
)
def test_a_rounded_value_is_as_far_from_the_next_tier_as_it_takes_to_cost_more(
    metric: str, unit: str, tiers: list[dict[str, Any]], worse: int, value: str
) -> None:
    """Between two tiers that are a hundredth apart a value is in one of them once it is rounded."""
    about = {
        "id": "l",
        "metric": metric,
        "target": "50",
        "rule": {"kind": "credit", "round_decimals": 2, "tiers": tiers},
    }

    def judged(reading: Decimal) -> ObjectiveJudgement:
        known = facts(readings=[Reading(metric=metric, value=str(reading), unit=unit)])
        return first(contract(about), known, as_of=at("2025-04-20"))

    tier, paid = judged(Decimal(value)).next_tier, judged(Decimal(value)).credit
    further = [Decimal(n) / 10_000 for n in range(1, 200)]
    dearer = next((more for more in further if judged(Decimal(value) + worse * more).credit > paid), None)
    assert (tier is None) == (dearer is None)
    if tier is not None and dearer is not None:
        assert dearer - Decimal("0.0001") <= tier.value_left <= dearer


def by_overrun(tiers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "credit", "tiers_by": "overrun", "tiers": tiers}


@given(
    cuts=st.lists(st.sampled_from([0, 5, 10, 20, 40]), unique=True, min_size=1, max_size=4).map(sorted),
    closed=st.lists(st.booleans(), min_size=4, max_size=4),
    silent=st.sampled_from([None, None, 0, 1, 2]),
    first_pays=st.booleans(),
    value=st.integers(90, 150),
    order=st.randoms(use_true_random=False),
)
def test_an_overrun_is_paid_by_the_band_in_which_it_lies_in_whatever_order_they_stand(
    cuts: list[int], closed: list[bool], silent: int | None, first_pays: bool, value: int, order: Any
) -> None:
    """`closed`: the cut itself belongs to the band below it. Half a millisecond beyond 50 is one percent."""
    bands = []
    for place in range(len(cuts) + 1):
        low = {"more_than" if closed[place - 1] else "at_least": cuts[place - 1]} if place else {}
        high = {"at_most" if closed[place] else "below": cuts[place]} if place < len(cuts) else {}
        bands.append({**low, **high, "rate": f"{place + first_pays}%"})
    over = max(0, value - 100)
    holds = sum(over > cut or (over == cut and not shut) for cut, shut in zip(cuts, closed, strict=False))
    empty = cuts[0] == 0 and not closed[0]  # nothing lies below 0
    kept = [band for place, band in enumerate(bands) if place != silent and not (empty and place == 0)]
    if not kept:
        return
    order.shuffle(kept)
    about = {"id": "l", "metric": "latency", "target": "50", "rule": by_overrun(kept)}
    found = credit_of(about, readings=[Reading(metric="latency", value=f"{value / 2}", unit="ms")])
    assert found == ("refused" if holds == silent else f"{30 * (holds + first_pays)}.00")


LATENCY = {"id": "l", "metric": "latency", "target": "50"}
RESTORED = {"id": "r", "metric": "time_to_restore", "target": "2 h"}
SLOW = {"readings": [Reading(metric="latency", value="53", unit="ms")]}
REPAIRED = {"restorations": [Restoration(reference="A", seconds="7201"), Restoration(reference="B", seconds="7203")]}
TWO_LATE = {"delays": [Delay(kind="repair", days_late=2)]}
DAYS = [("late", False, None)] * 2


@pytest.mark.parametrize(
    ("about", "known", "units"),
    [
        (rule(rate="1%"), {}, [("window", True, None)]),
        (rule(rate="1%", block="1 h"), {}, [("window", True, 12_600)]),
        (rule(rate="pro_rata"), {}, [("window", True, 12_600)]),
        (rule(tiers=[{"below": "1 h", "rate": 0}, {"at_least": "1 h", "rate": "1%"}]), {}, [("window", True, 12_600)]),
        (rule(tiers=[{"below": "99.9", "rate": "1%"}, {"at_least": "99.9", "rate": 0}]), {}, [("window", True, None)]),
        (rule(rate="1%", block="0.1", beyond="target"), {}, [("window", False, 100 - Fraction(12_600, 25_920))]),
        (rule(rate="1%", for_each="event"), {}, [("event", True, 9_000), ("event", True, 3_600)]),
        (rule(rate="1%", for_each="day"), {}, [("day", True, None), ("day", True, None)]),
        (rule(rate="1%", for_each="day", beyond="1 h"), {}, [("day", True, 9_000)]),
        (LATENCY | {"rule": {"rate": "1%", "when": "target_missed"}}, SLOW, [("window", False, None)]),
        (LATENCY | {"rule": {"rate": "1%", "beyond": "target", "block": 1}}, SLOW, [("window", False, 53)]),
        (RESTORED | {"rule": {"rate": "1%", "beyond": "target"}}, REPAIRED, [("window", True, 7_202)]),
        (
            RESTORED | {"rule": {"rate": "1%", "for_each": "event"}},
            REPAIRED,
            [("repair", True, 7_201), ("repair", True, 7_203)],
        ),
        (LATE | {"rule": {"rate": "1%", "for_each": "day"}}, TWO_LATE, DAYS),
        (LATE | {"rule": {"rate": "1%"}}, TWO_LATE, [("window", False, None)]),
    ],
)
def test_what_is_paid_is_put_down_with_its_kind_and_its_size_where_the_rule_goes_by_it(
    about: dict[str, Any], known: dict[str, Any], units: list[tuple[str, bool, Fraction | int | None]]
) -> None:
    terms = contract(about | {"rule": {"kind": "credit"} | about["rule"]})
    found = first(terms, facts(*(() if known else TWO), charge="3000.00", **known))
    assert found.paid is not None
    assert [(unit.kind, unit.timed, unit.size) for unit in found.paid.units] == units
    names = {"window": "window: ", "event": "A from ", "day": "2025-04-03: ", "repair": "A: ", "late": "repair; "}
    assert any(step.startswith(names[units[0][0]]) for step in found.steps)


@pytest.mark.parametrize("each", ["event", "day"])
def test_a_reading_tells_neither_events_nor_days(each: str) -> None:
    reading = Reading(metric="availability", value="99", unit="percent")
    found = first(contract(rule(rate="5%", when="target_missed", for_each=each)), facts(readings=[reading]))
    assert (found.refusal, found.credit) == (RefusalCode.UNIT_MISMATCH, None)
    assert found.reason == f"The rule pays for each {each}, but availability measures none."


def test_events_of_a_sampled_state_are_counted_one_by_one() -> None:
    down = [0] * 60 + [9] * 30 + [0] * 30 + [9] * 90 + [0] * 60
    series = SampleSeries(metric="loss", unit="percent", start=at("2025-04-05 00:00"), step_seconds=60, values=down)
    state = {"kind": "unavailable_state", "series": "loss", "bad": {"more_than": "0"}}
    about = rule(for_each="event", block="1 h", rate="1%") | {"measure": state}
    assert credit_of(about, series=[series]) == "90.00"  # 30 and 90 minutes: 1 + 2


CHANGE = [
    AgreedTime(start=at("2025-04-01 00:00"), end=at("2025-04-16 00:00"), charge=euros("3000.00")),
    AgreedTime(start=at("2025-04-16 00:00"), charge=euros("6000.00")),
]
BOTH = (outage("2025-04-03 08:00", "2025-04-03 10:00", "A"), outage("2025-04-20 08:00", "2025-04-20 09:00", "B"))


@pytest.mark.parametrize(
    ("parts", "credit"),
    [
        ({"for_each": "event", "rate": "1%"}, "90.00"),  # 1 % of 3,000 and of 6,000
        ({"for_each": "day", "rate": {"day": "in_period"}}, "300.00"),
        ({"for_each": "event", "rate": "10 EUR"}, "20.00"),
        ({"block": "1 h", "rate": {"day": 30}}, "400.00"),  # 2 x 100 + 1 x 200
        ({"rate": "1%"}, "45.00"),  # of 1,500 + 3,000
    ],
)
def test_what_lies_in_time_takes_the_charge_in_force_then(parts: dict[str, Any], credit: str) -> None:
    assert credit_of(rule(**parts), *BOTH, agreements=CHANGE, on_agreement_change="together") == credit


def test_what_lies_in_a_quarter_takes_the_months_of_the_charge_in_force_then() -> None:
    terms = contract(rule(for_each="event", rate="1%"), window="quarter", on_agreement_change="together")
    quarter = calendar_window("quarter", "UTC", at("2025-04-10"))
    found = first(terms, facts(*BOTH, agreements=CHANGE), window=quarter, as_of=at("2025-07-20"))
    assert found.credit == euros("270.00")  # 1 % of three months at 3,000, and of three at 6,000


def test_days_that_are_only_counted_cannot_take_a_charge_that_changes() -> None:
    terms = contract(
        LATE | {"rule": {"kind": "credit", "for_each": "day", "rate": "1%"}}, on_agreement_change="together"
    )
    found = first(terms, facts(delays=[Delay(kind="x", days_late=2)], agreements=CHANGE))
    assert found.refusal is RefusalCode.CHARGE_UNKNOWN


def test_an_unknown_charge_refuses_only_what_needs_it() -> None:
    known = facts(*TWO).model_copy(update={"charges": facts().charges.model_copy(update={"recurring": None})})
    assert first(contract(rule(for_each="event", rate="5 EUR")), known).credit == euros("10.00")
    assert first(contract(rule(for_each="event", rate={"day": 30})), known).refusal is RefusalCode.CHARGE_UNKNOWN
    assert first(contract(rule(for_each="event", rate="5%")), known).refusal is RefusalCode.CHARGE_UNKNOWN


def test_the_next_step_of_a_window_is_named_with_its_cost() -> None:
    found = first(contract(rule(block="1 h", rate="1%")), facts(*TWO, charge="3000.00"), as_of=at("2025-04-28"))
    assert found.next_tier is not None
    assert found.next_tier.seconds_left == 4 * 3600 - 12_600 + 1
    assert found.next_tier.costs_more == euros("30.00")


@pytest.mark.parametrize(
    ("parts", "drawn"),
    [
        ({"when": "target_missed", "rate": "5%"}, [(50, 5)]),
        ({"when": "target_missed", "rate": "5%", "times": 2}, []),
        ({"when": "target_missed", "rate": "5%", "at_most": "4%"}, []),
        ({"when": "target_missed", "rate": "5 EUR"}, []),
        ({"beyond": "target", "block": 1, "rate": "1%"}, []),
        ({"tiers": [{"at_most": 55, "rate": 0}, {"more_than": 55, "rate": "7%"}]}, [(55, 7)]),
        ({"when": "target_missed", "tiers": [{"at_most": 55, "rate": 0}, {"more_than": 55, "rate": "7%"}]}, []),
        ({"tiers": [{"at_most": 55, "rate": 0}, {"more_than": 55, "rate": "7 EUR"}]}, []),
    ],
)
def test_only_a_plain_table_of_shares_is_drawn(parts: dict[str, Any], drawn: list[tuple[int, int]]) -> None:
    about = {"id": "l", "metric": "latency", "target": "50", "rule": {"kind": "credit", **parts}}
    found = first(contract(about), facts(readings=[Reading(metric="latency", value="58", unit="ms")]))
    assert [(bound.value, bound.credit_percent) for bound in found.value_bounds] == drawn


def test_a_plain_table_is_drawn_as_the_older_kind_is() -> None:
    bands: list[dict[str, Any]] = [
        {"at_least": "99.9", "rate": 0},
        {"at_least": "99", "below": "99.9", "rate": "10%"},
        {"below": "99", "rate": "50%"},
    ]
    older = {"kind": "tiers", "tiers": [{("credit" if k == "rate" else k): v for k, v in t.items()} for t in bands]}
    new, old = (first(contract(o), facts(*TWO)) for o in (rule(tiers=bands), objective(older, target="99.9")))
    assert new.tier_bounds == old.tier_bounds != ()
    for same in ("credit", "credit_percent", "credit_exact", "next_tier", "breached", "tier"):
        assert getattr(new, same) == getattr(old, same)
