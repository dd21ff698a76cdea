"""What all players see: one look at the incidents and one at Airflow's runs, every second, however many games."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, and_, case, func, select
from sqlalchemy.exc import DBAPIError

from include.sla_logic.cli.airflow_api import UnableToReachAirflow
from include.sla_logic.persistence.schema.system_t import restorations, steps, tickets
from include.sla_logic.process import graph
from tests.faults.installation import DAG, Installation

EVERY_SECONDS = 1.0
LONGER_THAN_ANY_GAME = 3600


@dataclass(frozen=True)
class Standing:
    """Where one incident stands."""

    run_id: str
    ticket: int
    done: int
    closed: bool
    waits_since: datetime | None
    waits_until: datetime | None


@dataclass(frozen=True)
class Seen:
    """One look: incidents by reference, and the runs that Airflow works on or keeps waiting."""

    at: float
    incidents: Mapping[str, Standing]
    active: frozenset[str]


class Watch:
    """Looks for everybody until it is closed."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.seen = Seen(0.0, MappingProxyType({}), frozenset())
        self.looked = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def until(self, reached: Callable[[Seen], bool], seconds: float = LONGER_THAN_ANY_GAME) -> bool:
        """Wait for a look, not the present one, that shows it; tell whether one did within the time."""
        looked, end = self.looked, time.monotonic() + seconds
        while time.monotonic() < end:
            if self.looked > looked and reached(self.seen):
                return True
            time.sleep(EVERY_SECONDS / 4)
        return False

    def _look_on(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            with suppress(UnableToReachAirflow, DBAPIError):
                # Airflow first: what it has ended has left its traces in the database.
                active = self._active()
                with self.installation.use_cases.work.reading() as connection:
                    self.seen = Seen(time.time(), _incidents(connection), active)
                self.looked += 1
                self.installation.start_ended()

    def _active(self) -> frozenset[str]:
        found: set[str] = set()
        path, page = f"/api/v2/dags/{DAG}/dagRuns", 200
        while True:
            asked: dict[str, Any] = {"state": ["running", "queued"], "limit": page, "offset": len(found)}
            runs = self.installation.stack.api.call("GET", path, params=asked)["dag_runs"]
            found |= {run["dag_run_id"] for run in runs}
            if len(runs) < page:
                return frozenset(found)


def _incidents(connection: Connection) -> dict[str, Standing]:
    """Ask once for all: few thousand steps in all."""
    wait = restorations.c
    asked = and_(wait.held_because.is_not(None), wait.outcome.is_(None), wait.sent_at.is_(None))
    unanswered = and_(asked, wait.rejected_at.is_(None))
    query = (
        select(
            tickets.c.external_reference,
            tickets.c.run_id,
            tickets.c.number,
            func.count(steps.c.id),
            func.max(case((steps.c.task == graph.END, 1), else_=0)),
            func.max(case((unanswered, wait.opened_at))),
            func.max(case((unanswered, wait.deadline))),
        )
        .outerjoin(steps, and_(steps.c.ticket == tickets.c.number, steps.c.task.in_([*graph.STEPS])))
        .outerjoin(restorations, wait.ticket == tickets.c.number)
        .where(tickets.c.parent.is_(None))
        .group_by(tickets.c.external_reference, tickets.c.run_id, tickets.c.number)
    )
    return {
        reference: Standing(run, number, done, bool(closed), since, until)
        for reference, run, number, done, closed, since, until in connection.execute(query)
    }
