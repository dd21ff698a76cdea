"""A simulator of what Airflow does with one run of `sla_violation`, hands on its buttons included.

It knows the trigger rules of our DAG and how a branch skips; every step is really performed on the operations
database. A person may set a task's state before or when it is due, and clear a task with what follows it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.incident_records import UnableToFindIncident
from include.sla_logic.process import graph
from include.sla_logic.process.resource_provisioning import go_on_after_the_wait
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import UnableToTakeStep, ways_to
from include.sla_logic.services import UseCases

BEFORE = {name: {edge.before for edge in ways_to(name)} for name in graph.STEPS}
AFTER = {name: {to.step for to in node.followed_by} for name, node in graph.STEPS.items()}
END = "close_incident"


class State(StrEnum):
    """The states in which a task stays."""

    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"


def downstream(task: str) -> set[str]:
    """Return everything that follows a task."""
    return AFTER[task].union(*(downstream(after) for after in AFTER[task]))


def joins(task: str) -> bool:
    """Tell whether one of several ways is enough: the trigger rule `none_failed_min_one_success`."""
    return len(BEFORE[task]) > 1 and not graph.STEPS[task].waits_for_all


@dataclass
class Run:
    """One run: states of its tasks, the sentences of those that failed, and what ends a wait that is open."""

    use_cases: UseCases
    run_id: str
    conf: Mapping[str, Any]
    end_wait: Callable[[], None]
    states: dict[str, State] = field(default_factory=dict)
    sentences: dict[str, str] = field(default_factory=dict)

    def go_on(self, *, until: str | None = None) -> None:
        """Run every task that is due until nothing is; stop before `until` would run."""
        while due := [task for task in graph.STEPS if self._is_due(task)]:
            for task in due:
                if task == until and self._may_run(task):
                    return
                if task not in self.states:
                    self._settle(task)

    def mark(self, task: str, state: State) -> None:
        """Set a task's state, as a person can."""
        self.states[task] = state

    def clear(self, task: str) -> None:
        """Forget the states of a task and of everything that follows it."""
        for each in {task, *downstream(task)}:
            self.states.pop(each, None)
            self.sentences.pop(each, None)

    @property
    def failed(self) -> bool:
        """Airflow fails a run of which a leaf has failed, or could not run because of a failure."""
        return self.states.get(END) in {State.FAILED, State.UPSTREAM_FAILED}

    def _is_due(self, task: str) -> bool:
        return task not in self.states and all(before in self.states for before in BEFORE[task])

    def _may_run(self, task: str) -> bool:
        before = {self.states[each] for each in BEFORE[task]}
        if before & {State.FAILED, State.UPSTREAM_FAILED}:
            return False
        return State.SUCCESS in before or not before if joins(task) else before <= {State.SUCCESS}

    def _settle(self, task: str) -> None:
        before = {self.states[each] for each in BEFORE[task]}
        if before & {State.FAILED, State.UPSTREAM_FAILED}:
            self.states[task] = State.UPSTREAM_FAILED
        elif not self._may_run(task):
            self.states[task] = State.SKIPPED
        else:
            self._run(task)

    def _run(self, task: str) -> None:
        try:
            choice = self._wait() if task == graph.WAIT else self._perform(task)
        except ForeseenError as error:
            self.states[task], self.sentences[task] = State.FAILED, str(error)
            if isinstance(error, UnableToTakeStep):
                self.use_cases.outbox.tell_operators("sla_violation", task, str(error))
                return
            with suppress(UnableToFindIncident):
                self.use_cases.incidents.report_failed_step(task, run_id=self.run_id, why=str(error))
            return
        self.states[task] = State.SUCCESS
        if choice:
            followed = {choice, *downstream(choice)}
            for after in AFTER[task] - followed:
                if self.states.get(after) not in {State.SUCCESS, State.FAILED}:
                    self.states[after] = State.SKIPPED

    def _perform(self, task: str) -> str | None:
        if not BEFORE[task]:
            self.use_cases.incidents.accept(self.conf, run_id=self.run_id, origin="test")
        return self.use_cases.incidents.perform(step_named(task), run_id=self.run_id)

    def _wait(self) -> str:
        outcome = self.use_cases.restorations.decide(self.run_id)
        if outcome is None:
            self.end_wait()
            outcome = self.use_cases.restorations.decide(self.run_id)
        assert outcome is not None
        return go_on_after_the_wait(outcome).value
