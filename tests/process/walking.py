"""Walk one incident through the process without Airflow: fixed edges, and whatever the decisions answer."""

from collections.abc import Callable
from types import MappingProxyType

from include.sla_logic.process import (
    billing,
    customer_service,
    extra_problem_fix,
    resource_provisioning,
    service_management,
)
from include.sla_logic.process.step import Step
from tests.fakes import MemoryUseCases

DEPARTMENTS = (customer_service, service_management, resource_provisioning, billing, extra_problem_fix)
WAIT = "await_restoration_request"

# What follows an activity that decides nothing; the two closing activities run side by side, so in either order.
NEXT = MappingProxyType(
    {
        "enter_problem_report": "compare_with_sla",
        "compare_with_sla": "determine_counter_measures",
        "determine_counter_measures": "determine_customer_significance",
        "determine_customer_significance": "is_customer_premium",
        "link_to_extra_problem_fix": "does_significance_change_priorities",
        "reprioritize_counter_measures": "create_detailed_problem_report",
        "create_detailed_problem_report": "is_problem_analyzable",
        "analyze_problem": "create_trouble_report",
        "create_trouble_report": "prepare_final_status_report",
        "send_to_resource_provisioning": "is_problem_detected",
        "analyze_resource_problem": "create_resource_trouble_report",
        "create_resource_trouble_report": "send_status_report",
        "notify_normal_execution": "send_status_report",
        "send_status_report": "prepare_final_status_report",
        "prepare_final_status_report": "choose_counter_measures",
        "send_actual_service_performance": "receive_outcome",
        "undertake_minor_corrections": "send_problem_resolution_report",
        "request_automatic_restoration": WAIT,
        "track_errors": "undertake_restoration",
        "undertake_restoration": "send_troubleshooting_report",
        "send_troubleshooting_report": "send_problem_resolution_report",
        "terminate_restoration": "send_problem_resolution_report",
        "send_problem_resolution_report": "receive_outcome",
        "receive_outcome": "create_customer_report",
        "create_customer_report": "report_sla_rebate",
        "report_sla_rebate": "adjust_billing",
        "adjust_billing": "send_customer_report",
        "send_customer_report": "close_incident",
    }
)


def activity(name: str) -> Step:
    """Return the activity of this task id, whichever department has it."""
    found: list[Step] = [getattr(department, name) for department in DEPARTMENTS if hasattr(department, name)]
    assert len(found) == 1, f"{name} must belong to exactly one department"
    return found[0]


def walk(
    use_cases: MemoryUseCases,
    *,
    run_id: str,
    while_waiting: Callable[[], object] = lambda: None,
    until: str | None = None,
) -> list[str]:
    """Perform activity after activity until the incident is closed; return the way it took."""
    way: list[str] = []
    task: str | None = "enter_problem_report"
    while task is not None and task != until:
        way.append(task)
        if task == WAIT:
            while_waiting()
            outcome = use_cases.decide(run_id)
            assert outcome is not None, "the wait is not over"
            task = resource_provisioning.go_on_after_the_wait(outcome)
            continue
        choice = use_cases.perform(activity(task), run_id=run_id)
        if task == "link_to_extra_problem_fix":
            use_cases.perform(extra_problem_fix.take_over_incident, run_id=run_id)
        task = choice or NEXT.get(task)
    return way
