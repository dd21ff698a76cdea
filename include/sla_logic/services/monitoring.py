"""Watch over all incidents: broken invariants, stalled incidents, the current figures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from include.sla_logic.letters.operator_mail import lost_tickets_mail
from include.sla_logic.persistence.incident_records import find_number_of_run, load_incident_records
from include.sla_logic.persistence.installation import change_mark, last_comparison
from include.sla_logic.persistence.invariants import Violation, check, check_settled
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.queries.long_outages import LongOutage, long_outages
from include.sla_logic.persistence.queries.metrics import Figure, read_figures
from include.sla_logic.persistence.queries.unwatched_services import UnwatchedService, unwatched_services
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.billing_comparison import against_billing
from include.sla_logic.services.lost_tickets import Records, lost_tickets
from include.sla_logic.services.outbox import Outbox
from include.sla_logic.services.owed_now import credited_beyond_owed
from include.sla_logic.services.rejudging import rejudge
from include.sla_logic.services.stalled_incidents import StalledIncident, note_resumed, stalled_incidents

__all__ = ["PATIENCE", "Figure", "Monitoring", "StalledIncident", "UnwatchedService", "Violation"]

COMPARED_EVERY = timedelta(hours=1)
PATIENCE = timedelta(minutes=10)  # longer than any step, and than the pause before most retries

_OURS = {"schema_version", "reported_at"}  # added to what was sent


@dataclass(frozen=True)
class Monitoring:
    """Read everything; note what was done about it."""

    work: UnitOfWork

    def violations(self, *, settled: bool = False) -> Sequence[Violation]:
        """Return the broken invariants; `settled` says that no run is active, so that all have ended or wait."""
        with self.work.reading() as connection:
            if settled:
                return check_settled(connection, now=self.work.database.now(connection))
            return check(connection)

    def unwatched(self, *, limit: int = 1_000) -> Sequence[UnwatchedService]:
        """Return subscribed services without resources, or without samples and outages; what is missing is named."""
        with self.work.reading() as connection:
            today = self.work.database.now(connection).astimezone(UTC).date()
            return unwatched_services(connection, on=today, limit=limit)

    def long_outages(self, *, limit: int = 1_000) -> Sequence[LongOutage]:
        """Return outages that last longer than `long_outage_days` of the credit policy: a person must look at them."""
        with self.work.reading() as connection:
            now, days = self.work.database.now(connection), policies_in_force().credits.long_outage_days
            return long_outages(connection, days=days, now=now, limit=limit)

    def credited_beyond_owed(self) -> Sequence[Violation]:
        """Judge again what was credited, and return what its windows do not owe by what is on record now."""
        with self.work.reading() as connection:
            return list(credited_beyond_owed(connection))

    def unsettled(self) -> Sequence[Violation]:
        """Return the windows whose grace was over at the last run of settlement, and that have no round."""
        from include.sla_logic.services.settled_windows import unsettled

        with self.work.reading() as connection:
            return list(unsettled(connection))

    def against_billing(self) -> Sequence[str]:
        """Compare both ledgers and return each difference, or that theirs cannot be read."""
        return against_billing(self.work)

    def stalled(self, *, patience: timedelta = PATIENCE) -> Sequence[StalledIncident]:
        """Return the incidents that could go on and have not for longer than `patience`, oldest first."""
        with self.work.reading() as connection:
            return stalled_incidents(connection, now=self.work.database.now(connection), patience=patience)

    def lost(self, records: Records) -> Sequence[str]:
        """Name the runs without an incident and the active incidents without a run, by what Airflow has recorded."""
        runs = list(records.runs())
        with self.work.reading() as connection:
            return lost_tickets(connection, runs, records, now=self.work.database.now(connection)).sentences

    def comparison_is_due(self) -> bool:
        """Tell whether the last comparison of Airflow's runs with the tickets was an hour ago."""
        with self.work.reading() as connection:
            last, now = last_comparison(connection), self.work.database.now(connection)
        return last is None or now >= last + COMPARED_EVERY

    def tell_lost(self, records: Records) -> Sequence[str]:
        """Mail the operators what `lost` names, and note that it was looked for."""
        sentences = self.lost(records)
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            change_mark(connection, compared_at=now)
            if sentences and self.work.settings.operators:
                Outbox(self.work).mail_once(connection, partial(lost_tickets_mail, sentences), now)
        return sentences

    def note_resumed(self, stalled: StalledIncident, *, by: str, how: str) -> None:
        """Record that the run of a stalled incident was started again."""
        with self.work.writing() as connection:
            note_resumed(connection, stalled, by=by, how=how, now=self.work.database.now(connection))

    def rejudge(self, *, limit: int) -> int:
        """Judge open incidents again whose next credit tier has passed, at most `limit`; return how many."""
        with self.work.writing() as connection:
            return rejudge(connection, now=self.work.database.now(connection), limit=limit)

    def put_notices(self, *, limit: int) -> int:
        """Put the notices to the team that are due into the outbox, looking at `limit` tickets; return how many."""
        from include.sla_logic.services.notices import Notices

        return Notices(self.work).put_due(limit=limit)

    def notification(self, run_id: str) -> dict[str, Any]:
        """Return the conf with which the run of an incident was started; raise `UnableToFindIncident`."""
        with self.work.reading() as connection:
            [incident] = load_incident_records(connection, [find_number_of_run(connection, run_id)])
        conf: dict[str, Any] = json.loads(incident.documents["ProblemNotification"][0].body)
        return {name: value for name, value in conf.items() if name not in _OURS and value is not None}

    def figures(self) -> Sequence[Figure]:
        """Return the current figures, for metrics."""
        with self.work.reading() as connection:
            return read_figures(connection, now=self.work.database.now(connection))
