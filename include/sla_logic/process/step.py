"""A step of the process: what a task performs on a case file, under a name that never changes."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from include.sla_logic.process.ports import CaseFile


@dataclass(frozen=True)
class Step:
    """One row of process.md: `name` is the task id and the key under which the step is done once.

    `documentation` is what people read about the task. Call it like the function that it was made of.
    """

    name: str
    documentation: str
    function: Callable[[CaseFile], object]

    def __call__(self, file: CaseFile) -> object:
        """Do the step on this case file; return the answer of a decision."""
        return self.function(file)


def step(function: Callable[[CaseFile], object]) -> Step:
    """Make a step of a function: its name is the step's name, its docstring the documentation."""
    return Step(function.__name__, inspect.getdoc(function) or "", function)
