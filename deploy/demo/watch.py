"""Follow the runs of the demo, play the operator where one is needed, and show how far everything is."""

import time
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn, TimeElapsedColumn

from deploy.demo.incidents import DemoIncident
from deploy.stack import AirflowStack
from deploy.stack.rest import FINISHED
from include.sla_logic.cli.airflow_api import AirflowBusy
from include.sla_logic.services import UseCases
from include.sla_logic.services.lookups import Case, UnableToFindIncident

DAG = "sla_violation"
EXTRA_DAG = "premium_problem_fix"
LOOK_SECONDS = 2.0
OPERATOR = "demo operator"


class Watch:
    """Know the state of each run, and the incident behind it."""

    def __init__(self, stack: AirflowStack, use_cases: UseCases, incidents: Sequence[DemoIncident]) -> None:
        self._stack = stack
        self._api = stack.api
        self._use_cases = use_cases
        self._incidents = incidents
        self.states: dict[str, str] = {}
        self._told = 0

    def case(self, incident: DemoIncident) -> Case | None:
        """Read an incident; None while it is not opened."""
        with suppress(UnableToFindIncident):
            return self._use_cases.lookups.incident(incident.run_id)
        return None

    def until_all_ended(self, console: Console, *, timeout_seconds: float) -> None:
        """Wait for every run, the extra process of premium customers included, or until the time is over."""
        deadline = time.monotonic() + timeout_seconds
        columns = (TextColumn("{task.fields[ticket]:<10}"), TextColumn("{task.description:<44.44}"))
        last = (TextColumn("{task.fields[step]:<32}"), TimeElapsedColumn())
        with Progress(*columns, *last, console=console) as progress:
            lines = {
                incident.key: progress.add_task(incident.expected.title, total=None, ticket="", step="queued")
                for incident in self._incidents
            }
            while True:
                self._stack.restart_ended()
                with suppress(AirflowBusy):  # it answers again at the next look
                    self.states = self._api.run_states(DAG)
                for incident in self._incidents:
                    self._advance(incident, progress, lines[incident.key])
                if self._ended() or time.monotonic() > deadline:
                    return
                self._tell_log(console)
                time.sleep(LOOK_SECONDS)

    def _tell_log(self, console: Console) -> None:
        """Print the progress where there is no terminal to draw it."""
        ended = sum(state in FINISHED for state in self.states.values())
        if not console.is_terminal and ended != self._told:
            self._told = ended
            console.print(f"{ended} of {len(self._incidents)} incidents ended")

    def _ended(self) -> bool:
        states = [self.states.get(incident.run_id) for incident in self._incidents]
        if not all(state in FINISHED for state in states):
            return False
        with suppress(AirflowBusy):
            return set(self._api.run_states(EXTRA_DAG).values()) <= FINISHED
        return False

    def _advance(self, incident: DemoIncident, progress: Progress, line: TaskID) -> None:
        if progress.tasks[line].finished:
            return
        state, case = self.states.get(incident.run_id, "queued"), self.case(incident)
        if case is None:
            progress.update(line, step=state)
            return
        self._release(incident, case)
        step = case.tasks[-1] if case.tasks else state
        progress.update(line, ticket=case.ticket.id, step=state if state in FINISHED else step)
        if state in FINISHED:
            progress.update(line, total=1, completed=1)
            progress.stop_task(line)

    def _release(self, incident: DemoIncident, case: Case) -> None:
        """Do what an operator of Service Management does with a held request."""
        wait = case.restoration
        asked = incident.expected.operator == "release"
        if asked and wait and wait.held_because and wait.sent_at is None and wait.outcome is None:
            self._use_cases.restorations.release(case.ticket.id, by=OPERATOR, reason="Agreed with the customer.")
