"""Every rule shape, with figures worked by hand; the fee is 3,000 in a month of 30 days unless said otherwise."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import (
    Charges,
    Delay,
    ErrorIntervals,
    EventCredit,
    Reading,
    Restoration,
    SampleSeries,
)
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import RefusalCode, Verdict
from tests.domain.sla.make import (
    DURATION_TIERS,
    PERCENT_TIERS,
    at,
    contract,
    euros,
    facts,
    first,
    judge,
    objective,
    outage,
)


def for_seconds(seconds: int, **fields: Any) -> Any:
    """Return facts with one outage of that length."""
    start = at("2025-04-10 00:00")
    one = outage("2025-04-10 00:00", None).model_copy(update={"end": start + timedelta(seconds=seconds)})
    return facts(one, charge="3000.00", **fields)


@pytest.mark.parametrize(
    ("seconds", "credit"),
    [
        (0, "0.00"),
        (2592, "0.00"),  # 0.1 % of 2,592,000 s: 99.9 exactly
        (2593, "300.00"),
        (25920, "300.00"),  # 99.0 exactly
        (25921, "750.00"),
        (129600, "750.00"),  # 95.0 exactly
        (129601, "3000.00"),
        (2592000, "3000.00"),
    ],
)
def test_percent_tiers_compare_exact_fractions_at_their_bounds(seconds: int, credit: str) -> None:
    assert judge(contract(), for_seconds(seconds)).credit_due == euros(credit)


def test_the_picture_of_tiers_has_their_credits_to_four_decimals() -> None:
    tiers = [{"at_least": "99", "credit": 0}, {"below": "99", "credit": "1/30"}]
    bounds = first(contract(objective({"kind": "tiers", "tiers": tiers})), facts()).tier_bounds
    assert [str(bound.credit_percent) for bound in bounds] == ["0.0000", "3.3333"]


@pytest.mark.parametrize(
    ("seconds", "credit"),
    [
        (2592 + 129, "0.00"),  # 99.8950231 rounds to 99.90
        (2592 + 130, "300.00"),  # 99.8949846 rounds to 99.89
    ],
)
def test_a_percentage_is_rounded_only_where_the_contract_says_so(seconds: int, credit: str) -> None:
    rounded = contract(objective(PERCENT_TIERS | {"round_decimals": 2}, target="99.9"))
    found = judge(rounded, for_seconds(seconds))
    assert found.credit_due == euros(credit)
    assert found.breached == (credit != "0.00")
    assert judge(contract(objective(target="99.9")), for_seconds(seconds)).credit_due == euros("300.00")


def test_a_value_in_a_hole_is_refused_with_its_reason_and_held() -> None:
    holed = contract(
        objective(
            {
                "kind": "tiers",
                "tiers": [
                    {"at_least": "99.0", "credit": "0%"},
                    {"below": "98.0", "credit": "10%"},
                ],
            }
        )
    )
    found = judge(holed, for_seconds(38880))  # 98.5 %
    assert found.objectives[0].verdict is Verdict.REFUSED
    assert found.objectives[0].refusal is RefusalCode.TIER_GAP
    assert "98.5 percent lies in no tier" in found.objectives[0].reason
    assert found.credit_due is None
    assert found.needs_approval
    assert judge(holed, for_seconds(25920)).credit_due == euros("0.00")


@pytest.mark.parametrize(
    ("seconds", "credit"),
    [(299, "0.00"), (300, "150.00"), (3599, "150.00"), (3600, "450.00"), (10800, "1500.00")],
)
def test_duration_tiers_count_the_cumulated_seconds(seconds: int, credit: str) -> None:
    assert judge(contract(objective(DURATION_TIERS)), for_seconds(seconds)).credit_due == euros(credit)


def test_the_duration_column_decides_and_the_other_column_warns() -> None:
    rule = {
        "kind": "duration_tiers",
        "tiers": [{"at_most": "259 s", "credit": "0%"}, {"more_than": "259 s", "credit": "1%"}],
        "percent_column": [{"at_least": "99.99", "credit": "0%"}, {"below": "99.99", "credit": "1%"}],
    }
    march = calendar_window("month", "UTC", at("2025-03-05"))
    one = facts(outage("2025-03-10 00:00:00", "2025-03-10 00:04:24"))  # 264 s of 31 days: 99.99014 %
    found = judge(contract(objective(rule)), one, window=march)
    assert found.credit_due == euros("1.00")
    assert "percentage column says 0%" in found.objectives[0].warnings[0]


@pytest.mark.parametrize(
    ("seconds", "counts", "credit", "days"),
    [
        (0, "started", "0.00", 0),
        (1, "started", "100.00", 1),
        (3600, "started", "100.00", 1),
        (3601, "started", "200.00", 2),
        (3599, "full", "0.00", 0),
        (7199, "full", "100.00", 1),
    ],
)
def test_a_day_is_credited_per_block(seconds: int, counts: str, credit: str, days: int) -> None:
    rule = {"kind": "day_per_block", "block": "1 h", "counts": counts}
    found = judge(contract(objective(rule), cap={"share": "100%"}), for_seconds(seconds))
    assert found.credit_due == euros(credit)
    assert found.objectives[0].days == days
    assert found.credit_percent is None


def test_the_cap_holds_and_is_said() -> None:
    rule = {"kind": "day_per_block", "block": "1 h"}
    found = judge(contract(objective(rule), cap={"share": "100%"}), for_seconds(40 * 3600))
    assert found.credit_due == euros("3000.00")
    assert found.capped
    assert any("above the cap" in step for step in found.credit_steps)
    assert any("reaches 100 %" in reason for reason in found.approval_reasons)


@pytest.mark.parametrize(
    ("seconds", "days"),
    [
        (259, 0),  # inside the allowance of 259.2 s
        (259 + 450, 0),  # excess 449.8 s rounds to 0
        (259 + 451, 1),  # excess 450.8 s rounds to 900 s: one started block
        (259 + 14400 + 450, 1),  # 14,849.8 s round to 14,400 s
        (259 + 14400 + 451, 2),
    ],
)
def test_excess_over_the_allowance_is_rounded_and_paid_by_the_block(seconds: int, days: int) -> None:
    rule = {"kind": "day_per_excess_block", "block": "4 h", "nearest": "15 min"}
    found = first(contract(objective(rule, target="99.99"), cap={"share": "100%"}), for_seconds(seconds))
    assert found.days == days
    assert found.credit == euros(f"{days * 100}.00")


def test_a_calendar_day_counts_once_in_the_local_zone_and_only_with_enough_outage_inside_it() -> None:
    rule = {"kind": "share_per_day", "share": "1/30", "outage": {"more_than": "60 s"}}
    window = calendar_window("month", "America/Chicago", at("2025-06-10"))
    known = facts(
        outage("2025-06-11 04:59:00", "2025-06-11 05:01:01", "over midnight"),  # 60 s on the 10th, 61 s on the 11th
        outage("2025-06-12 12:00:00", "2025-06-12 12:02:00", "one"),
        outage("2025-06-12 15:00:00", "2025-06-12 15:02:00", "the same day"),
        outage("2025-06-14 12:00:00", "2025-06-14 12:01:00", "60 s exactly"),
        outage("2025-06-20 10:00:00", "2025-06-23 10:00:00", "four days"),
        charge="4500.00",
    )
    found = judge(contract(objective(rule), zone="America/Chicago"), known, window=window)
    assert found.objectives[0].days == 6
    assert found.credit_due == euros("900.00")


def test_a_day_of_25_hours_is_one_day() -> None:
    rule = {"kind": "share_per_day", "share": "1/30", "outage": {"more_than": "24 h"}}
    october = calendar_window("month", "Europe/London", at("2025-10-10"))
    known = facts(outage("2025-10-25 23:00:00", "2025-10-27 00:00:00"))
    assert first(contract(objective(rule), zone="Europe/London"), known, window=october).days == 1


@pytest.mark.parametrize(
    ("hours", "credit"), [(["2", "3", "7"], "0.00"), (["2", "3", "8"], "1050.00"), (["4", "4.0003"], "1050.00")]
)
def test_the_mean_time_to_restore_is_missed_only_above_its_target(hours: list[str], credit: str) -> None:
    rule = {"kind": "share_when_missed", "credit": "35%"}
    mean = {"id": "restore", "metric": "time_to_restore", "target": "4 h", "rule": rule}
    times = [Restoration(reference=f"R{i}", seconds=Decimal(h) * 3600) for i, h in enumerate(hours)]
    found = judge(contract(mean), facts(charge="3000.00", restorations=times))
    assert found.credit_due == euros(credit)


def test_repairs_are_taken_from_the_outages_that_ended_in_the_window() -> None:
    rule = {"kind": "share_when_missed", "credit": "35%"}
    mean = {"id": "restore", "metric": "time_to_restore", "target": "4 h", "rule": rule}
    known = facts(
        outage("2025-03-31 20:00", "2025-04-01 02:00", "ended inside"),
        outage("2025-04-10 08:00", "2025-04-10 10:30", "all inside"),
        outage("2025-04-30 20:00", "2025-05-01 20:00", "ended outside"),
    )
    found = first(contract(mean), known)
    assert found.measured == Decimal("15300.00000000")  # (6 h + 2.5 h) / 2
    assert found.verdict is Verdict.BREACHED


def test_an_outage_that_began_after_the_window_leaves_its_judgement_final() -> None:
    repair = {
        "id": "mttr",
        "metric": "time_to_restore",
        "target": "4 h",
        "rule": {"kind": "share_when_missed", "credit": "35%"},
    }
    done, later = outage("2025-04-10 00:00", "2025-04-10 05:00"), outage("2025-05-10 00:00", None, "O2")
    for terms in (contract(repair), contract()):
        assert not judge(terms, facts(done, later)).provisional
        assert judge(terms, facts(done, outage("2025-04-30 23:00", None, "O2"))).provisional


def test_no_repair_is_no_breach_and_no_guess() -> None:
    rule = {"kind": "share_when_missed", "credit": "35%"}
    mean = {"id": "restore", "metric": "time_to_restore", "target": "4 h", "rule": rule}
    found = first(contract(mean), facts())
    assert found.verdict is Verdict.MET
    assert found.measured is None
    assert found.reason == "nothing was repaired in this window"


@pytest.mark.parametrize(
    ("seconds", "percent"),
    [(2592, "0"), (2593, "1"), (5184, "1"), (5185, "2"), (9060, "3")],
)
def test_each_started_step_below_the_target_costs_its_share(seconds: int, percent: str) -> None:
    rule = {"kind": "share_per_step", "step": "0.1", "credit": "1%"}
    found = judge(contract(objective(rule, target="99.9")), for_seconds(seconds))
    assert found.credit_percent == Decimal(percent)


@pytest.mark.parametrize(
    ("value", "credit"),
    [("50", "0.00"), ("50.999", "0.00"), ("51", "100.00"), ("53.9", "300.00"), ("65", "1500.00"), ("99", "1500.00")],
)
def test_each_full_millisecond_over_the_target_costs_its_share_up_to_the_most(value: str, credit: str) -> None:
    rule = {"kind": "share_per_step", "step": "1", "counts": "full", "credit": "1/30", "most_steps": 15}
    latency = {"id": "latency", "metric": "latency", "target": "50", "rule": rule}
    reading = Reading(metric="latency", value=Decimal(value), unit="ms")
    assert judge(contract(latency), facts(charge="3000.00", readings=[reading])).credit_due == euros(credit)


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        ("2.19", "0"),
        ("2.2", "10"),
        ("2.4999", "10"),
        ("2.5", "20"),
        ("3", "30"),
        ("3.5", "40"),
        ("4", "50"),
        ("9", "50"),
    ],
)
def test_the_relative_overrun_reaches_its_threshold_exactly(value: str, percent: str) -> None:
    thresholds = [
        {"overrun": o, "credit": c} for o, c in ((100, "50%"), (75, "40%"), (50, "30%"), (25, "20%"), (10, "10%"))
    ]
    jitter = {"id": "j", "metric": "jitter", "target": "2", "rule": {"kind": "overrun_tiers", "thresholds": thresholds}}
    reading = Reading(metric="jitter", value=Decimal(value), unit="ms")
    assert judge(contract(jitter), facts(readings=[reading])).credit_percent == Decimal(percent)


def late(kind: str, due: str, done: str | None) -> Delay:
    return Delay(kind=kind, due=date.fromisoformat(due), done=None if done is None else date.fromisoformat(done))


def compensation(kind: str, amount: str, grace: int) -> dict[str, Any]:
    rule = {"kind": "sum_per_day", "applies_to": kind, "sum": amount, "grace_working_days": grace}
    return {"id": kind, "metric": "delay", "rule": rule}


@pytest.mark.parametrize(
    ("kind", "amount", "grace", "due", "done", "credit"),
    [
        ("activation", "6.10", 0, "2025-06-11", "2025-06-11", "0.00"),
        ("activation", "6.10", 0, "2025-06-11", "2025-06-12", "6.10"),
        ("activation", "6.10", 0, "2025-06-11", "2025-06-18", "42.70"),
        ("activation", "6.10", 0, "2025-06-11", "2025-06-09", "0.00"),
        ("repair", "9.76", 2, "2025-06-09", "2025-06-12", "0.00"),  # Mon; Tue and Wed are grace
        ("repair", "9.76", 2, "2025-06-09", "2025-06-13", "9.76"),
        ("repair", "9.76", 2, "2025-06-06", "2025-06-12", "9.76"),  # Fri; Mon and Tue are grace
        ("repair", "9.76", 2, "2025-08-22", "2025-08-29", "9.76"),  # the Monday is a bank holiday
    ],
)
def test_a_fixed_sum_per_day_waits_for_the_grace_in_working_days(
    kind: str, amount: str, grace: int, due: str, done: str, credit: str
) -> None:
    terms = contract(compensation(kind, amount, grace), calendar={"country": "GB", "subdivision": "ENG"})
    assert judge(terms, facts(delays=[late(kind, due, done)])).credit_due == euros(credit)


def test_a_repair_before_its_report_is_refused() -> None:
    terms = contract(compensation("repair", "9.76", 2), calendar={"country": "GB", "subdivision": "ENG"})
    found = first(terms, facts(delays=[late("repair", "2025-06-09", "2025-06-08")]))
    assert found.refusal is RefusalCode.DONE_BEFORE_DUE


def test_a_promise_that_is_not_due_yet_is_not_late() -> None:
    terms = contract(compensation("repair", "9.76", 2), calendar={"country": "GB", "subdivision": "ENG"})
    found = judge(terms, facts(delays=[late("repair", "2025-06-09", None)]), as_of=at("2025-06-05"))
    assert (found.objectives[0].refusal, found.credit_due) == (None, euros("0.00"))


def test_a_promise_not_yet_kept_is_counted_until_today_and_provisional() -> None:
    terms = contract(compensation("activation", "6.10", 0))
    found = judge(terms, facts(delays=[late("activation", "2025-04-20", None)]), as_of=at("2025-04-25 09:00"))
    assert found.credit_due == euros("30.50")
    assert found.provisional


def test_hourly_day_credits_are_capped_by_the_quarter() -> None:
    rule = {"kind": "day_per_block", "block": "1 h", "counts": "full"}
    terms = contract(objective(rule), window="quarter", cap={"share": "27.5%", "over": "quarter"})
    quarter = calendar_window("quarter", "UTC", at("2025-04-10"))
    charges = Charges(recurring=euros("2730.00"), per="quarter", days=91)
    capped = judge(terms, for_seconds(26 * 3600).model_copy(update={"charges": charges}), window=quarter)
    assert capped.credit_due == euros("750.75")
    below = judge(terms, for_seconds(25 * 3600 + 3599).model_copy(update={"charges": charges}), window=quarter)
    assert below.credit_due == euros("750.00")


def test_a_monthly_charge_is_three_times_as_much_in_a_quarter() -> None:
    quarter = calendar_window("quarter", "UTC", at("2025-04-10"))
    found = judge(contract(window="quarter"), facts(outage("2025-04-10", "2025-04-11")), window=quarter)
    assert found.charge_base == euros("300.00")
    assert found.credit_due == euros("75.00")


def test_a_daily_rate_is_rounded_once_at_the_end() -> None:
    rule = {"kind": "daily_rate", "periods_per_year": 4, "days_per_year": 365}
    terms = contract({"id": "delay", "metric": "delay", "rule": rule}, window="quarter")
    charges = Charges(recurring=euros("58.00"), per="quarter")
    found = judge(terms, facts(charges=charges, delays=[Delay(kind="line", days_late=7)]))
    assert found.credit_due == euros("4.45")


def test_error_rates_are_averaged_over_every_interval_of_the_window() -> None:
    success = {"id": "s", "metric": "success_rate", "rule": PERCENT_TIERS}
    february = calendar_window("month", "UTC", at("2025-02-10"))
    rates = [ErrorIntervals(count=100, error_percent=Decimal(50))]
    found = judge(contract(success), facts(error_intervals=rates), window=february)
    assert found.objectives[0].measured == Decimal("99.37996032")
    assert found.credit_due == euros("10.00")
    assert judge(contract(success), facts(error_intervals=[]), window=february).credit_due == euros("0.00")


def test_more_error_intervals_than_the_window_has_are_refused() -> None:
    success = {"id": "s", "metric": "success_rate", "rule": PERCENT_TIERS}
    rates = [ErrorIntervals(count=8641, error_percent=Decimal(50))]
    assert first(contract(success), facts(error_intervals=rates)).refusal is RefusalCode.TOO_MANY_INTERVALS


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [("10:00 10:06", 0), ("10:00 10:07", 1), ("10:57 11:04", 0), ("10:53 11:07", 2), ("10:00 13:30", 4)],
)
def test_a_clock_hour_with_too_much_downtime_is_left_off_the_bill(minutes: str, hours: int) -> None:
    waiver = {
        "id": "hours",
        "metric": "availability",
        "rule": {"kind": "hour_waiver", "downtime": {"more_than": "6 min"}},
    }
    start, end = minutes.split()
    found = judge(contract(objective(), waiver), facts(outage(f"2025-04-10 {start}", f"2025-04-10 {end}")))
    assert found.objectives[1].waived_hours == hours
    assert found.objectives[1].credit == euros("0.00")  # not charged is not credited


def test_a_clock_hour_is_a_local_one() -> None:
    waiver = {
        "id": "hours",
        "metric": "availability",
        "rule": {"kind": "hour_waiver", "downtime": {"more_than": "6 min"}},
    }
    known = facts(outage("2025-04-10 10:10", "2025-04-10 10:20"))  # 15:55 to 16:05 in Nepal: 5 min in each hour
    assert first(contract(waiver, zone="Asia/Kathmandu"), known).waived_hours == 0


def credits_of(*entries: tuple[str, str]) -> list[EventCredit]:
    return [EventCredit(event=e, objective=f"o{i}", percent=Decimal(p)) for i, (e, p) in enumerate(entries)]


@pytest.mark.parametrize(
    ("entries", "percent"),
    [
        ([("E1", "20"), ("E1", "15")], "20"),
        ([("E1", "20"), ("E2", "4")], "24"),
        ([("E1", "20"), ("E2", "15")], "25"),
        ([("E1", "15"), ("E1", "15"), ("E2", "5")], "20"),
    ],
)
def test_one_event_pays_its_highest_credit_and_all_events_together_the_cap(
    entries: list[tuple[str, str]], percent: str
) -> None:
    terms = contract({"id": "e", "metric": "events", "rule": {"kind": "event_credits"}}, cap={"share": "25%"})
    found = judge(terms, facts(event_credits=credits_of(*entries)))
    assert found.credit_percent == Decimal(percent)
    assert found.capped == (percent == "25")


def test_two_objectives_missed_by_the_same_outage_pay_the_higher_one() -> None:
    two = (objective(), objective(DURATION_TIERS, id="minutes"))
    known = facts(outage("2025-04-10 00:00", "2025-04-10 02:00"))  # 99.72 %: 10 %; 2 h: 15 %
    assert judge(contract(*two), known).credit_due == euros("15.00")
    assert judge(contract(*two, stacking="sum"), known).credit_due == euros("25.00")
    assert dict(judge(contract(*two, stacking="sum"), known).shares) == {
        "availability": euros("10.00"),
        "minutes": euros("15.00"),
    }


SAMPLED = {"kind": "unavailable_state", "series": "packet_loss", "bad": {"more_than": "50"}}


@pytest.mark.parametrize(("hour", "due"), [(0, "50.00"), (2, "50.00"), (6, "60.00")])
def test_sampled_and_recorded_downtime_of_the_same_time_is_one_event(hour: int, due: str) -> None:
    start = at("2025-04-10 02:00")
    losses = [(start + timedelta(hours=h), Decimal(100 if h < 3 else 0)) for h in range(4)]
    series = SampleSeries.from_samples(losses, metric="packet_loss", unit="percent", step_seconds=3600)
    sampled = objective(DURATION_TIERS, id="sampled", measure=SAMPLED)  # three hours: 50 %
    seen = outage(f"2025-04-10 {hour:02}:00", f"2025-04-10 {hour + 2:02}:30")  # and 10 % of two and a half
    found = judge(contract(objective(), sampled), facts(seen, series=[series]))
    assert found.credit_due == euros(due)


def test_objectives_missed_by_different_things_both_pay() -> None:
    latency = {
        "id": "latency",
        "metric": "latency",
        "rule": {"kind": "tiers", "tiers": [{"at_most": "50", "credit": "0%"}, {"more_than": "50", "credit": "5%"}]},
    }
    reading = Reading(metric="latency", value=Decimal(51), unit="ms")
    known = facts(outage("2025-04-10 00:00", "2025-04-10 02:00"), readings=[reading])
    assert judge(contract(objective(), latency), known).credit_due == euros("15.00")
    assert judge(contract(objective(), latency, stacking="highest"), known).credit_due == euros("10.00")


def test_a_partial_month_pays_in_proportion() -> None:
    half = Period(start=at("2025-04-16"), end=at("2025-05-01"))
    known = facts(outage("2025-04-20 00:00", "2025-04-20 12:00"), charge="1500.00")  # 96.67 % of 15 days: 25 %
    found = judge(contract(), known, window=half)
    assert found.charge_base == euros("750.00")
    assert found.credit_due == euros("187.50")
    assert judge(contract(proration="none"), known, window=half).credit_due == euros("375.00")
    assert judge(contract(proration="by_day"), known, window=half).credit_due == euros("187.50")


def test_the_greater_of_two_charges_is_the_base() -> None:
    terms = contract(charge_base="greater_of_recurring_and_usage")
    day = outage("2025-04-10", "2025-04-11")
    both = Charges(recurring=euros("100.00"), usage=euros("120.00"))
    assert judge(terms, facts(day, charges=both)).charge_base == euros("120.00")
    assert judge(terms, facts(day)).charge_base == euros("100.00")
    assert judge(contract(charge_base="usage"), facts(day, charges=both)).credit_due == euros("30.00")


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        ({"id": "day", "metric": "delay", "rule": {"kind": "daily_rate", "periods_per_year": 12}}, "delays"),
        ({"id": "joined", "metric": "events", "rule": {"kind": "event_credits"}}, "event_credits"),
    ],
)
def test_what_the_source_keeps_no_record_of_is_no_data_and_no_zero(terms: dict[str, Any], kept: str) -> None:
    assert judge(contract(terms), facts()).credit_due == euros("0.00")
    found = judge(contract(terms), facts(not_kept=(kept,)))
    assert (found.objectives[0].verdict, found.credit_due) == (Verdict.NO_DATA, None)
    assert "No record of" in found.objectives[0].reason
    assert found.needs_approval


def test_a_usage_charge_that_is_not_kept_is_refused_and_not_taken_for_the_smaller_one() -> None:
    terms = contract(charge_base="greater_of_recurring_and_usage")
    owed = first(terms, facts(outage("2025-04-10", "2025-04-11"), not_kept=("usage",)))
    assert owed.refusal is RefusalCode.CHARGE_UNKNOWN
    assert "no record is kept" in owed.reason


def test_a_share_of_nothing_is_still_that_share() -> None:
    found = judge(contract(), facts(outage("2025-04-10", "2025-04-11"), charge="0.00"))
    assert (found.credit_percent, found.credit_due) == (25, euros("0.00"))
    assert judge(contract(), facts(charge="0.00")).credit_percent == 0


@pytest.mark.parametrize(("usage", "base"), [("1600.00", "1600.00"), ("1400.00", "1500.00"), ("2000.00", "2000.00")])
def test_the_greater_of_two_charges_is_chosen_after_proration(usage: str, base: str) -> None:
    terms = contract(charge_base="greater_of_recurring_and_usage")
    half = Period(start=at("2025-04-16"), end=at("2025-05-01"))
    charges = Charges(recurring=euros("3000.00"), usage=euros(usage))
    found = judge(terms, facts(outage("2025-04-20", "2025-04-21"), charges=charges), window=half)
    assert found.charge_base == euros(base)
    assert found.credit_due == euros(base)  # a day of fifteen: the whole charge
    assert any("the greater of the two" in step for step in found.objectives[0].steps)


def test_a_day_of_usage_is_a_day_of_the_window_that_consumed_it() -> None:
    quarter = calendar_window("quarter", "UTC", at("2025-04-10"))
    blocks = {"kind": "day_per_block", "block": "1 h"}
    known = facts(outage("2025-04-10 00:00", "2025-04-10 01:00"), charges=Charges(usage=euros("9100.00")))
    terms = contract(objective(blocks), window="quarter", charge_base="usage")
    assert judge(terms, known, window=quarter).credit_due == euros("100.00")


@pytest.mark.parametrize(
    ("over", "cap"), [("window", "1500.00"), ("month", "1500.00"), ("quarter", "7500.00"), ("year", "34500.00")]
)
def test_the_cap_of_a_month_that_is_billed_in_part_is_that_of_the_part(over: str, cap: str) -> None:
    half = Period(start=at("2025-04-16"), end=at("2025-05-01"))
    terms = contract(objective({"kind": "day_per_block", "block": "1 h"}), cap={"share": "100%", "over": over})
    found = judge(terms, facts(outage("2025-04-16", "2025-05-01"), charge="3000.00"), window=half)
    assert found.cap == euros(cap)


def test_an_unknown_charge_is_refused_only_where_something_is_owed() -> None:
    owed = first(contract(), facts(outage("2025-04-10", "2025-04-11"), charges=Charges()))
    assert owed.refusal is RefusalCode.CHARGE_UNKNOWN
    assert owed.breached is None
    assert judge(contract(), facts(charges=Charges())).credit_due == euros("0.00")


def test_a_charge_in_another_currency_is_refused() -> None:
    dollars = Charges(recurring=Money(amount=Decimal(100), currency="USD"))
    found = first(contract(), facts(outage("2025-04-10", "2025-04-11"), charges=dollars))
    assert found.refusal is RefusalCode.CURRENCY_MISMATCH


@pytest.mark.parametrize("field", ["recurring", "usage", "hourly"])
def test_a_charge_below_zero_is_no_charge(field: str) -> None:
    with pytest.raises(ValidationError, match="below zero"):
        Charges(**{field: euros("-300.00")})


def test_a_share_of_no_charge_is_a_share_all_the_same() -> None:
    two = (objective(), objective(DURATION_TIERS, id="minutes"))
    known = facts(outage("2025-04-10 00:00", "2025-04-10 02:00"), charge="0.00")  # 10 % and 15 %
    for fields, percent in (
        ({}, "15"),
        ({"stacking": "sum"}, "25"),
        ({"stacking": "sum", "cap": {"share": "20%"}}, "20"),
    ):
        found = judge(contract(*two, **fields), known)
        assert (found.credit_due, found.credit_percent) == (euros("0.00"), Decimal(percent))


def test_yen_have_no_minor_unit() -> None:
    terms = contract(objective({"kind": "duration_tiers", "tiers": [{"credit": "1/30"}]}), currency="JPY")
    yen = Charges(recurring=Money(amount=Decimal(40000), currency="JPY"))
    assert str(judge(terms, facts(outage("2025-04-10", "2025-04-11"), charges=yen)).credit_due) == "1333 JPY"


def test_a_reading_in_another_unit_is_refused() -> None:
    latency = {"id": "l", "metric": "latency", "rule": {"kind": "tiers", "tiers": [{"credit": "0%"}]}}
    reading = Reading(metric="latency", value=Decimal("0.05"), unit="s")
    assert first(contract(latency), facts(readings=[reading])).refusal is RefusalCode.UNIT_MISMATCH


def test_a_window_without_time_is_refused() -> None:
    empty = Period(start=at("2025-04-10"), end=at("2025-04-10"))
    assert first(contract(), facts(), window=empty).refusal is RefusalCode.EMPTY_WINDOW
