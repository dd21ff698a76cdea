"""Walk one incident through the process in memory."""

from collections.abc import Callable

from include.sla_logic.process.extra_problem_fix import take_over_incident
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.resource_provisioning import go_on_after_the_wait
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import next_steps
from tests.fakes import MemoryUseCases


def walk(
    use_cases: MemoryUseCases,
    *,
    run_id: str,
    while_waiting: Callable[[], object] = lambda: None,
    until: str | None = None,
) -> tuple[str, ...]:
    """Perform step after step until the incident is closed; return the steps that it took."""
    done: dict[str, str | None] = {}
    while following := next_steps(done):
        step = following[0]
        if step == until:
            break
        if step == WAIT:
            while_waiting()
            outcome = use_cases.decide(run_id)
            assert outcome is not None, "the wait is not over"
            done[step] = go_on_after_the_wait(outcome)
            continue
        done[step] = use_cases.perform(step_named(step), run_id=run_id)
        if step == "link_to_extra_problem_fix":
            use_cases.perform(take_over_incident, run_id=run_id)
    return tuple(done)
