"""Start the runs of the demo, follow them, play the operator where one is needed, and show how far everything is."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn, TimeElapsedColumn

from deploy.demo.incidents import DemoIncident
from deploy.stack import AirflowStack
from deploy.stack.rest import FINISHED
from include.sla_logic.cli.airflow_api import AirflowBusy
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.services import UseCases
from include.sla_logic.services.board import BoardFilter, BoardLine
from include.sla_logic.services.lookups import Case, UnableToFindIncident

DAG = "sla_violation"
EXTRA_DAG = "premium_problem_fix"
LOOK_SECONDS = 1
OPERATOR = "demo operator"
STARTED_TOGETHER = 1_000  # more than the sample has incidents
AT_FIRST = 2  # incidents, one for each core


class Watch:
    """Know the state of each run, and where the incident behind it is."""

    def __init__(self, stack: AirflowStack, use_cases: UseCases, incidents: Sequence[DemoIncident]) -> None:
        self._stack = stack
        self._api = stack.api
        self._use_cases = use_cases
        self._incidents = incidents
        self._to_start = sorted(incidents, key=_waits_less)
        self.states: dict[str, str] = {}
        self._told = 0

    def case(self, incident: DemoIncident) -> Case | None:
        """Read an incident; None while it is not opened."""
        with suppress(UnableToFindIncident):
            return self._use_cases.lookups.incident(incident.run_id)
        return None

    def until_all_ended(self, console: Console, *, timeout_seconds: float) -> None:
        """Start and wait for every run, the extra process of premium customers included, or until the time is over."""
        deadline = time.monotonic() + timeout_seconds
        columns = (TextColumn("{task.fields[ticket]:<10}"), TextColumn("{task.description:<44.44}"))
        last = (TextColumn("{task.fields[where]:<32}"), TimeElapsedColumn())
        with Progress(*columns, *last, console=console) as progress:
            lines = {
                incident.key: progress.add_task(incident.expected.title, total=None, ticket="", where="not started")
                for incident in self._incidents
            }
            while True:
                self._stack.restart_ended()
                with suppress(AirflowBusy):  # it answers again at the next look
                    self.states = self._api.run_states(DAG)
                board = self._board()
                for incident in self._incidents:
                    self._advance(incident, board.get(incident.run_id), progress, lines[incident.key])
                if self._ended() or time.monotonic() > deadline:
                    return
                self._start(board)
                self._tell_log(console)
                time.sleep(LOOK_SECONDS)

    def _board(self) -> Mapping[str, BoardLine]:
        page = self._use_cases.board.incidents(BoardFilter(shown="all"), size=STARTED_TOGETHER)
        return {line.run_id: line for line in page.rows}

    def _start(self, board: Mapping[str, BoardLine]) -> None:
        """Start the incident that waits for its whole restoration window beside one other, and the rest once it waits.

        They run meanwhile. Started together, each would delay the beginning of the wait.
        """
        while self._to_start and (self._started < AT_FIRST or self._may_start(self._to_start[0], board)):
            incident = self._to_start.pop(0)
            self._api.start_run(DAG, conf=incident.conf, run_id=incident.run_id, note=incident.expected.title)

    @property
    def _started(self) -> int:
        return len(self._incidents) - len(self._to_start)

    def _may_start(self, incident: DemoIncident, board: Mapping[str, BoardLine]) -> bool:
        before = [other for other in self._incidents if not _waits_less(other)] if _waits_less(incident) else []
        lines = [board.get(other.run_id) for other in before if self.states.get(other.run_id) not in FINISHED]
        return all(line is not None and line.deadline is not None for line in lines)

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

    def _advance(self, incident: DemoIncident, line: BoardLine | None, progress: Progress, task: TaskID) -> None:
        if progress.tasks[task].finished:
            return
        state = self.states.get(incident.run_id)
        if line is not None:
            self._release(incident, line)
            progress.update(task, ticket=line.ticket, where=state if state in FINISHED else line.lane)
        elif state is not None:
            progress.update(task, where=state)
        if state in FINISHED:
            progress.update(task, total=1, completed=1)
            progress.stop_task(task)

    def _release(self, incident: DemoIncident, line: BoardLine) -> None:
        """Do what an operator of Service Management does with a held request; the board shows it while it waits."""
        if incident.expected.operator == "release" and line.held_because:
            self._use_cases.restorations.release(line.ticket, by=OPERATOR, reason="Agreed with the customer.")


def _waits_less(incident: DemoIncident) -> bool:
    return incident.expected.outcome is not Outcome.RESTORATION_TOO_LATE
