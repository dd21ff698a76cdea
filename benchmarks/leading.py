"""Leading a cohort along the edges of the process: the use_cases does each step for all who come to it, no Airflow."""

from collections.abc import Callable, Iterable, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise

from benchmarks.ways import JOINS, WAYS
from include.sla_logic.persistence.cohort_members import JoinCondition
from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.services import UseCases

WAIT = "await_restoration_request"


def _doors() -> dict[str, JoinCondition]:
    lead: dict[str, set[str]] = {}
    for tasks in WAYS:
        lead.setdefault(tasks[0], set())
        for one, other in pairwise(tasks):
            lead.setdefault(other, set()).add(one)
    return {task: JoinCondition(frozenset(before), all_of=task not in JOINS) for task, before in lead.items()}


DOORS = _doors()
ORDER = tuple(
    TopologicalSorter({task: join_condition.came_from for task, join_condition in DOORS.items()}).static_order()
)


def the_activity(task: str) -> Callable[..., object]:
    """Return the step of that name from the department that does it."""
    for department in (customer_service, service_management, resource_provisioning, billing):
        if hasattr(department, task):
            step: Callable[..., object] = getattr(department, task)
            return step
    raise LookupError(task)


def lead(
    use_cases: UseCases,
    run_id: str,
    tickets: Iterable[str],
    *,
    steps: Callable[[str], Callable[..., object]] = the_activity,
    tasks: Sequence[str] = ORDER,
    at_once: int = 200,
) -> set[str]:
    """Lead these tickets through the process; return the tickets that left to wait."""
    use_cases.cohorts.accept({"incidents": list(tickets)}, run_id=run_id)
    left: set[str] = set()
    for task in tasks:
        if task == WAIT:
            left = {
                leaver.ticket
                for leaver in use_cases.cohorts.await_restoration(run_id=run_id, join_condition=DOORS[task]).detached
            }
        else:
            use_cases.cohorts.perform(steps(task), run_id=run_id, join_condition=DOORS[task], at_once=at_once)
    return left
