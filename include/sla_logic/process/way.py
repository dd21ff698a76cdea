"""Ways through the process: which step follows from what is done, and what is missing before a step.

Airflow's word that a task succeeded proves nothing, since people can set it: what counts is what the case file says.
"""

from collections.abc import Mapping
from functools import cache

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.process.graph import EDGES, STEPS, Edge, Kind

# The steps that an incident has done, each with what it chose; None where there was nothing to choose.
Done = Mapping[str, str | None]


_UNDONE = {
    Kind.ACTIVITY: "is not done",
    Kind.DECISION: "has not been decided",
    Kind.WAIT: "has no outcome",
}


class UnableToTakeStep(ForeseenError):
    """The process did not lead to the step; the sentence names what is missing and the task to clear."""


@cache
def ways_to(step: str) -> tuple[Edge, ...]:
    """Return what leads to a step; nothing leads to the first."""
    return tuple(edge for edge in EDGES if edge.after == step)


def is_reached(step: str, done: Done) -> bool:
    """Tell whether the steps that are done led to this one."""
    ways = ways_to(step)
    led = [edge.before in done and done[edge.before] == edge.choice for edge in ways]
    return all(led) if STEPS[step].waits_for_all or not ways else any(led)


def next_steps(done: Done) -> tuple[str, ...]:
    """Return the steps that were reached and are not done; more than one where they run side by side."""
    return tuple(step for step in STEPS if step not in done and is_reached(step, done))


def is_way(done: Done) -> bool:
    """Tell whether each step was reached by those before it, in the order given: one way, or the beginning of one."""
    before: dict[str, str | None] = {}
    for step, choice in done.items():
        if not is_reached(step, before):
            return False
        before[step] = choice
    return True


def way(choices: Mapping[str, str]) -> tuple[str, ...]:
    """Return the steps of an incident for which the decisions choose so, in the order of their rows."""
    done: dict[str, str | None] = {}
    for step in STEPS.values():
        if is_reached(step.name, done):
            done[step.name] = choices[step.name] if step.chooses else None
    return tuple(done)


def check_reached(step: str, done: Done, *, ticket: str) -> None:
    """Raise `UnableToTakeStep` unless the steps that are done led to this one; unknown names are not checked."""
    if step in STEPS and not is_reached(step, done):
        raise UnableToTakeStep(_sentence(step, done, ticket))


def missing_before(step: str, done: Done) -> tuple[str, ...]:
    """Return the steps at which the incident stands and which must be done before this one.

    Empty where the step is reached, or where a decision led another way.
    """
    return tuple(here for here in next_steps(done) if here != step and leads_to(here, step))


@cache
def leads_to(first: str, last: str) -> bool:
    """Tell whether some way leads from the first step to the last."""
    return any(edge.after == last or leads_to(edge.after, last) for edge in EDGES if edge.before == first)


def _sentence(step: str, done: Done, ticket: str) -> str:
    if missing := missing_before(step, done):
        said = " and ".join(f"{name} {_UNDONE[STEPS[name].kind]}" for name in missing)
        return f"{step} cannot begin for {ticket}: {said}. Clear the task {missing[0]} with its downstream tasks."
    for name in reversed(list(done)):
        if name in STEPS and STEPS[name].chooses and leads_to(name, step):
            said = f"{name} chose {done[name]}"
            return f"{step} cannot begin for {ticket}: {said}. Clear the task {name} with its downstream tasks."
    return f"{step} cannot begin for {ticket}: the incident has ended."
