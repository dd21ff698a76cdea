"""Rights to leave after rolling sums of downtime and after missed windows."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.measurements import (
    AgreedTime,
    Delay,
    ErrorIntervals,
    EventCredit,
    MaintenanceWindow,
    Outage,
    Reading,
    Restoration,
    SampleSeries,
)
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import SlaComparison
from tests.domain.sla.make import APRIL, at, contract, facts, judge, objective, outage, text_of

ROLLING = {"total": {"more_than": "24 h"}, "total_within_days": 30, "notice_days": 30}


def chronic(clause: dict[str, Any], *outages: Outage, window: Period = APRIL, **fields: Any) -> Any:
    as_of = fields.pop("as_of", None)
    found: SlaComparison = judge(
        contract(objective(target="99.9"), chronic=clause), facts(*outages, **fields), window=window, as_of=as_of
    )
    return found.chronic


def test_a_rolling_sum_reaches_over_the_edge_of_the_month() -> None:
    march = outage("2025-03-20 00:00", "2025-03-20 12:00", "A")
    april = outage("2025-04-10 00:00", "2025-04-10 12:00:01", "B")
    found = chronic(ROLLING, march, april)
    assert (found.state, found.references) == ("reached", ("A", "B"))
    assert found.notice_until == at("2025-05-11 00:00")
    exactly = outage("2025-04-10 00:00", "2025-04-10 12:00")
    assert chronic(ROLLING, march, exactly, as_of=at("2025-04-11")).state == "one_event_before"
    assert chronic(ROLLING, march, exactly).state == "none"  # at the end of April, A is too long ago
    late = outage("2025-04-19 12:00", "2025-04-20 00:00:01")  # the last second of A is 30 days before
    assert chronic(ROLLING, march, late).state != "reached"


def test_a_rolling_right_of_an_earlier_window_is_not_found_again() -> None:
    march = outage("2025-03-20 00:00", "2025-03-21 12:00", "A")
    assert chronic(ROLLING, march).state != "reached"
    assert chronic(ROLLING, march, window=calendar_window("month", "UTC", at("2025-03-05"))).state == "reached"


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-40, 29), st.integers(0, 23), st.integers(1, 40)), max_size=6),
    st.integers(1, 20),
    st.integers(5, 40),
)
def test_rolling_sums_agree_with_a_counter_of_hours(down: list[tuple[int, int, int]], days: int, hours: int) -> None:
    start = APRIL.start
    spans = [(24 * day + hour, 24 * day + hour + length) for day, hour, length in down]
    known = [
        Outage(reference=f"O{i}", start=start + timedelta(hours=a), end=start + timedelta(hours=b))
        for i, (a, b) in enumerate(spans)
    ]
    cells = {hour for a, b in spans for hour in range(a, b)}
    reached = any(
        sum(hour in cells for hour in range(end - 24 * days, end)) >= hours and end - 1 in cells
        for end in range(1, APRIL.seconds // 3600 + 1)
    )
    clause = {"total": {"at_least": f"{hours} h"}, "total_within_days": days}
    assert (chronic(clause, *known).state == "reached") == reached


def missed_month(month: int, reference: str = "") -> Outage:
    return outage(f"2025-{month:02}-10 00:00", f"2025-{month:02}-10 05:00", reference or f"M{month}")


@pytest.mark.parametrize(
    ("clause", "months", "state", "left"),
    [
        ({"windows": 3}, (2, 3, 4), "reached", 0),
        ({"windows": 3}, (1, 2, 4), "none", 2),
        ({"windows": 3}, (3, 4), "one_event_before", 1),
        ({"windows": 3}, (1, 2, 3), "none", 3),  # a kept month ends the row; it was reached in March
        ({"windows": 2, "within": 4}, (1, 4), "reached", 0),
        ({"windows": 2, "within": 4}, (4,), "one_event_before", 1),
        ({"windows": 3, "within": 6, "objective": "availability"}, (1, 4), "one_event_before", 1),
        ({"windows": 1}, (4,), "reached", 0),
        ({"windows": 1}, (), "none", 1),
    ],
)
def test_missed_windows_in_a_row_or_within_so_many(
    clause: dict[str, Any], months: tuple[int, ...], state: str, left: int
) -> None:
    found = chronic({"missed": clause}, *(missed_month(month) for month in months))
    assert (found.state, found.events_left) == (state, left), found.reason


def test_a_running_window_that_may_still_be_missed_is_announced() -> None:
    found = chronic({"missed": {"windows": 3}}, missed_month(2), missed_month(3), as_of=at("2025-04-05"))
    assert (found.state, found.events_left) == ("one_event_before", 1)


@settings(max_examples=40)
@given(st.sets(st.integers(1, 12)), st.integers(1, 4), st.integers(0, 3), st.integers(5, 12))
def test_missed_windows_agree_with_a_list_of_months(months: set[int], count: int, more: int, judged: int) -> None:
    clause = {"missed": {"windows": count, "within": count + more}}
    window = calendar_window("month", "UTC", at(f"2025-{judged:02}-10"))
    last = [judged - number in months for number in range(count + more) if judged - number >= 1]
    reached = last[0] and sum(last) >= count
    known = [missed_month(month) for month in months if month <= judged]
    assert (chronic({"missed": clause["missed"]}, *known, window=window).state == "reached") == reached


MISSED = {"kind": "share_when_missed", "credit": "1%"}


def test_a_window_without_data_is_named_and_counts_as_neither() -> None:
    about = {"id": "loss", "metric": "packet_loss", "target": "0.1", "rule": MISSED}
    days = [900] * 59  # 0.9 % on every day of March and April
    place = {"metric": "packet_loss", "unit": "percent", "start": at("2025-03-01 00:00"), "step_seconds": 86_400}
    lossy = SampleSeries(**place, values=days)
    found = judge(contract(about, chronic={"missed": {"windows": 3}}), facts(series=[lossy])).chronic
    assert found is not None
    assert found.state == "one_event_before"
    assert "not known: the windows from 2025-02-01" in found.reason


def test_windows_before_the_first_agreement_are_not_missed_and_changes_of_agreement_do_not_matter() -> None:
    agreed = [
        AgreedTime(start=at("2025-03-01 00:00"), end=at("2025-04-01 00:00"), judged=False),
        AgreedTime(start=at("2025-04-01 00:00")),
    ]
    down = [missed_month(month) for month in (2, 3, 4)]
    assert chronic({"missed": {"windows": 2}}, *down, agreements=agreed).state == "reached"
    assert chronic({"missed": {"windows": 3}}, *down, agreements=agreed).state == "one_event_before"


def test_an_objective_of_its_own_is_meant_where_it_is_named() -> None:
    latency = {"id": "latency", "metric": "latency", "target": "50", "rule": MISSED}
    terms = contract(objective(target="99.9"), latency, chronic={"missed": {"windows": 1, "objective": "latency"}})
    known = facts(missed_month(4), readings=[Reading(metric="latency", value="49", unit="ms")])
    found = judge(terms, known).chronic
    assert found is not None
    assert found.state == "none"


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ({}, "a right to leave needs"),
        ({"count": 3}, "belong together"),
        ({"within_days": 30}, "belong together"),
        ({"count": 3, "within_days": 30, "total_within_days": 30}, "needs a total"),
        ({"missed": {"windows": 3, "within": 2}}, "do not fit"),
        ({"missed": {"windows": 3, "objective": "nothing"}}, "no objective nothing"),
    ],
)
def test_a_clause_that_cannot_be_meant_is_refused(clause: dict[str, Any], said: str) -> None:
    findings = check_contract(text_of(objective(target="99.9"), chronic=clause), name="k")[1]
    assert any(finding.level == "refuses" and said in finding.text for finding in findings), findings


def test_missed_windows_of_an_objective_without_a_target_are_refused() -> None:
    text = text_of(objective(), chronic={"missed": {"windows": 3, "objective": "availability"}})
    assert any(f.code == "missing_target" and f.level == "refuses" for f in check_contract(text, name="k")[1])


COUNTED = {"count": 3, "within_days": 30, "outage": {"at_least": "30 min"}}


def test_closed_hours_and_planned_work_inside_an_outage_do_not_make_it_several() -> None:
    """From Monday 12:00 to Thursday 12:00: four days of service hours, and an hour of work in the first."""
    work = MaintenanceWindow(
        reference="W", start=at("2025-04-07 13:00"), end=at("2025-04-07 14:00"), announced_at=at("2025-04-01")
    )
    long, hours = outage("2025-04-07 12:00", "2025-04-10 12:00", "A"), {"opens": "09:00", "closes": "17:00"}
    others = [outage(f"2025-04-{day} 10:00", f"2025-04-{day} 10:30", f"B{day}") for day in (14, 15)]

    def state(*known: Outage, **clause: Any) -> tuple[str, int | None]:
        terms = contract(objective(target="99.9"), chronic=COUNTED | clause, counting={"service_hours": [hours]})
        found = judge(terms, facts(*known, maintenance=(work,)), as_of=APRIL.end).chronic
        assert found is not None
        return found.state, found.events_left

    assert state(long) == ("none", 2)
    assert state(long, others[0]) == ("one_event_before", 1)
    assert state(long, *others) == ("reached", 0)
    assert state(long, count=1, outage={"at_least": "23 h"}) == ("reached", 0)  # 4 + 8 + 8 + 3
    assert state(long, count=1, outage={"more_than": "23 h"}) == ("none", 1)


SINGLE = {
    "readings": (Reading(metric="availability", value="99", unit="percent"),),
    "error_intervals": (ErrorIntervals(count=8640, error_percent="2"),),
    "restorations": (Restoration(reference="R", seconds=99_999),),
    "event_credits": (EventCredit(event="E", objective="x", percent="5"),),
    "delays": (Delay(kind="line", days_late=3),),
}


@pytest.mark.parametrize(
    ("metric", "target", "field"),
    [
        ("availability", "99.9", "readings"),
        ("success_rate", "99", "error_intervals"),
        ("time_to_restore", "4 h", "restorations"),
        ("events", None, "event_credits"),
        ("delay", "0", "delays"),
    ],
)
def test_what_a_file_says_of_its_window_is_not_said_of_earlier_ones(
    metric: str, target: str | None, field: str
) -> None:
    """April is missed; of March nobody knows, so that two in a row are not there."""
    rule = {"kind": "event_credits"} if metric == "events" else MISSED
    about = {"id": "o", "metric": metric, "rule": rule} | ({} if target is None else {"target": target})
    for windows, state in ((1, "reached"), (2, "one_event_before")):
        terms = contract(about, chronic={"missed": {"windows": windows}})
        found = judge(terms, facts(**{field: SINGLE[field]})).chronic
        assert found is not None
        assert found.state == state
        assert ("not known: the windows from 2025-03-01" in found.reason) == (windows == 2)
    beside = contract(objective(target="99.9"), chronic={"missed": {"windows": 2}})
    others = {name: value for name, value in SINGLE.items() if name != "readings"}
    found = judge(beside, facts(missed_month(3), missed_month(4), **others)).chronic
    assert found is not None
    assert found.state == "reached"  # they are of other objectives
