"""Through the process: measures are due in service hours, the wait for a restoration request is elapsed time."""

from datetime import UTC, datetime, timedelta

from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.status_report import StatusReport
from tests.process.small_world import NOW, SIGNIFICANT, damaged_fibre, reported, small_world
from tests.process.test_steps import after, last
from tests.service_hours import WORKING_HOURS, with_tables

LOWER = dict.fromkeys(("P3", "P4", "P5"), "as_contract")
TERMS = {
    "zone": "Europe/Berlin",
    "counting": {"service_hours": WORKING_HOURS},
    "calendar": {"holidays": ["2026-11-24"]},
}


def friday(**more):
    """Report at 13:00 in Berlin on a Friday, under a contract with working hours and a holiday on Tuesday."""
    world = damaged_fibre(small_world(**TERMS, **more))
    world.policies = with_tables(priorities={"service_hours": LOWER})
    return reported(world)


def due(incident):
    return {one.measure: one.due_at for one in last(incident, CounterMeasurePlan).measures}


def test_a_measure_is_due_after_eight_working_hours():
    """Four on Friday, four on Monday."""
    found = due(after(friday(), "determine_customer_significance"))
    assert found["restore_connectivity"] == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert found["inform_customer"] == datetime(2026, 11, 20, 16, tzinfo=UTC)


def test_a_raised_measure_is_due_in_the_hours_of_its_new_priority():
    """P2 counts day and night, from the entry of the report."""
    incident = after(friday(history=SIGNIFICANT), "create_detailed_problem_report")
    assert due(incident)["restore_connectivity"] == NOW + timedelta(hours=4)


def test_the_wait_for_a_restoration_request_stays_elapsed_time():
    """Two days from Friday are Sunday, service hours or not."""
    incident = after(friday(), "prepare_final_status_report")
    sent = last(incident, StatusReport)
    assert sent.restoration_deadline == sent.sent_at + timedelta(days=2) == NOW + timedelta(days=2)
    assert last(incident, SlaComparison).service_hours.zone == "Europe/Berlin"
