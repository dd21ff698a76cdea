"""Lead a cohort through the process without Airflow: the use cases do each step for all incidents that come to it."""

from collections.abc import Callable, Iterable, Sequence

from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.process.graph import STEPS, WAIT
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases
from include.sla_logic.services.cohorts import WaitResult

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
    """Lead these tickets through the process, in whichever run carries them; return the tickets that wait."""
    use_cases.cohorts.accept({"incidents": list(tickets)}, run_id=run_id)
    runs, waiting = [run_id], set[str]()
    for task in tasks:
        if task == WAIT:
            look = use_cases.cohorts.await_restoration(run_id=run_id)
            waiting = set(look.waiting) or {ticket for part in look.parts for ticket in part.tickets}
            runs = runs_that_go_on(look, run_id)
        else:
            for carrying in runs:
                use_cases.cohorts.perform(steps(task), run_id=carrying, at_once=at_once)
    return waiting


def runs_that_go_on(look: WaitResult, run_id: str) -> list[str]:
    """Return the runs of those who need not wait: this one, or the part that has left."""
    return [part.run_id for part in look.parts] if look.waiting else [run_id]
