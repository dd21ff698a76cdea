"""Lead a cohort through the process without Airflow: the use cases do each step for all incidents that come to it."""

from collections.abc import Callable, Iterable, Sequence

from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.process.graph import STEPS, WAIT
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases

ORDER = tuple(STEPS)


def step_named(name: str) -> Step:
    """Return that step from the department that does it."""
    for department in (customer_service, service_management, resource_provisioning, billing):
        if hasattr(department, name):
            step: Step = getattr(department, name)
            return step
    raise LookupError(name)


def lead(
    use_cases: UseCases,
    run_id: str,
    tickets: Iterable[str],
    *,
    steps: Callable[[str], Step] = step_named,
    tasks: Sequence[str] = ORDER,
    at_once: int = 200,
) -> set[str]:
    """Lead these tickets through the process; return the tickets that left to wait."""
    use_cases.cohorts.accept({"incidents": list(tickets)}, run_id=run_id)
    left: set[str] = set()
    for task in tasks:
        if task == WAIT:
            waits = use_cases.cohorts.await_restoration(run_id=run_id)
            left = {member.ticket for member in waits.detached}
        else:
            use_cases.cohorts.perform(steps(task), run_id=run_id, at_once=at_once)
    return left
