"""The backlog: tickets without a run of their own are claimed and started, and released from dead runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.arrivals import note_arrival
from include.sla_logic.persistence.backlog import (
    Demand,
    PlannedRun,
    Released,
    claim,
    count_active,
    lapsed_runs,
    mark_started,
    release,
    renew,
    unfinished_runs,
)
from include.sla_logic.persistence.queries.open_incidents import OpenTicket, read_open_list
from include.sla_logic.persistence.queries.waiting_tickets import Waiting, count_waiting
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.acceptance import UnableToAcceptNotification, accept_notification

__all__ = ["Backlog", "BacklogSummary", "OpenTicket", "PlannedRun", "Released"]

LEASE = timedelta(minutes=30)  # starting the run of a claim takes seconds; a slower claimant has died


@dataclass(frozen=True)
class BacklogSummary:
    """How many incidents runs are working on, and how many tickets wait."""

    active: int
    waiting: Waiting


@dataclass(frozen=True)
class Backlog:
    """Several schedulers and people may claim at once: every ticket goes to one of them."""

    work: UnitOfWork

    def enter(self, conf: object, *, run_id: str, origin: str) -> tuple[TroubleTicket, bool]:
        """Accept a notification and let it wait in the backlog; the same one again changes nothing.

        Return the ticket, and whether it waits: not where a run has started it before. Raise
        `UnableToAcceptNotification` for what is kept in quarantine.
        """
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            answer = accept_notification(connection, conf, run_id=run_id, origin=origin, now=now)
            waits = isinstance(answer, TroubleTicket) and note_arrival(connection, answer, source=origin, now=now)
        if isinstance(answer, UnableToAcceptNotification):
            raise answer
        return answer, waits

    def claim(self, *, by: str, limit: int, at_most: int, carries: int) -> Sequence[PlannedRun]:
        """Claim waiting tickets in queue order, in portions for runs of `carries` tickets each.

        `limit` is the number of incidents that may be active. Claiming again before starting returns the same claims.
        """
        demand = Demand(by=by, lease=LEASE, limit=limit, at_most=at_most, carries=carries)
        with self.work.writing() as connection:
            return claim(connection, demand, now=self.work.database.now(connection))

    def renew_claim(self, planned: PlannedRun, *, by: str) -> bool:
        """Extend a claim right before its run is started; False if it has lapsed and another has the tickets."""
        with self.work.writing() as connection:
            return renew(connection, planned, by=by, until=self.work.database.now(connection) + LEASE)

    def note_run_started(self, run_id: str) -> int:
        """Record that a planned run exists; return the number of tickets that it carries."""
        with self.work.writing() as connection:
            return mark_started(connection, run_id, now=self.work.database.now(connection))

    def release_dead_claims(self, is_dead: Callable[[str], bool]) -> Sequence[Released]:
        """Let the tickets of dead runs wait again; return them by run.

        A lapsed claim whose run lives was started without being recorded so: it is recorded now.
        """
        with self.work.reading() as connection:
            lapsed = lapsed_runs(connection, now=self.work.database.now(connection))
            unfinished = unfinished_runs(connection)
        released = []
        for run_id in dict.fromkeys((*lapsed, *unfinished)):
            if is_dead(run_id):
                with self.work.writing() as connection:
                    now = self.work.database.now(connection)
                    released.append(release(connection, run_id, why=f"the run {run_id} has died", now=now))
            elif run_id in lapsed:
                self.note_run_started(run_id)
        return released

    def summary(self) -> BacklogSummary:
        """Count the active incidents, and the tickets that wait by what they wait for."""
        with self.work.reading() as connection:
            return BacklogSummary(count_active(connection), count_waiting(connection))

    def open_incidents(self, *, waiting_only: bool = False, limit: int = 50, offset: int = 0) -> Sequence[OpenTicket]:
        """Return open tickets in queue order with the seconds left on their clocks and the money at risk."""
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            return read_open_list(connection, now=now, waiting_only=waiting_only, limit=limit, offset=offset)
