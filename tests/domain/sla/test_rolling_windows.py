"""Windows that begin with the agreement, and values that are means over several windows."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.contract.contract import UnableToFindWindow
from include.sla_logic.domain.measurements import AgreedTime, Reading, SampleSeries
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import RefusalCode, Verdict
from tests.domain.sla.make import APRIL, at, contract, euros, facts, first, judge, objective, outage, text_of

MISSED = {"kind": "credit", "when": "target_missed", "rate": "10%"}
ROLLING = objective(MISSED, target="99.9", rolling_windows=3)


def hours(month: int, length: int) -> Any:
    return outage(f"2025-{month:02}-10 00:00", f"2025-{month:02}-10 {length:02}:00", f"M{month}")


@settings(max_examples=60)
@given(st.tuples(*[st.integers(0, 20)] * 3))
def test_the_mean_of_three_months_is_the_mean_of_their_availabilities(lengths: tuple[int, int, int]) -> None:
    days = (28, 31, 30)
    known = [hours(month, length) for month, length in zip((2, 3, 4), lengths, strict=True) if length]
    found = first(contract(ROLLING), facts(*known))
    mean = sum(100 - Fraction(100 * length, 24 * d) for length, d in zip(lengths, days, strict=True)) / 3
    assert Fraction(found.measured_exact or 0) == mean
    assert found.credit == euros("10.00" if mean < Fraction("99.9") else "0.00")


def test_one_bad_month_is_carried_by_good_ones_and_weighs_on_the_next_two() -> None:
    bad = hours(2, 2)  # 0.2976 % of February
    months = {month: calendar_window("month", "UTC", at(f"2025-{month:02}-10")) for month in range(2, 6)}
    missed = {m: first(contract(ROLLING), facts(bad), window=window).breached for m, window in months.items()}
    assert missed == {2: False, 3: False, 4: False, 5: False}
    worse = {m: first(contract(ROLLING), facts(hours(2, 4)), window=w).breached for m, w in months.items()}
    assert worse == {2: True, 3: True, 4: True, 5: False}


def test_months_before_the_agreement_are_left_out_of_the_mean() -> None:
    agreed = [AgreedTime(start=at("2025-03-01 00:00"))]
    found = first(contract(ROLLING), facts(hours(2, 20), hours(4, 1), agreements=agreed))
    assert Fraction(found.measured_exact or 0) == 100 - Fraction(100, 720) / 2
    assert "mean over 2 window(s)" in "\n".join(found.steps)


def test_a_window_without_samples_leaves_the_mean_unknown() -> None:
    about = {"id": "l", "metric": "latency", "target": 50, "rule": MISSED, "rolling_windows": 2}
    series = SampleSeries(
        metric="latency", unit="ms", start=at("2025-04-01 00:00"), step_seconds=86_400, values=[60_000] * 30
    )
    found = first(contract(about), facts(series=[series]))
    assert found.verdict is Verdict.NO_DATA
    assert "window from 2025-03-01 has no value" in found.reason
    both = SampleSeries(
        metric="latency",
        unit="ms",
        start=at("2025-03-01 00:00"),
        step_seconds=86_400,
        values=[30_000] * 31 + [60_000] * 30,
    )
    assert first(contract(about), facts(series=[both])).measured == 45


def test_a_reading_is_of_one_window_and_refused() -> None:
    about = {"id": "l", "metric": "latency", "target": 50, "rule": MISSED, "rolling_windows": 2}
    found = first(contract(about), facts(readings=[Reading(metric="latency", value="60", unit="ms")]))
    assert found.refusal is RefusalCode.UNIT_MISMATCH
    assert "readings are of one window" in found.reason


@pytest.mark.parametrize("rule", [{"kind": "day_per_block", "block": "1 h"}, {"kind": "credit", "rate": "pro_rata"}])
def test_rules_about_downtime_do_not_go_with_a_mean_of_windows(rule: dict[str, Any]) -> None:
    findings = check_contract(text_of(objective(rule, target="99.9", rolling_windows=3)), name="k")[1]
    assert ("unit_mix_up", "refuses") in {(finding.code, finding.level) for finding in findings}


def test_nothing_at_all_delivered_is_a_value_that_misses() -> None:
    about = {"id": "d", "metric": "delivery", "target": 99, "rule": MISSED}
    found = first(contract(about), facts(readings=[Reading(metric="delivery", value="0", unit="percent")]))
    assert (found.breached, found.credit) == (True, euros("10.00"))


@pytest.mark.parametrize(
    ("kind", "begun", "moment", "start", "end"),
    [
        ("year", "2024-04-15", "2026-03-30", "2025-04-15", "2026-04-15"),
        ("quarter", "2024-02-01", "2025-05-01", "2025-05-01", "2025-08-01"),
        ("month", "2024-01-31", "2025-03-01", "2025-02-28", "2025-03-28"),
    ],
)
def test_windows_begin_on_the_anniversary_of_the_agreement(
    kind: str, begun: str, moment: str, start: str, end: str
) -> None:
    terms = contract(window=kind, window_from="agreement").begun_on(at(begun).date())
    window = terms.window_at(at(moment))
    assert (window.start, window.end) == (at(start), at(end))
    known = facts(outage(start, f"{start} 10:00"), agreements=[AgreedTime(start=at(begun))])
    assert judge(terms, known, window=window).contract_window == window


def test_a_window_of_an_agreement_that_is_not_known_is_refused_with_the_field() -> None:
    with pytest.raises(UnableToFindWindow, match=r"agreements\[\]\.start"):
        judge(contract(window_from="agreement"), facts(), window=APRIL)


def test_windows_cannot_begin_on_two_days() -> None:
    findings = check_contract(text_of(window_from="agreement", billing_day=5), name="k")[1]
    assert ("bounds_contradict", "refuses") in {(finding.code, finding.level) for finding in findings}


PARTLY = [AgreedTime(start=at("2025-02-10 00:00"))]
IN_A_ROW = MISSED | {"in_a_row": 2}


def test_a_window_in_which_nothing_is_promised_is_neither_missed_nor_part_of_a_mean() -> None:
    """February is agreed in part; where the contract excludes such a window, only March and April are looked at."""
    known = [hours(2, 20), hours(4, 10)]
    for promised, windows in (("cut", 3), ("excluded", 2)):
        terms = contract(ROLLING, partial_window=promised)
        found = first(terms, facts(*known, agreements=PARTLY))
        assert f"mean over {windows} window(s)" in "\n".join(found.steps)
    march = calendar_window("month", "UTC", at("2025-03-10"))
    both = facts(outage("2025-02-20 00:00", "2025-02-20 20:00", "F"), hours(3, 10), agreements=PARTLY)
    for promised, credit in (("cut", "10.00"), ("excluded", "0.00")):
        terms = contract(objective(IN_A_ROW, target="99.9"), format=2, partial_window=promised)
        assert first(terms, both, window=march).credit == euros(credit)


@pytest.mark.parametrize(("least", "known"), [("90%", True), ("90.1%", False)])
def test_a_window_of_which_too_little_was_measured_is_unknown_to_means_and_rows(least: str, known: bool) -> None:
    """Of the 30 days of April three were not observed."""
    unobserved = (Period(start=at("2025-04-20 00:00"), end=at("2025-04-23 00:00")),)
    may = calendar_window("month", "UTC", at("2025-05-10"))
    both = facts(hours(4, 10), hours(5, 10), unobserved=unobserved)
    mean = objective(MISSED, target="99.9", rolling_windows=2)
    for own, verdict in ((mean, Verdict.NO_DATA), (objective(IN_A_ROW, target="99.9"), Verdict.REFUSED)):
        terms = contract(own, format=2, counting={"least_coverage": least})
        found = first(terms, both, window=may)
        assert found.verdict is (Verdict.BREACHED if known else verdict), found.reason
        assert known or "2025-04-01" in found.reason
