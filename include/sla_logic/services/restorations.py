"""The wait for a restoration request: looked at, answered by an operator, decided once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.audit import Act, note_act, note_acts
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import IncidentRecord, find_number, find_number_of_run, ticket_id
from include.sla_logic.persistence.restorations import (
    ANSWER_REFUSED,
    Answered,
    Decision,
    RestorationWait,
    UnableToFindRestoration,
    UnableToReleaseRestoration,
    answered_cohorts,
    answered_runs,
    decide,
    read_restoration,
    refusal_of,
    reject,
    release,
    waiting_with,
)
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.resource_provisioning import go_on_after_the_wait
from include.sla_logic.process.way import check_reached

_ENDINGS = MappingProxyType(
    {
        RestorationOutcome.IN_TIME: "The restoration request came in time.",
        RestorationOutcome.REJECTED: "The restoration request was rejected.",
        RestorationOutcome.TOO_LATE: "No restoration request came before the deadline.",
    }
)


def end_wait(file: SqlCaseFile, outcome: RestorationOutcome) -> None:
    """Record how the wait ended, and which way follows."""
    file.record(_ENDINGS[outcome], lane=Lane.RESOURCE_PROVISIONING)
    file.finish(go_on_after_the_wait(outcome).value)


@dataclass(frozen=True)
class Restorations:
    """A request and the deadline never both win: every change of a wait locks its incident."""

    work: UnitOfWork

    def find(self, reference: str) -> RestorationWait:
        """Return the wait; raise `UnableToFindRestoration` where there is none."""
        with self.work.reading() as connection:
            return read_restoration(connection, find_number(connection, reference))

    def deadline(self, run_id: str) -> datetime:
        """Return until when a run waits at most; raise `UnableToFindRestoration` where it never waited."""
        with self.work.reading() as connection:
            return read_restoration(connection, find_number_of_run(connection, run_id)).deadline

    def answered(self, *, decided_within: timedelta) -> frozenset[str]:
        """Return the runs, of one incident or of many, with a wait that can be decided now or was within this time."""
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            since = now - decided_within
            alone = answered_runs(connection, now=now, decided_since=since)
            return alone | answered_cohorts(connection, now=now, decided_since=since)

    def decide(self, run_id: str) -> RestorationOutcome | None:
        """Decide the wait if it can be decided; None while a request may still come in time."""
        with self.work.writing() as connection:
            record = self.work.lock_run(connection, run_id)
            decision = self._decide(connection, record)
            if decision.outcome is not None and decision.just_now:
                files = self.work.open_records(connection, [record], task=WAIT)
                end_wait(files[0], decision.outcome)
                flush(connection, files)
            return decision.outcome

    def _decide(self, connection: Connection, record: IncidentRecord) -> Decision:
        """Decide one wait; where there is none, raise with the step that is missing before it."""
        try:
            return decide(connection, [record.number], now=self.work.database.now(connection))[record.number]
        except UnableToFindRestoration:
            check_reached(WAIT, record.done, ticket=record.ticket.id)
            raise

    def decide_due(self) -> dict[str, RestorationOutcome]:
        """Decide every wait that can be decided, whether or not its run is alive; return the outcomes by run."""
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            due = answered_runs(connection, now=now, decided_since=now + timedelta(days=1))
        decided = {run_id: self.decide(run_id) for run_id in sorted(due)}
        return {run_id: outcome for run_id, outcome in decided.items() if outcome is not None}

    def check(self, ticket: str) -> None:
        """Raise what a release or a rejection would be refused with now, if with anything."""
        with self.work.reading() as connection:
            wait = read_restoration(connection, find_number(connection, ticket))
            if (refusal := refusal_of(wait, self.work.database.now(connection))) is not None:
                raise refusal

    def release(self, ticket: str, *, by: str, reason: str) -> RestorationWait:
        """Send the held request now; raise `UnableToReleaseRestoration` after its deadline or once it is answered."""
        return self._answer(release, "released", ticket, by=by, reason=reason)

    def reject(self, ticket: str, *, by: str, reason: str) -> RestorationWait:
        """Reject the held request; raise `UnableToReleaseRestoration` after its deadline or once it is answered."""
        return self._answer(reject, "rejected", ticket, by=by, reason=reason)

    def _answer(
        self, answer: Callable[..., Answered], done: str, ticket: str, *, by: str, reason: str
    ) -> RestorationWait:
        """Answer one request, and with it those of the same service problems that wait for the same decision.

        Where it is too late for that, the refusal is kept in the audit.
        """
        with self.work.writing() as connection:
            number = find_number(connection, ticket)
            try:
                with connection.begin_nested():
                    return self._answer_held(connection, answer, done, number, by=by, reason=reason)
            except UnableToReleaseRestoration as error:
                refusal = error
            note_act(connection, Act(refusal.at, by, ANSWER_REFUSED, ticket_id(number), str(refusal)))
        raise refusal

    def _answer_held(
        self, connection: Connection, answer: Callable[..., Answered], done: str, number: int, *, by: str, reason: str
    ) -> RestorationWait:
        """Judge by the moment at which the incidents are held; others that were answered just now are left out."""
        others = waiting_with(connection, number, released=answer is release, now=self.work.database.now(connection))
        lock_tickets(connection, [number, *others])
        now = self.work.database.now(connection)
        together = f"{reason} (together with {ticket_id(number)})"
        answered = answer(connection, {number: reason, **dict.fromkeys(others, together)}, by=by, now=now)
        if number in answered.refused:
            raise answered.refused[number]
        files = self.work.open_files(connection, list(answered.waits), task=f"restoration {done}")
        acts = []
        for file in files:
            why = reason if file.incident.number == number else together
            file.record(f"The restoration request was {done} by {by}: {why}", lane=Lane.SERVICE_MANAGEMENT)
            acts.append(Act(now, by, f"restoration {done}", file.ticket.id, why))
        note_acts(connection, acts)
        flush(connection, files)
        return answered.waits[number]
