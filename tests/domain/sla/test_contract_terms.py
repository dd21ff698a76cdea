"""Windows from any month, least credits, units of credits, and objectives that count in their own way."""

from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.measurements import Attribution, MaintenanceWindow
from include.sla_logic.domain.period import from_seconds
from tests.domain.sla.make import at, contract, euros, facts, judge, objective, outage, text_of


def by_hand(kind: str, day: date, billing_day: int, first_month: int) -> tuple[date, date]:
    """Try every first day of a window around the day."""
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    starts = [
        date(year, month, billing_day)
        for year in range(day.year - 2, day.year + 3)
        for month in range(1, 13)
        if (month - first_month) % months == 0
    ]
    begin = max(start for start in starts if start <= day)
    return begin, min(start for start in starts if start > day)


@given(
    st.sampled_from(["month", "quarter", "year"]),
    st.integers(946_684_800, 2_208_988_800),
    st.integers(1, 28),
    st.integers(1, 12),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12"]),
)
def test_windows_begin_in_any_month(kind: str, second: int, billing_day: int, first: int, zone: str) -> None:
    instant = from_seconds(second)
    found = calendar_window(kind, zone, instant, billing_day=billing_day, first_month=first)
    local = ZoneInfo(zone)
    days = found.start.astimezone(local).date(), found.end.astimezone(local).date()
    assert days == by_hand(kind, instant.astimezone(local).date(), billing_day, first)
    assert found.contains(instant)


def test_a_fiscal_quarter_begins_in_february() -> None:
    terms = contract(window="quarter", first_month=2)
    assert terms.window_at(at("2025-04-30 23:59")).end == at("2025-05-01 00:00")
    assert terms.window_at(at("2025-01-31 00:00")).start == at("2024-11-01 00:00")


ONE_PERCENT = {"kind": "credit", "block": "1 h", "counts": "full", "rate": "1%"}  # 1 EUR for each hour


@pytest.mark.parametrize(
    ("hours", "least", "credit"),
    [
        (1, {"more_than": 1}, "0.00"),
        (2, {"more_than": 1}, "2.00"),
        (1, {"at_least": 1}, "1.00"),
        (1, {"at_least": "1.01"}, "0.00"),
        (0, {"at_least": 1}, "0.00"),
    ],
)
def test_a_credit_up_to_an_amount_is_not_paid(hours: int, least: dict[str, object], credit: str) -> None:
    terms = contract(objective(ONE_PERCENT), least_credit=least)
    found = judge(terms, facts(outage("2025-04-10 00:00", f"2025-04-10 {hours:02}:00")))
    assert found.credit_due == euros(credit)
    assert bool(hours and credit == "0.00") == any("nothing is paid" in step for step in found.credit_steps)


@pytest.mark.parametrize(
    ("units", "cap", "credit"),
    [
        ({"unit": 2}, "100%", "4.00"),  # 3.00: half up
        ({"unit": 2, "rounded": "up"}, "100%", "4.00"),
        ({"unit": 2, "rounded": "down"}, "100%", "2.00"),
        ({"unit": 5, "rounded": "up"}, "4%", "4.00"),  # never above the cap
        ({"unit": 5, "rounded": "down"}, "100%", "0.00"),
        ({"unit": "0.05"}, "100%", "3.00"),
    ],
)
def test_a_credit_is_paid_in_whole_units(units: dict[str, object], cap: str, credit: str) -> None:
    terms = contract(objective(ONE_PERCENT), credit_units=units, cap={"share": cap})
    found = judge(terms, facts(outage("2025-04-10 00:00", "2025-04-10 03:00")))
    assert found.credit_due == euros(credit)


@given(st.integers(0, 10**7), st.integers(1, 500), st.sampled_from(["half_up", "up", "down"]))
def test_units_hold_for_any_amount(seconds: int, cents: int, rounded: str) -> None:
    unit = Fraction(cents, 100)
    terms = contract(
        objective({"kind": "credit", "rate": "pro_rata"}),
        credit_units={"unit": f"{cents / 100:.2f}", "rounded": rounded},
    )
    down = outage("2025-04-01 00:00", None).model_copy(
        update={"end": at("2025-04-01 00:00") + timedelta(seconds=seconds)}
    )
    paid = judge(terms, facts(down)).credit_due
    assert paid is not None
    exact = Fraction(100 * min(seconds, 2_592_000), 2_592_000)
    parts = exact / unit
    whole = {"up": -(-parts // 1), "down": parts // 1, "half_up": (2 * parts + 1) // 2}[rounded]
    assert paid.exact == whole * unit


def test_one_objective_counts_storms_at_another_rate_than_the_other_counts_faults() -> None:
    fault = objective({"kind": "credit", "block": "1 h", "rate": "2%"}) | {"id": "fault"}
    storm = objective({"kind": "credit", "block": "1 h", "rate": "1%"}) | {
        "id": "storm",
        "counting": {"attributions": ["force_majeure"], "shortest": {"at_least": "2 h"}},
    }
    terms = contract(fault, storm, counting={"shortest": {"at_least": "1 h"}})
    known = facts(
        outage("2025-04-03 08:00", "2025-04-03 10:00", "A"),
        outage("2025-04-04 08:00", "2025-04-04 11:00", "B", attribution=Attribution.FORCE_MAJEURE),
        outage("2025-04-05 08:00", "2025-04-05 09:30", "C", attribution=Attribution.FORCE_MAJEURE),
    )
    found = judge(terms, known)
    assert [str(one.credit) for one in found.objectives] == ["4.00 EUR", "3.00 EUR"]
    assert [one.counted_seconds for one in found.objectives] == [7200, 10_800]
    assert found.credit_due == euros("7.00")


def test_one_objective_counts_planned_work_that_the_other_leaves_out() -> None:
    strict = objective() | {"id": "strict", "maintenance": {"excluded": False}}
    work = MaintenanceWindow(reference="M", start=at("2025-04-03 08:00"), end=at("2025-04-03 09:00"))
    known = facts(outage("2025-04-03 08:00", "2025-04-03 10:00"), maintenance=(work,))
    found = judge(contract(objective(), strict, maintenance={"notice": None}), known)
    assert [one.counted_seconds for one in found.objectives] == [3600, 7200]


def test_the_clock_of_one_objective_starts_with_the_report() -> None:
    reported = objective() | {"id": "reported", "counting": {"clock_start": "reported"}}
    known = facts(outage("2025-04-03 08:00", "2025-04-03 10:00", reported_at=at("2025-04-03 09:00")))
    found = judge(contract(objective(), reported), known)
    assert [one.counted_seconds for one in found.objectives] == [7200, 3600]


@pytest.mark.parametrize(
    "fields",
    [
        {"first_month": 13},
        {"least_credit": {}},
        {"least_credit": {"more_than": 1, "at_least": 1}},
        {"credit_units": {"unit": 0}},
        {"credit_units": {"unit": 1, "rounded": "half_even"}},
    ],
)
def test_terms_that_say_nothing_are_refused(fields: dict[str, object]) -> None:
    assert check_contract(text_of(objective(), **fields), name="k")[0] is None
