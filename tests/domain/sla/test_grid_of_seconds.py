"""Months with a change of the clocks, counted second by second."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import MaintenanceWindow, Outage
from include.sla_logic.domain.period import Period
from tests.domain.sla.make import at, contract, facts, judge, objective

CHANGES = [
    ("Europe/London", "2025-03-30 01:00"),
    ("Europe/London", "2025-10-26 01:00"),
    ("Australia/Lord_Howe", "2025-04-05 15:00"),
    ("Australia/Lord_Howe", "2025-10-04 15:30"),
    ("America/St_Johns", "2024-02-29 03:30"),
    ("Etc/GMT-14", "2025-04-10 10:00"),
    ("Etc/GMT+12", "2025-04-10 12:00"),
]
near = st.lists(st.tuples(st.integers(-50_000, 50_000), st.integers(0, 9_000)), max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(CHANGES), near, near)
def test_seconds_days_and_hours_agree_with_a_grid_of_seconds_around_a_change_of_the_clocks(
    change, down, planned
) -> None:
    zone, moment = change[0], at(change[1])
    month = calendar_window("month", zone, moment)
    offset, grid = int((moment - month.start).total_seconds()), np.zeros(month.seconds, dtype=bool)
    for stretches, state in ((down, True), (planned, False)):
        for start, length in stretches:
            grid[max(0, offset + start) : max(0, offset + start + length)] = state
    known = facts(
        *(Outage(reference=f"O{i}", start=moment + _s(s), end=moment + _s(s + n)) for i, (s, n) in enumerate(down)),
        maintenance=[
            MaintenanceWindow(reference=f"M{i}", start=moment + _s(s), end=moment + _s(s + n))
            for i, (s, n) in enumerate(planned)
        ],
    )
    terms = contract(
        objective(),
        objective({"kind": "share_per_day", "share": "1/30", "outage": {"at_least": "1 h"}}, id="days"),
        objective({"kind": "hour_waiver", "downtime": {"more_than": "6 min"}}, id="hours"),
        zone=zone,
    )
    found = judge(terms, known, window=month, as_of=month.end)
    assert found.objectives[0].counted_seconds == int(grid.sum())
    assert found.objectives[1].days == _days(grid, month, ZoneInfo(zone))
    assert found.objectives[2].waived_hours == _hours(grid, month, ZoneInfo(zone))


def _s(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _days(grid: Any, month: Period, zone: ZoneInfo) -> int:
    """Count local days with an unbroken hour of downtime, second by second."""
    found, run, before = set(), 0, None
    for second in np.flatnonzero(grid).tolist():
        day = (month.start + _s(second)).astimezone(zone).date()
        run = run + 1 if before == (day, second - 1) else 1
        before = (day, second)
        if run >= 3600:
            found.add(day)
    return len(found)


def _hours(grid: Any, month: Period, zone: ZoneInfo) -> int:
    """Count clock hours with more than six minutes of downtime; the hour that comes twice is two hours."""
    hours: dict[tuple[Any, ...], int] = defaultdict(int)
    for second in np.flatnonzero(grid).tolist():
        local = (month.start + _s(second)).astimezone(zone)
        hours[local.date(), local.hour, local.utcoffset()] += 1
    return sum(seconds > 360 for seconds in hours.values())
