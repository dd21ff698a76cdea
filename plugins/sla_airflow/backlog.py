"""Working off the backlog: dead claims are taken back, the next tickets claimed, and their runs started."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from include.sla_logic.persistence.backlog import PlannedRun
from sla_airflow.cohorts import conf_of_cohort, start_run
from sla_airflow.operators import open_use_cases
from sla_airflow.watchdog import DAG, AirflowRuns

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases
    from include.sla_logic.services.backlog import BacklogStand

# Airflow variables, and what holds without them.
LIMIT, LIMIT_WITHOUT = "sla_backlog_active", 2_000  # incidents that may be active at the same time
AT_MOST, AT_MOST_WITHOUT = "sla_backlog_at_once", 1_000  # tickets that are claimed at once
CARRIES, CARRIES_WITHOUT = "sla_backlog_cohort", 500  # tickets that one run of sla_violation carries
NAMED = 100  # given-up tickets in the return value; the log names all

log = logging.getLogger(__name__)


class Runs(Protocol):
    """What the backlog asks of Airflow."""

    def is_dead(self, run_id: str) -> bool:
        """Tell whether the run has failed or is gone."""
        ...

    def start(self, run_id: str, conf: Mapping[str, Any]) -> bool:
        """Start a run of the process; False where it exists already."""
        ...


class BacklogRuns:
    """Asks Airflow over the Execution API, which needs no login of a person's."""

    def is_dead(self, run_id: str) -> bool:
        return AirflowRuns().state(run_id) in {None, "failed"}

    def start(self, run_id: str, conf: Mapping[str, Any]) -> bool:
        return start_run(DAG, run_id, conf)


def work_off(runs: Runs, *, by: str, limit: int, at_most: int, carries: int) -> dict[str, Any]:
    """Take back, then claim and start portion by portion while there is room; say what was done and why others wait."""
    use_cases = open_use_cases(sends=False)
    released = use_cases.backlog.release_dead_claims(runs.is_dead)
    for one in released:
        log.warning("The run %s has died; %d tickets wait again: %s", one.run_id, len(one.again), ", ".join(one.again))
    given_up = [ticket for one in released for ticket in one.given_up]
    if given_up:
        log.error("Escalated, as their runs have died too often; a person must look: %s", ", ".join(given_up))
    started: dict[str, int] = {}
    # A portion is claimed only when the one before is started: whoever dies in between holds no more than one.
    while planned := use_cases.backlog.claim(by=by, limit=limit, at_most=at_most, carries=carries):
        new = {
            one.run_id: _start(one, runs, by, use_cases) for one in planned if use_cases.backlog.renew_claim(one, by=by)
        }
        started |= new
        if not any(new.values()):
            break
    stand = use_cases.backlog.summary()
    why = _why(stand, limit)
    log.info("Started %d tickets in %d runs; %d are active", sum(started.values()), len(started), stand.active)
    for sentence in why:
        log.info("%s", sentence)
    return {
        "released": sum(len(one.again) for one in released),
        "given_up": given_up[:NAMED],
        "started": sum(started.values()),
        "runs": list(started),
        "active": stand.active,
        "limit": limit,
        "waiting": stand.waiting.total,
        "why": why,
    }


def _start(planned: PlannedRun, runs: Runs, by: str, use_cases: "UseCases") -> int:
    new = runs.start(planned.run_id, conf_of_cohort(planned.tickets))
    count = use_cases.backlog.note_run_started(planned.run_id)
    log.info("%s %s with %d tickets for %s", "Started" if new else "Found", planned.run_id, count, by)
    return count


def _why(stand: "BacklogStand", limit: int) -> list[str]:
    """Say of those who still wait what keeps them."""
    waiting = stand.waiting
    full = f"the limit of {limit} active incidents is reached ({stand.active} are active)"
    keeps = full if stand.active >= limit else "this run takes no more; the next one does"
    reasons = {
        f"{waiting.ready} tickets could be taken: {keeps}": waiting.ready,
        f"{waiting.unknown_customer} tickets wait: their customers are not in the contract register": (
            waiting.unknown_customer
        ),
        f"{waiting.no_agreement} tickets wait: no agreement for their service was in force on the day observed": (
            waiting.no_agreement
        ),
    }
    return [sentence for sentence, count in reasons.items() if count]
