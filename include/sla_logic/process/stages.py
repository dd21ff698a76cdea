"""The step of each name, and the steps that the first task of a stage does in one go for a cohort."""

from functools import cache

from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.process.graph import STAGES, STEPS, Edge, Kind
from include.sla_logic.process.step import Step
from include.sla_logic.process.way import ways_to

_MODULES = (customer_service, service_management, resource_provisioning, billing)


def step_named(name: str) -> Step:
    """Return that step from the department that does it; raise LookupError for any other name."""
    for department in _MODULES:
        if isinstance(step := getattr(department, name, None), Step):
            return step
    raise LookupError(name)


@cache
def done_in_one_go(first: str) -> tuple[Step, ...]:
    """Return the steps that the task of `first` does too for a cohort, in their order; see ADR 0007.

    They are those of its stage to which only `first` and each other lead. Tasks of their own keep what sends, what acts
    on resources and what runs side by side. Empty for a step that is not the first of its stage.
    """
    stage = next(stage for stage in STAGES if STEPS[first] in stage.steps)
    if stage.steps[0] != STEPS[first] or STEPS[first].sends or STEPS[first].kind is Kind.WAIT:
        return ()
    led = [first]
    for node in stage.steps[1:]:
        reached = all(edge.before in led and _leads_alone(edge) for edge in ways_to(node.name))
        if reached and not node.sends and not node.acts:
            led.append(node.name)
    return tuple(map(step_named, led[1:]))


def _leads_alone(edge: Edge) -> bool:
    """Tell whether nothing else begins side by side with the step after."""
    before = STEPS[edge.before]
    return before.chooses or len(before.followed_by) == 1
