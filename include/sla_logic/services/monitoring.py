"""Watching over the house: what must be true, what stands still, and the figures of the moment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from include.sla_logic.persistence.incident_records import find_number, load_incident_records
from include.sla_logic.persistence.stalled_incidents import StalledIncident, note_resumed, stalled_incidents
from include.sla_logic.services.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from include.sla_logic.persistence.invariants import Breach
    from include.sla_logic.persistence.queries.metrics import Figure

PATIENCE = timedelta(minutes=10)  # a look takes seconds and a retry waits for minutes; what is quiet for longer is not

_OURS = {"schema_version", "reported_at"}  # added to what was sent


@dataclass(frozen=True)
class Monitoring:
    """Reads everything; what it changes is decided by the same rules as anywhere else."""

    work: UnitOfWork

    def violations(self, *, settled: bool = False) -> "Sequence[Breach]":
        """Return what must not be; `settled` says that no run is under way, so that all have ended or wait."""
        from include.sla_logic.persistence.invariants import inspect, inspect_settled

        with self.work.reading() as connection:
            if settled:
                return inspect_settled(connection, now=self.work.database.now(connection))
            return inspect(connection)

    def stalled(self, *, patience: timedelta = PATIENCE) -> Sequence[StalledIncident]:
        """Return the incidents that could go on and have not for longer than `patience`, oldest first."""
        with self.work.reading() as connection:
            return stalled_incidents(connection, now=self.work.database.now(connection), patience=patience)

    def note_resumed(self, stalled: StalledIncident, *, by: str, how: str) -> None:
        """Keep that the run of a stalled incident was started again."""
        with self.work.writing() as connection:
            note_resumed(connection, stalled, by=by, how=how, now=self.work.database.now(connection))

    def rejudge(self, *, limit: int) -> int:
        """Judge so many open incidents anew whose next credit tier has passed; return how many."""
        from include.sla_logic.services.rejudging import rejudge

        with self.work.writing() as connection:
            return rejudge(connection, now=self.work.database.now(connection), limit=limit)

    def notification(self, run_id: str) -> dict[str, Any]:
        """Return the conf with which the run of an incident was started; raise `UnableToFindIncident`."""
        with self.work.reading() as connection:
            [incident] = load_incident_records(connection, [find_number(connection, run_id)])
        conf: dict[str, Any] = json.loads(incident.documents["ProblemNotification"][0].body)
        return {name: value for name, value in conf.items() if name not in _OURS and value is not None}

    def figures(self) -> "Sequence[Figure]":
        """Return the figures of this moment, for metrics."""
        from include.sla_logic.persistence.queries.metrics import read_figures

        with self.work.reading() as connection:
            return read_figures(connection, now=self.work.database.now(connection))
