"""The second before, at and after which a record belongs to a window, is known, or is the first of its kind."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract.reach import records_reach
from include.sla_logic.domain.measurements import SampleSeries
from include.sla_logic.domain.sla.claims import first_fault
from tests.domain.sla.make import APRIL, at, contract, facts, first, judge, objective, outage

SECOND = timedelta(seconds=1)
LATENCY = {
    "id": "l",
    "metric": "latency",
    "target": 50,
    "rule": {"kind": "credit", "when": "target_missed", "rate": "10%"},
}
STATE = {"kind": "unavailable_state", "series": "latency", "bad": {"more_than": 50}}


def series(start: datetime, *values: int) -> SampleSeries:
    samples = [(start + timedelta(minutes=place), Decimal(value)) for place, value in enumerate(values)]
    return SampleSeries.from_samples(samples, metric="latency", unit="ms", step_seconds=60)


@pytest.mark.parametrize(("seconds", "mean"), [(59, 10), (60, 20), (61, 20), (119, 20), (120, 30)])
def test_a_sample_is_known_from_the_second_on_in_which_its_step_begins(seconds: int, mean: int) -> None:
    start = at("2025-04-10 00:00")
    known = facts(series=[series(start, 10, 30, 50)])
    assert first(contract(LATENCY), known, as_of=start + seconds * SECOND).measured == mean


@pytest.mark.parametrize("after", [{}, {"closes_after": 2}, {"opens_after": 1, "closes_after": 3}])
@pytest.mark.parametrize(("begin", "is_open"), [(-2, True), (-1, True), (0, False)])
def test_a_state_that_is_open_at_the_end_of_the_window_is_provisional_and_one_that_begins_then_is_not(
    begin: int, is_open: bool, after: dict[str, int]
) -> None:
    start = APRIL.end - timedelta(minutes=3)
    values = [10] * (3 + begin) + [90] * (1 - begin)
    found = first(contract(objective(measure=STATE | after)), facts(series=[series(start, *values)]))
    assert found.provisional == is_open


@pytest.mark.parametrize(
    ("start", "end", "begun"),
    [
        (APRIL.start - timedelta(hours=2), APRIL.start, APRIL.start),
        (APRIL.start - timedelta(hours=2), APRIL.start + SECOND, APRIL.start - timedelta(hours=2)),
        (APRIL.start - timedelta(hours=2), None, APRIL.start - timedelta(hours=2)),
        (APRIL.end - SECOND, APRIL.end, APRIL.end - SECOND),
        (APRIL.end, APRIL.end + timedelta(hours=2), APRIL.start),
    ],
)
def test_a_claim_may_be_filed_from_the_first_fault_on_that_touches_the_window(
    start: datetime, end: datetime | None, begun: datetime
) -> None:
    one = outage("2025-04-10", None).model_copy(update={"start": start, "end": end})
    assert first_fault(facts(one), APRIL, contract()) == begun


def test_the_records_of_an_event_reach_a_year_back_and_its_numbers_as_far_as_they_count() -> None:
    by_event = {"kind": "credit", "for_each": "event"}
    year = timedelta(days=366)
    plain = contract(objective(by_event | {"rate": "1%"}), format=2)
    assert records_reach(plain, APRIL).start == APRIL.start - year
    tiers = [{"rate": 0}, {"from_event": 2, "rate": "1%"}]
    for over, start in (("quarter", at("2025-04-01")), ("year", at("2025-01-01")), ({"days": 30}, at("2025-03-02"))):
        numbered = contract(objective(by_event | {"events_over": over, "tiers": tiers}), format=2)
        assert records_reach(numbered, APRIL).start == start - year


@pytest.mark.parametrize(
    ("over", "start"), [("month", "2025-05-01"), ("quarter", "2025-04-01"), ("year", "2025-01-01")]
)
def test_planned_work_is_read_from_where_its_allowance_begins(over: str, start: str) -> None:
    """What is left of four hours in May rests on the planned work of April and before, and on nothing without them."""
    may = calendar_window("month", "UTC", at("2025-05-10"))
    allowed = contract(maintenance={"notice": "3 d", "allowance": "4 h", "allowance_over": over})
    assert records_reach(allowed, may).start == at(start)
    assert records_reach(contract(), may).start == may.start


@pytest.mark.parametrize("clause", [{"total_over": "month"}, {"total_within_days": 30}])
def test_notice_of_a_total_runs_from_the_outage_that_completes_it(clause: dict[str, object]) -> None:
    days = [outage(f"2025-04-{day:02} 08:00", f"2025-04-{day:02} 09:00", f"O{day}") for day in (3, 9, 20, 24)]
    terms = contract(objective(), chronic={"total": {"at_least": "4 h"}, "notice_days": 10} | clause)
    found = judge(terms, facts(*days)).chronic
    assert found is not None
    assert (found.state, found.references) == ("reached", ("O3", "O9", "O20", "O24"))
    assert found.notice_until == at("2025-05-05 00:00")
