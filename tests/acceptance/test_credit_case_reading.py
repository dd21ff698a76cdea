"""The acceptance proof itself: it reads every field or fails, and it is not easily pleased."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from include.sla_logic.domain.sla import SlaComparison
from tests.acceptance.case_object import UnableToTranslate
from tests.acceptance.credit_case_expectation import differences, refusal_of
from tests.acceptance.credit_case_judging import judge, observed, undefined

Fields = dict[str, Any]
APRIL = {"start": "2025-04-01T00:00:00+00:00", "end": "2025-05-01T00:00:00+00:00"}
PERCENT: Fields = {
    "title": "Percent",
    "rule": "availability_tiers",
    "tiers": [{"gte": "99.5", "credit_pct": "0"}, {"lt": "99.5", "credit_pct": "10"}],
}
TICKETS: Fields = {
    "title": "Tickets",
    "rule": "duration_tiers",
    "clock_start": "ticket_opened",
    "clock_stop": "ticket_closed",
    "claim_days": 30,
    "holds_stop_clock": True,
    "tiers": [{"lt_s": 300, "credit_pct": "0"}, {"gte_s": 300, "credit_pct": "10"}],
}
THIRDS: Fields = {
    "title": "Thirds",
    "rule": "duration_tiers",
    "tiers": [{"lte_s": 2700, "credit_fraction": "0"}, {"gt_s": 2700, "credit_fraction": "1/30"}],
}
DAYS: Fields = {
    "title": "Days",
    "rule": "fixed_per_day",
    "rates": {"activation": "6.10", "repair": "9.76"},
    "grace_working_days": {"activation": 0, "repair": 2},
}
RATE: Fields = {"title": "Rate", "rule": "daily_rate", "formula": "quarterly rental x 4 / 365 x days late"}
FULL_MS: Fields = {
    "title": "Full ms",
    "rule": "ms_over",
    "fraction_per_ms": "1/30",
    "max_ms": 15,
    "assumptions": ["target 50 ms is ours"],
}
CAPPED_BLOCKS: Fields = {
    "title": "Blocks",
    "rule": "block_day_credit",
    "block_seconds": 3600,
    "partial_block_counts": True,
    "day_basis": "days_in_month",
    "cap_pct": "100",
    "claim": "trouble ticket within 72 h of the fault; written claim within 30 days of ticket closure",
}


def case_with(*outages: Fields, **more: Any) -> Fields:
    return {
        "contract": "TRIED",
        "window": APRIL,
        "timezone": "UTC",
        "monthly_charge": {"amount": "300.00", "currency": "EUR"},
        "outages": list(outages),
        "maintenance": [],
        "holds": [],
    } | more


def down(start: str, end: str | None, **more: Any) -> Fields:
    def instant(text: str) -> str:
        return f"2025-04-{text}:00+00:00"

    return {"start": instant(start), "end": end and instant(end)} | more


def judged(entry: Fields, case: Fields) -> SlaComparison:
    return judge({"assumptions": []} | entry, case)


def credit(entry: Fields, case: Fields) -> str:
    return str(observed(judged(entry, case))["credit"])


def misses(entry: Fields, case: Fields, **expected: Any) -> set[str]:
    """Return the fields of an expectation that do not hold."""
    return set(differences(expected, observed(judged(entry, case)), undefined(entry, case)))


A_DAY = down("10T00:00", "11T00:00")


@pytest.mark.parametrize(
    ("entry", "case", "field"),
    [
        (PERCENT, case_with(A_DAY, discount="5"), "discount"),
        (PERCENT, case_with(A_DAY | {"degraded": True}), "outages.1.degraded"),
        (PERCENT, case_with(holds=[down("10T00:00", "10T01:00", extended=True)]), "holds.1.extended"),
        (PERCENT | {"minimum_credit": "1.00"}, case_with(A_DAY), "minimum_credit"),
        (PERCENT | {"tiers": [{"gte": "0", "credit_pct": "0", "unless": "x"}]}, case_with(A_DAY), "tiers.1.unless"),
    ],
)
def test_a_field_that_is_not_read_fails_whatever_the_result(entry: Fields, case: Fields, field: str) -> None:
    with pytest.raises(UnableToTranslate, match=field):
        judged(entry, case)


def test_words_change_nothing_and_need_no_reader() -> None:
    assert credit(PERCENT, case_with(A_DAY | {"note": "fibre cut"}, arithmetic="x", notes=["y"])) == "30.00"


@pytest.mark.parametrize("zone", ["UTC", "Europe/London"])
def test_an_instant_without_offset_is_refused_in_every_zone(zone: str) -> None:
    naive = {"start": "2025-04-10T00:00:00", "end": "2025-04-10T07:12:00"}
    with pytest.raises(ValidationError) as refused:
        judged(PERCENT, case_with(naive, timezone=zone))
    assert refusal_of(refused.value) == "naive_time"


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({}, 7200),
        ({"ticket_opened": None}, 0),
        ({"ticket": None}, 0),
        ({"ticket_opened": "2025-04-10T01:00:00+00:00"}, 3600),
        ({"ticket": {"opened": "2025-04-10T01:00:00+00:00", "closed": "2025-04-10T03:00:00+00:00"}}, 7200),
    ],
)
def test_a_ticket_that_is_told_as_missing_is_not_a_ticket_of_which_nothing_is_told(more: Fields, seconds: int) -> None:
    comparison = judged(TICKETS, case_with(down("10T00:00", "10T02:00", **more)))
    assert comparison.objectives[0].counted_seconds == seconds


def test_a_list_of_tickets_starts_and_stops_the_clock() -> None:
    tickets = [{"opened": "2025-04-10T01:00:00+00:00", "closed": "2025-04-10T01:30:00+00:00"}]
    outages = [down("10T00:00", "10T02:00"), down("12T00:00", "12T02:00")]
    assert judged(TICKETS, case_with(outages[0], tickets=tickets)).objectives[0].counted_seconds == 1800
    assert judged(TICKETS, case_with(*outages, tickets=tickets)).objectives[0].counted_seconds == 1800
    with pytest.raises(UnableToTranslate, match="belongs to no outage"):
        judged(TICKETS, case_with(*outages, outages[0], tickets=[*tickets, {"opened": "2025-04-20T01:00:00+00:00"}]))


@pytest.mark.parametrize(
    ("more", "paid"),
    [
        ({"claim": {"ticket_closed": "2025-04-10", "filed": "2025-05-10"}}, "30.00"),
        ({"claim": {"ticket_closed": "2025-04-10", "filed": "2025-05-11"}}, "0.00"),
        ({"filed_date": "2025-05-11"}, "0.00"),
        ({"claim_date": "2025-05-10"}, "30.00"),
        ({"claim_days_after": 30}, "30.00"),
        ({"claim_day": 31}, "0.00"),
    ],
)
def test_the_day_of_the_claim_is_found_however_it_is_told(more: Fields, paid: str) -> None:
    assert credit(TICKETS, case_with(down("10T00:00", "10T02:00"), **more)) == paid


def test_flags_name_the_topic_of_a_warning_and_fractions_are_exact() -> None:
    terms = THIRDS | {"parallel_pct_tiers": [{"gte": "99.9", "credit_pct": "0"}, {"lt": "99.9", "credit_pct": "1"}]}
    hour = case_with(down("10T00:00", "10T01:00"))
    assert misses(terms, hour, credit="10.00", flag="columns_disagree", credit_fraction="1/30") == set()
    assert misses(terms, hour, credit="10.00", flag="late_notice", credit_fraction="1/29") == {
        "warnings",
        "credit_fraction",
    }
    assert misses(THIRDS, hour, credit="10.00", flagged=True) == {"warnings"}


def test_only_a_hold_that_the_provider_does_not_owe_stops_the_clock() -> None:
    hold = down("10T00:00", "10T01:58")
    outage = down("10T00:00", "10T02:00")
    assert credit(TICKETS, case_with(outage, holds=[hold])) == "0.00"
    assert credit(TICKETS, case_with(outage, holds=[hold | {"owner": "provider"}])) == "30.00"
    with pytest.raises(UnableToTranslate, match="who owes"):
        judged(TICKETS, case_with(outage, holds=[hold | {"owner": "somebody"}]))


DATED = {"window": None, "monthly_charge": None, "timezone": "Europe/London"}


@pytest.mark.parametrize(
    ("entry", "more", "paid"),
    [
        (RATE, {"quarterly_charge": "58.00", "due_date": "2025-06-02", "done_date": "2025-06-09"}, "4.45"),
        (RATE, {"quarterly_charge": "58.00", "days_late": 7}, "4.45"),
        (DAYS, {"kind": "activation", "days_late": 3}, "18.30"),
        (DAYS, {"kind": "activation", "due": "2025-06-09", "done": "2025-06-12"}, "18.30"),
        (DAYS, {"kind": "repair", "fault_date": "2025-06-09", "fixed_date": "2025-06-13"}, "9.76"),
        (DAYS, {"kind": "repair", "reported_at": "2025-06-09T22:00:00+01:00", "restored": "2025-06-13"}, "9.76"),
    ],
)
def test_days_late_are_found_however_they_are_told(entry: Fields, more: Fields, paid: str) -> None:
    assert credit(entry, case_with(**DATED | more)) == paid


def test_a_case_of_days_that_tells_no_days_is_an_error_and_no_zero() -> None:
    with pytest.raises(UnableToTranslate, match="neither days late nor both days"):
        judged(DAYS, case_with(**DATED, kind="activation", wanted="2025-06-09"))
    with pytest.raises(UnableToTranslate, match="days of its quarter"):
        judged(
            {"title": "Hours", "rule": "hour_day_credit_quarter"},
            case_with(**DATED, quarterly_charge="9", fault_hours="2"),
        )


def test_a_value_that_was_not_measured_is_no_data() -> None:
    silent = {"metric": "latency_ms_monthly_mean", "target": "50", "value": None}
    assert misses(FULL_MS, case_with(measured=silent), credit=None, credit_pct=None, error="no_data") == set()


GONE = case_with(down("10T00:00", "12T16:00"))  # 64 h, paid up to 30 days


def test_what_is_not_expected_must_not_be_there() -> None:
    assert misses(CAPPED_BLOCKS, GONE, credit="300.00", days=64, capped=True) == set()
    assert misses(CAPPED_BLOCKS, GONE, credit="300.00", days=64) == {"capped"}
    assert misses(CAPPED_BLOCKS, GONE, credit="300.00", days=64, capped=None) == {"capped"}
    still_down = case_with(down("30T23:00", None))
    assert misses(CAPPED_BLOCKS, still_down, credit="10.00", provisional=True) == set()
    assert misses(CAPPED_BLOCKS, still_down, credit="10.00") == {"provisional"}


def test_undefined_is_compared_like_everything_else() -> None:
    day = case_with(A_DAY)
    fine = {"downtime_seconds": 86400, "availability_pct": "96.66666667", "credit_pct": "10", "credit": "30.00"}
    assert misses(PERCENT, day, **fine) == set()
    for key in fine:
        assert misses(PERCENT, day, **fine | {key: None}) == {key}
    assert misses(PERCENT, day, **fine, mood="bad") == {"mood"}


def test_a_refusal_has_to_have_the_expected_name() -> None:
    backwards = case_with(down("10T10:00", "10T09:00"))
    refused = {"downtime_seconds": None, "availability_pct": None, "credit": None}
    assert misses(PERCENT, backwards, **refused, error="outage_end_before_start") == set()
    for name in ("negative_duration", "tier_gap", "some_reason"):
        assert misses(PERCENT, backwards, **refused, error=name) == {"error"}
    assert misses(PERCENT, backwards, **refused) == {"error"}
    assert misses(PERCENT, case_with(A_DAY), credit=None, error="tier_gap") == {"credit", "error"}


def test_a_percentage_that_never_ends_may_be_printed_rounded_and_no_other() -> None:
    hour = case_with(down("10T00:00", "10T01:00"))
    assert misses(THIRDS, hour, credit="10.00", credit_pct=None) == set()
    assert misses(THIRDS, hour, credit="10.00", credit_pct="3.33") == set()
    assert misses(THIRDS, hour, credit="10.00", credit_pct="3.33333333") == set()
    assert misses(THIRDS, hour, credit="10.00", credit_pct="3") == {"credit_pct"}
    assert misses(THIRDS, hour, credit="10.00", credit_pct="3.34") == {"credit_pct"}
    assert misses(PERCENT, case_with(A_DAY), credit="30.00", credit_pct="10.0") == set()


def test_a_late_claim_or_ticket_forfeits_the_credit_and_hides_no_downtime() -> None:
    late = down("10T00:00", "10T01:00", ticket_opened="2025-04-13T00:00:01+00:00")
    assert misses(CAPPED_BLOCKS, case_with(late), downtime_seconds=3600, credit="0.00") == set()
    assert misses(CAPPED_BLOCKS, case_with(late), credit=None, error="ticket_late") == set()
    assert misses(CAPPED_BLOCKS, case_with(late), credit=None, error="claim_late") == {"error", "credit"}
    claimed = case_with(down("10T00:00", "10T01:00"), claim_date=f"{date(2025, 5, 11)}")
    assert misses(CAPPED_BLOCKS, claimed, downtime_seconds=3600, days=1, credit=None, error="claim_too_late") == set()
    assert misses(CAPPED_BLOCKS, claimed, downtime_seconds=3600, days=1, credit="10.00") == {"credit"}
