"""Planned work that recurs on weekdays and months, and the allowance beyond which planned work counts."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.measurements import MaintenanceWindow, Outage
from include.sla_logic.domain.period import from_seconds
from tests.domain.sla.make import APRIL, at, contract, facts, first, objective, outage, text_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SUNDAYS = {"recurring": [{"days": ["sun"], "starts": "02:00", "ends": "06:00"}]}


def counted(planned: dict[str, Any], *outages: Outage, zone: str = "UTC", **fields: Any) -> int:
    terms = contract(objective(target="99.9"), maintenance=planned, zone=zone)
    return first(terms, facts(*outages, **fields), window=fields.pop("window", APRIL)).counted_seconds or 0


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2025-04-06 02:00", "2025-04-06 06:00", 0),  # a Sunday
        ("2025-04-06 01:00", "2025-04-06 07:00", 2),
        ("2025-04-07 02:00", "2025-04-07 06:00", 4),
        ("2025-04-05 00:00", "2025-04-21 00:00", 16 * 24 - 3 * 4),
    ],
)
def test_the_window_of_every_sunday_is_left_out_without_notice(start: str, end: str, hours: int) -> None:
    assert counted(SUNDAYS | {"notice": "7 d"}, outage(start, end)) == hours * 3600


def test_a_window_past_midnight_ends_on_the_next_day_and_months_are_those_of_its_start() -> None:
    night = {"recurring": [{"days": ["mon"], "starts": "22:00", "ends": "02:00", "months": [3]}]}
    across = outage("2025-03-31 20:00", "2025-04-01 04:00")  # a Monday in March
    assert counted(night, across) == 2 * 3600
    assert counted(night, outage("2025-04-07 22:00", "2025-04-08 02:00")) == 4 * 3600


def test_an_announced_window_is_left_out_beside_the_recurring_one() -> None:
    work = MaintenanceWindow(reference="M", start=at("2025-04-07 02:00"), end=at("2025-04-07 03:00"))
    assert counted(SUNDAYS, outage("2025-04-06 00:00", "2025-04-07 04:00"), maintenance=(work,)) == (28 - 4 - 1) * 3600


def test_work_that_the_contract_counts_does_not_recur() -> None:
    assert counted(SUNDAYS | {"excluded": False}, outage("2025-04-06 02:00", "2025-04-06 06:00")) == 4 * 3600


@settings(max_examples=80)
@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.tuples(st.integers(0, 23), st.integers(0, 23)),
    st.sets(st.integers(1, 12), max_size=4),
    st.lists(st.tuples(st.integers(-60, 4 * 24 * 31), st.integers(0, 200)), max_size=3),
    st.sampled_from(["2025-03-10", "2025-04-10", "2025-10-10"]),
)
def test_recurring_work_agrees_with_the_clock_on_the_wall(
    zone: str, days: set[str], clock: tuple[int, int], months: set[int], down: list[tuple[int, int]], month: str
) -> None:
    """Ask each quarter of an hour what a clock of the zone shows; days with a change of the clocks are left alone."""
    window = calendar_window("month", zone, at(month))
    work = {"days": sorted(days), "starts": f"{clock[0]:02}:00", "ends": f"{clock[1]:02}:00", "months": sorted(months)}
    quarters = {q for start, length in down for q in range(start, start + length)}
    changed = {day for day in _days(window.start, window.end, zone) if _changes(day, zone)}
    expected = 0
    for quarter in sorted(quarters):
        moment = window.start + timedelta(minutes=15 * quarter)
        local = moment.astimezone(ZoneInfo(zone))
        if local.date() in changed:
            return
        if window.start <= moment < window.end and not _is_work(local, days, clock, months):
            expected += 900
    known = []
    for number, (begin, length) in enumerate(down):
        ends = (from_seconds(window.span[0] + 900 * quarter) for quarter in (begin, begin + length))
        known.append(Outage(reference=f"O{number}", start=next(ends), end=next(ends)))
    terms = contract(objective(target="99.9"), maintenance={"recurring": [work]}, zone=zone)
    assert first(terms, facts(*known), window=window).counted_seconds == expected


def _days(start: datetime, end: datetime, zone: str) -> list[date]:
    first_ = start.astimezone(ZoneInfo(zone)).date() - timedelta(days=3)
    return [first_ + timedelta(days=number) for number in range((end - start).days + 8)]


def _changes(day: date, zone: str) -> bool:
    noons = [datetime.combine(day + timedelta(days=n), time(12), ZoneInfo(zone)).astimezone(UTC) for n in (-1, 1)]
    return noons[1] - noons[0] != timedelta(days=2)


def _is_work(local: datetime, days: set[str], clock: tuple[int, int], months: set[int]) -> bool:
    starts, ends = clock
    begun = local.date() if starts < ends or local.hour >= starts else local.date() - timedelta(days=1)
    inside = starts <= local.hour < ends if starts < ends else (local.hour >= starts or local.hour < ends)
    return inside and DAYS[begun.weekday()] in days and (not months or begun.month in months)


def works(*hours: str) -> tuple[MaintenanceWindow, ...]:
    return tuple(
        MaintenanceWindow(reference=f"M{i}", start=at(hour), end=at(hour) + timedelta(hours=4))
        for i, hour in enumerate(hours)
    )


def test_planned_work_beyond_the_allowance_of_the_month_counts_in_the_order_of_time() -> None:
    down = [outage(f"2025-04-{day:02} 02:00", f"2025-04-{day:02} 06:00", f"O{day}") for day in (3, 10, 17)]
    planned = works("2025-04-03 02:00", "2025-04-10 02:00", "2025-04-17 02:00")
    terms = contract(objective(target="99.9"), maintenance={"allowance": "6 h"})
    found = first(terms, facts(*down, maintenance=planned))
    assert found.counted_seconds == 6 * 3600
    assert [i.start for i in found.intervals if i.kind == "counted"] == [at("2025-04-10 04:00"), at("2025-04-17 02:00")]
    assert any("6 h of planned work beyond the 6 h allowed count" in warning for warning in found.warnings)
    assert counted({"allowance": "12 h"}, *down, maintenance=planned) == 0


def test_the_allowance_of_a_year_is_used_up_by_earlier_months_and_covers_recurring_work() -> None:
    march = outage("2025-03-02 02:00", "2025-03-02 06:00", "MARCH")
    april = outage("2025-04-06 02:00", "2025-04-06 06:00", "APRIL")
    yearly = SUNDAYS | {"allowance": "5 h", "allowance_over": "year"}
    assert counted(yearly, march, april) == 3 * 3600
    assert counted(yearly, april) == 0


def test_work_outside_the_service_hours_uses_up_no_allowance() -> None:
    planned = works("2025-04-03 02:00", "2025-04-10 02:00")
    down = [outage(f"2025-04-{day:02} 02:00", f"2025-04-{day:02} 06:00", f"O{day}") for day in (3, 10)]
    hours = {"service_hours": [{"days": ["thu"], "opens": "04:00", "closes": "24:00"}]}
    for allowance, seconds in (("4 h", 0), ("3 h", 3600)):
        terms = contract(objective(target="99.9"), maintenance={"allowance": allowance}, counting=hours)
        assert first(terms, facts(*down, maintenance=planned)).counted_seconds == seconds


def test_work_recurs_as_long_as_the_clock_of_an_outage_runs() -> None:
    """The outage lasts an hour, its ticket from Saturday evening to Monday evening."""
    closed = {"ticket_opened_at": at("2025-04-05 20:00"), "ticket_closed_at": at("2025-04-07 20:00")}
    short = outage("2025-04-05 20:00", "2025-04-05 21:00", **closed)
    early = outage("2025-04-06 07:00", "2025-04-06 08:00", detected_at=at("2025-04-06 05:00"))
    for clock, down, hours, left in (("clock_stop", short, 48, 44), ("clock_start", early, 3, 2)):
        counting = {clock: {"clock_stop": "ticket_closed", "clock_start": "detected"}[clock]}
        for planned, seconds in (({}, hours * 3600), (SUNDAYS, left * 3600)):
            terms = contract(objective(target="99.9"), maintenance=planned, counting=counting)
            assert first(terms, facts(down)).counted_seconds == seconds


@pytest.mark.parametrize(
    "work",
    [
        {"days": [], "starts": "02:00", "ends": "06:00"},
        {"days": ["sunday"], "starts": "02:00", "ends": "06:00"},
        {"days": ["sun"], "starts": "2:00", "ends": "06:00"},
        {"days": ["sun"], "starts": "02:00", "ends": "25:00"},
        {"days": ["sun"], "starts": "02:00", "ends": "06:00", "months": [13]},
    ],
)
def test_a_window_that_no_clock_shows_is_refused(work: dict[str, Any]) -> None:
    assert check_contract(text_of(maintenance={"recurring": [work]}), name="k")[0] is None
