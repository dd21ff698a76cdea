"""Work off the backlog: release the claims of dead runs, claim the next tickets, start their runs."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from sla_airflow import runtime
from sla_airflow.cohorts import conf_of_cohort

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases
    from include.sla_logic.services.backlog import BacklogSummary, PlannedRun

# Airflow variables and their defaults.
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


def work_off(runs: Runs, *, by: str, limit: int, at_most: int, carries: int) -> dict[str, Any]:
    """Release dead claims, then claim and start portions while there is room; return what was done and why others wait.

    The keys of the answer are those of the task's return value, which operators read.
    """
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    released, given_up = _release(runs, use_cases)
    started: dict[str, int] = {}
    # A portion is claimed only when the one before is started: a task that dies in between holds one portion at most.
    while planned := use_cases.backlog.claim(by=by, limit=limit, at_most=at_most, carries=carries):
        new = {
            one.run_id: _start(one, runs, by, use_cases) for one in planned if use_cases.backlog.renew_claim(one, by=by)
        }
        started |= new
        if not any(new.values()):
            break
    summary = use_cases.backlog.summary()
    why = _why(summary, limit)
    log.info("Started %d tickets in %d runs; %d are active", sum(started.values()), len(started), summary.active)
    for sentence in why:
        log.info("%s", sentence)
    return {
        "released": released,
        "given_up": given_up[:NAMED],
        "started": sum(started.values()),
        "runs": list(started),
        "active": summary.active,
        "limit": limit,
        "waiting": summary.waiting.total,
        "why": why,
    }


def _release(runs: Runs, use_cases: "UseCases") -> tuple[int, list[str]]:
    """Release the claims of dead runs; return how many tickets wait again, and those that are left to a person."""
    released = use_cases.backlog.release_dead_claims(runs.is_dead)
    for one in released:
        log.warning("The run %s has died; %d tickets wait again: %s", one.run_id, len(one.again), ", ".join(one.again))
    given_up = [ticket for one in released for ticket in one.given_up]
    if given_up:
        log.error("Escalated, as their runs have died too often; a person must look: %s", ", ".join(given_up))
    return sum(len(one.again) for one in released), given_up


def _start(planned: "PlannedRun", runs: Runs, by: str, use_cases: "UseCases") -> int:
    new = runs.start(planned.run_id, conf_of_cohort(planned.tickets))
    count = use_cases.backlog.note_run_started(planned.run_id)
    log.info("%s %s with %d tickets for %s", "Started" if new else "Found", planned.run_id, count, by)
    return count


def _why(summary: "BacklogSummary", limit: int) -> list[str]:
    """Say what keeps the tickets that still wait."""
    waiting = summary.waiting
    full = f"the limit of {limit} active incidents is reached ({summary.active} are active)"
    keeps = full if summary.active >= limit else "this run takes no more; the next one does"
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
