"""Hours that begin or end at a local time that the clocks skip: each minute is asked what a clock on the wall shows."""

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import BusinessCalendar, calendar_window
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.service_hours import Opening, service_time
from tests.domain.sla.drawn_changes import CHANGES, at_a_change
from tests.domain.sla.drawn_contracts import draw_contract
from tests.domain.sla.make import at, contract, euros, facts, first, judge, objective, outage
from tests.domain.sla.oracle.against import same_result
from tests.service_hours import DAYS
from tests.spread import spread

changes = st.sampled_from(sorted(CHANGES))
clocks = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")


@cache
def around(zone: str) -> tuple[list[datetime], datetime, datetime]:
    """Return the minutes of three days around the change of the zone, and their ends."""
    start, end = CHANGES[zone] - timedelta(hours=36), CHANGES[zone] + timedelta(hours=36)
    return [start + timedelta(minutes=number) for number in range(72 * 60)], start, end


@cache
def shown(moment: datetime, zone: str) -> tuple[str, str, str]:
    """Return the weekday, the one before it, and what the clock shows."""
    local = moment.astimezone(ZoneInfo(zone))
    return DAYS[local.weekday()], DAYS[local.weekday() - 1], f"{local:%H:%M}"


@settings(max_examples=200)
@given(changes, st.sets(st.sampled_from(DAYS), min_size=1), clocks, st.one_of(clocks, st.just("24:00")))
def test_service_hours_are_what_a_clock_on_the_wall_shows(zone: str, days: set[str], opens: str, closes: str) -> None:
    minutes, start, end = around(zone)
    found = service_time(
        (Opening(days=tuple(days), opens=opens, closes=closes),),
        BusinessCalendar(),
        zone,
        (to_seconds(start), to_seconds(end)),
    )
    inside = {second for low, high in found for second in range(low, high, 60)}
    seen = ((to_seconds(moment), shown(moment, zone)) for moment in minutes)
    assert inside == {second for second, (today, _, clock) in seen if today in days and opens <= clock < closes}
    assert all(second % 60 == 0 for span in found for second in span)


@pytest.mark.more
@settings(max_examples=40)
@given(changes, st.sets(st.sampled_from(DAYS), min_size=1), clocks, st.one_of(clocks, st.just("24:00")))
def test_recurring_work_is_what_a_clock_on_the_wall_shows(zone: str, days: set[str], starts: str, ends: str) -> None:
    minutes, start, end = around(zone)
    work = {"days": sorted(days), "starts": starts, "ends": ends}
    terms = contract(objective(target="99.9"), maintenance={"recurring": [work]}, zone=zone)
    windows = {
        calendar_window("month", zone, moment).start: calendar_window("month", zone, moment) for moment in minutes
    }
    down = outage(f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}")
    counted = sum(first(terms, facts(down), window=one, as_of=end).counted_seconds or 0 for one in windows.values())
    assert counted == 60 * sum(not is_work(shown(moment, zone), days, starts, ends) for moment in minutes)


def is_work(seen: tuple[str, str, str], days: set[str], starts: str, ends: str) -> bool:
    today, before, clock = seen
    if starts < ends:
        return today in days and starts <= clock < ends
    return (today in days and clock >= starts) or (before in days and clock < ends)


MARCH = calendar_window("month", "Europe/Berlin", at("2026-03-10"))


@pytest.mark.parametrize(
    ("days", "starts", "ends", "down"),
    [
        ("sat", "22:00", "02:00", ("2026-03-29 00:00", "2026-03-29 01:00")),  # to the change, 01:00 UTC
        ("sun", "00:00", "02:30", ("2026-03-29 00:00", "2026-03-29 01:00")),
        ("sun", "02:30", "04:00", ("2026-03-29 01:00", "2026-03-29 02:00")),  # from the change, 03:00 by the clock
    ],
)
def test_planned_work_up_to_or_from_a_skipped_hour_owes_nothing(
    days: str, starts: str, ends: str, down: tuple[str, str]
) -> None:
    work: dict[str, Any] = {"days": [days], "starts": starts, "ends": ends}
    terms = contract(objective(target="99.9"), maintenance={"recurring": [work]}, zone="Europe/Berlin")
    found = judge(terms, facts(outage(*down)), window=MARCH, as_of=MARCH.end)
    assert (found.objectives[0].counted_seconds, found.credit_due) == (0, euros("0.00"))
    longer = facts(outage("2026-03-28 12:00", "2026-03-29 12:00"))
    hours = {"22:00": 4, "00:00": 2, "02:30": 1}[starts]
    assert first(terms, longer, window=MARCH).counted_seconds == (24 - hours) * 3600


def test_service_hours_up_to_a_skipped_hour_are_whole() -> None:
    terms = contract(
        objective(),
        zone="Europe/Berlin",
        counting={"service_hours": [{"days": ["sun"], "opens": "00:00", "closes": "02:00"}]},
    )
    assert first(terms, facts(), window=MARCH).total_seconds == 5 * 2 * 3600


def test_a_change_of_the_clocks_is_at_each_of_these_moments() -> None:
    for zone, moment in CHANGES.items():
        before, after = (
            (moment + timedelta(seconds=s)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for s in (-1, 0)
        )
        assert after - before > timedelta(seconds=1), zone
        assert moment.tzinfo is UTC


def same(seed: int) -> bool:
    """Judge a contract that was drawn, with hours around a change of the clocks, in both ways."""
    r = Random(seed)  # noqa: S311 - a seeded sample
    terms, facts_, moment = at_a_change(r, draw_contract(r))
    return bool(terms["objectives"]) and same_result(terms, facts_, moment)


@pytest.mark.parametrize("seed", spread(range(0, 60, 10), every=2))
def test_contracts_with_hours_around_a_change_pay_what_an_independent_reading_pays(seed: int) -> None:
    assert sum(same(number) for number in range(seed, seed + 10)) > 3


@pytest.mark.more
@pytest.mark.parametrize("seed", range(1000, 1300, 50))
def test_many_contracts_with_hours_around_a_change_pay_what_an_independent_reading_pays(seed: int) -> None:
    assert sum(same(number) for number in range(seed, seed + 50)) > 25
