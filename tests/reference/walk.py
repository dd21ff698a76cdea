"""Walking an incident along the edges of the process: the use_cases does each step, no Airflow."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.process.step import Step
from include.sla_logic.sample_data import Sample, load_sample
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings

ANCHOR = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
WAIT = "await_restoration_request"
LINES = (
    "enter_problem_report compare_with_sla determine_counter_measures",
    "determine_counter_measures determine_customer_significance is_customer_premium",
    "link_to_extra_problem_fix does_significance_change_priorities",
    "reprioritize_counter_measures create_detailed_problem_report is_problem_analyzable",
    "analyze_problem create_trouble_report prepare_final_status_report",
    "send_to_resource_provisioning is_problem_detected",
    "analyze_resource_problem create_resource_trouble_report send_status_report",
    "notify_normal_execution send_status_report prepare_final_status_report choose_counter_measures",
    "send_actual_service_performance receive_outcome",
    "undertake_minor_corrections send_problem_resolution_report",
    f"request_automatic_restoration {WAIT}",
    "track_errors undertake_restoration send_troubleshooting_report send_problem_resolution_report",
    "terminate_restoration send_problem_resolution_report",
    "send_problem_resolution_report receive_outcome create_customer_report report_sla_rebate",
    "report_sla_rebate adjust_billing send_customer_report close_incident",
)
FOLLOWS = {one: other for line in LINES for one, other in pairwise(line.split())}


class Clock:
    """A clock that ticks a second with every look."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def the_activity(task: str) -> Step:
    for department in (customer_service, service_management, resource_provisioning, billing):
        if hasattr(department, task):
            found: Step = getattr(department, task)
            return found
    raise AssertionError(task)


def settle_the_wait(use_cases: UseCases, clock: Clock, run_id: str, ticket: str, operator: str | None) -> str:
    """Do what the operator does, or nothing until the deadline has passed."""
    if use_cases.restorations.decide(run_id) is None and operator == "release":
        use_cases.restorations.release(ticket, by="operator", reason="The reserve route has room.")
    outcome = use_cases.restorations.decide(run_id)
    if outcome is None:
        clock.now = use_cases.restorations.find(run_id).deadline
        outcome = use_cases.restorations.decide(run_id)
    assert outcome is not None
    return resource_provisioning.go_on_after_the_wait(outcome).value


def walk(
    use_cases: UseCases, clock: Clock, conf: Mapping[str, Any], run_id: str, *, operator: str | None = None
) -> tuple[str, ...]:
    """Lead one incident from its notification to its end; return the tasks that it passed through."""
    ticket = use_cases.incidents.accept(conf, run_id=run_id, origin="test")
    task: str | None = "enter_problem_report"
    taken: list[str] = []
    while task:
        taken.append(task)
        if task == WAIT:
            task = settle_the_wait(use_cases, clock, run_id, ticket.id, operator)
        else:
            task = use_cases.incidents.perform(the_activity(task), run_id=run_id) or FOLLOWS.get(task)
    return tuple(taken)


def walk_all(sample: Sample, url: str, folder: Path) -> tuple[UseCases, dict[str, tuple[str, ...]]]:
    """Walk all incidents of the sample, each a minute after loading; return the use cases and the ways."""
    clock = Clock(ANCHOR + timedelta(minutes=1))
    use_cases = UseCases(Settings(url, folder / "letters"), clock=clock)
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, sample)
    ways = {}
    for key, expectation in sample.expectations.items():
        clock.now = ANCHOR + timedelta(minutes=1)
        conf = sample.notifications[key].model_dump(mode="json")
        ways[key] = walk(use_cases, clock, conf, f"walk-{key}", operator=expectation.operator)
    return use_cases, ways
