"""Leading a cohort along the edges of the process: the office does each step for all who come to it, no Airflow."""

from collections.abc import Callable, Iterable, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise

from include.sla_logic.adapters.cohorts import Door
from include.sla_logic.departments import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.office import Office

WAIT = "await_restoration_request"

WAYS = """
enter_problem_report > compare_with_sla > determine_counter_measures > determine_customer_significance
determine_customer_significance > is_customer_premium > link_to_extra_problem_fix > does_significance_change_priorities
is_customer_premium > does_significance_change_priorities > reprioritize_counter_measures
reprioritize_counter_measures > create_detailed_problem_report > is_problem_analyzable > analyze_problem
does_significance_change_priorities > create_detailed_problem_report
analyze_problem > create_trouble_report > prepare_final_status_report > choose_counter_measures
is_problem_analyzable > send_to_resource_provisioning > is_problem_detected > analyze_resource_problem
analyze_resource_problem > create_resource_trouble_report > send_status_report > prepare_final_status_report
is_problem_detected > notify_normal_execution > send_status_report
choose_counter_measures > send_actual_service_performance > receive_outcome
choose_counter_measures > undertake_minor_corrections > send_problem_resolution_report > receive_outcome
choose_counter_measures > request_automatic_restoration > await_restoration_request > track_errors
track_errors > undertake_restoration > send_troubleshooting_report > send_problem_resolution_report
await_restoration_request > terminate_restoration > send_problem_resolution_report
receive_outcome > create_customer_report > send_customer_report > close_incident
receive_outcome > report_sla_rebate > adjust_billing > send_customer_report
"""
JOINS = frozenset(
    {
        "does_significance_change_priorities",
        "create_detailed_problem_report",
        "send_status_report",
        "prepare_final_status_report",
        "send_problem_resolution_report",
        "receive_outcome",
    }
)


def _doors() -> dict[str, Door]:
    lead: dict[str, set[str]] = {}
    for line in WAYS.strip().splitlines():
        tasks = line.split(" > ")
        lead.setdefault(tasks[0], set())
        for one, other in pairwise(tasks):
            lead.setdefault(other, set()).add(one)
    return {task: Door(frozenset(before), all_of=task not in JOINS) for task, before in lead.items()}


DOORS = _doors()
ORDER = tuple(TopologicalSorter({task: door.came_from for task, door in DOORS.items()}).static_order())


def the_activity(task: str) -> Callable[..., object]:
    """Return the step of that name from the department that does it."""
    for department in (customer_service, service_management, resource_provisioning, billing):
        if hasattr(department, task):
            step: Callable[..., object] = getattr(department, task)
            return step
    raise LookupError(task)


def lead(
    office: Office,
    run_id: str,
    tickets: Iterable[str],
    *,
    steps: Callable[[str], Callable[..., object]] = the_activity,
    tasks: Sequence[str] = ORDER,
    at_once: int = 200,
) -> set[str]:
    """Lead these tickets through the process; return the tickets that left to wait."""
    office.accept_cohort({"incidents": list(tickets)}, run_id=run_id)
    left: set[str] = set()
    for task in tasks:
        if task == WAIT:
            left = {leaver.ticket for leaver in office.await_cohort(run_id=run_id, door=DOORS[task]).leavers}
        else:
            office.perform_cohort(steps(task), run_id=run_id, door=DOORS[task], at_once=at_once)
    return left
