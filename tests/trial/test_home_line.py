"""One real home line, told as up and down intervals in local time without a zone."""

import csv
import gzip
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from include.sla_logic.domain.calendars import calendar_window, find_zone
from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.measurements import LineState, ServiceFacts, StateChange, from_state_changes
from include.sla_logic.domain.sla import SlaComparison, compare
from tests.domain.sla.make import DURATION_TIERS, facts, objective, text_of

ZONE = find_zone("America/Toronto")  # the operator's; the source names none
Interval = tuple[str, datetime, int]


@pytest.fixture(scope="module")
def intervals(shared_data: Path) -> list[Interval]:
    with gzip.open(shared_data / "home_line_updown" / "intervals_dev.csv.gz", "rt", encoding="utf-8") as lines:
        return [
            (row["state"], datetime.fromisoformat(row["start_local"]).replace(tzinfo=ZONE), int(row["duration_s"]))
            for row in csv.DictReader(lines)
        ]


def facts_of(intervals: list[Interval]) -> ServiceFacts:
    """Before the first and after the last interval nobody watched."""
    changes = [StateChange(at=start, state=LineState(state)) for state, start, _length in intervals]
    _state, start, length = intervals[-1]
    changes.append(StateChange(at=start + timedelta(seconds=length), state=LineState.UNKNOWN))
    outages, _unknown = from_state_changes(changes, source="home line")
    return facts(*outages)


def judge(known: ServiceFacts, month: str, *, shortest: str | None = None) -> SlaComparison:
    counting = {} if shortest is None else {"counting": {"shortest": {"at_least": shortest}}}
    terms = read_contract(text_of(objective(DURATION_TIERS), zone=str(ZONE), **counting), name="home.yaml")
    window = calendar_window("month", str(ZONE), datetime.fromisoformat(f"{month}-15T12:00:00+00:00"))
    return compare(terms, known, window=window, as_of=datetime.fromisoformat("2023-09-01T00:00:00+00:00"))


def test_every_down_interval_is_one_outage_of_its_recorded_length(intervals: list[Interval]) -> None:
    known = facts_of(intervals)
    down = [length for state, _start, length in intervals if state == "down"]
    assert len(known.outages) == len(down) == 555
    assert [(o.end - o.start).total_seconds() for o in known.outages if o.end is not None] == down


def test_the_downtime_of_each_month_is_the_sum_of_its_seconds(intervals: list[Interval]) -> None:
    known = facts_of(intervals)
    seconds: Counter[str] = Counter()
    for state, start, length in intervals:
        if state == "down":  # no interval of this line runs over the end of a month
            end = start + timedelta(seconds=length - 1)
            assert f"{start:%Y-%m}" == f"{end.astimezone(ZONE):%Y-%m}"
            seconds[f"{start:%Y-%m}"] += length
    assert len(seconds) == 5
    for month, expected in seconds.items():
        assert judge(known, month).objectives[0].counted_seconds == expected


def test_many_short_drops_are_the_greater_part_that_a_shortest_length_leaves_out(intervals: list[Interval]) -> None:
    known = facts_of(intervals)
    every, long = judge(known, "2023-05"), judge(known, "2023-05", shortest="5 min")
    assert (long.objectives[0].counted_seconds or 0) < (every.objectives[0].counted_seconds or 0)
    dropped = [i for i in long.objectives[0].intervals if i.kind == "excluded"]
    assert dropped
    assert all(interval.seconds < 300 and "too short" in interval.why for interval in dropped)
    total = (long.objectives[0].counted_seconds or 0) + long.objectives[0].excluded_seconds
    assert total == every.objectives[0].counted_seconds
