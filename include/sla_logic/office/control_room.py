"""Watching over the house: what must be true, what stands still, and the figures of the moment."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from include.sla_logic.adapters.folders import find_number, load_folders
from include.sla_logic.adapters.restorations import answered_runs
from include.sla_logic.adapters.stranded import Stranded, note_taken_up, stranded_incidents
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.office.waiting_room import WaitingRoom

if TYPE_CHECKING:
    from include.sla_logic.adapters.figures import Figure
    from include.sla_logic.adapters.inspection import Breach

PATIENCE = timedelta(minutes=10)  # a look takes seconds and a retry waits for minutes; what is quiet for longer is not

_OURS = {"schema_version", "reported_at"}  # added to what was sent


class ControlRoom(WaitingRoom):
    """Reads everything; what it changes is decided by the same rules as anywhere else."""

    def breaches(self, *, settled: bool = False) -> "Sequence[Breach]":
        """Return what must not be; `settled` says that no run is under way, so that all have ended or wait."""
        from include.sla_logic.adapters.inspection import inspect, inspect_settled

        with self.reading() as connection:
            if settled:
                return inspect_settled(connection, now=self.database.now(connection))
            return inspect(connection)

    def stranded(self, *, patience: timedelta = PATIENCE) -> Sequence[Stranded]:
        """Return the incidents that could go on and have not for longer than `patience`, oldest first."""
        with self.reading() as connection:
            return stranded_incidents(connection, now=self.database.now(connection), patience=patience)

    def note_taken_up(self, stranded: Stranded, *, by: str, how: str) -> None:
        """Keep that the run of a stranded incident was started again."""
        with self.writing() as connection:
            note_taken_up(connection, stranded, by=by, how=how, now=self.database.now(connection))

    def decide_due_restorations(self) -> dict[str, RestorationOutcome]:
        """Decide every wait that can be decided, whether or not its run is alive; return the outcomes by run."""
        with self.reading() as connection:
            now = self.database.now(connection)
            due = answered_runs(connection, now=now, decided_since=now + timedelta(days=1))
        decided = {run_id: self.decide_restoration(run_id) for run_id in sorted(due)}
        return {run_id: outcome for run_id, outcome in decided.items() if outcome is not None}

    def judge_again(self, *, limit: int) -> int:
        """Judge so many open incidents anew whose next credit tier has passed; return how many."""
        from include.sla_logic.adapters.judging_again import judge_again

        with self.writing() as connection:
            return judge_again(connection, now=self.database.now(connection), limit=limit)

    def notification(self, run_id: str) -> dict[str, Any]:
        """Return the conf with which the run of an incident was started; raise `UnableToFindIncident`."""
        with self.reading() as connection:
            [folder] = load_folders(connection, [find_number(connection, run_id)])
        conf: dict[str, Any] = json.loads(folder.papers["ProblemNotification"][0].body)
        return {name: value for name, value in conf.items() if name not in _OURS and value is not None}

    def figures(self) -> "Sequence[Figure]":
        """Return the figures of this moment, for metrics."""
        from include.sla_logic.adapters.figures import read_figures

        with self.reading() as connection:
            return read_figures(connection, now=self.database.now(connection))
