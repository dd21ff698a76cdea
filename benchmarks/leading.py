"""Lead a cohort through the process without Airflow: the use cases do each step for all incidents that come to it."""

from collections.abc import Callable, Iterable, Sequence

from include.sla_logic.process.graph import STEPS, WAIT
from include.sla_logic.process.stages import done_in_one_go, step_named
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases
from include.sla_logic.services.cohorts import WaitResult

ORDER = tuple(STEPS)


def lead(
    use_cases: UseCases,
    run_id: str,
    tickets: Iterable[str],
    *,
    steps: Callable[[str], Step] = step_named,
    tasks: Sequence[str] = ORDER,
    at_once: int = 200,
    in_one_go: bool = False,
) -> set[str]:
    """Lead these tickets through the process, in whichever run carries them; return the tickets that wait.

    With `in_one_go` the first step of a stage is followed at once by others of it, as in a task of Airflow.
    """
    use_cases.cohorts.accept({"incidents": list(tickets)}, run_id=run_id)
    runs, waiting = [run_id], set[str]()
    for task in tasks:
        if task == WAIT:
            look = use_cases.cohorts.await_restoration(run_id=run_id)
            waiting = set(look.waiting) or {ticket for part in look.parts for ticket in part.tickets}
            runs = runs_that_go_on(look, run_id)
        else:
            for carrying in runs:
                then = [steps(later.name) for later in done_in_one_go(task)] if in_one_go else []
                use_cases.cohorts.perform(steps(task), run_id=carrying, then=then, at_once=at_once)
    return waiting


def runs_that_go_on(look: WaitResult, run_id: str) -> list[str]:
    """Return the runs of those who need not wait: this one, or the part that has left."""
    return [part.run_id for part in look.parts] if look.waiting else [run_id]
