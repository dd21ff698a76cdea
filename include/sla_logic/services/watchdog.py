"""Resume stalled incidents, which could go on and do not: a few times each, then a person must look."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.process.graph import STEPS, WAIT
from include.sla_logic.process.way import ways_to
from include.sla_logic.services.monitoring import PATIENCE
from include.sla_logic.services.stalled_incidents import WATCHDOG, StalledIncident

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

__all__ = [
    "ENDED",
    "MOVING",
    "WATCHDOG",
    "Resumed",
    "Round",
    "Runs",
    "UnableToResumeRun",
    "lost_tasks",
    "resume_stalled",
]

TIMES = 3
AT_ONCE = 20  # in one round; the next begins a minute later
NEVER_BEGUN = timedelta(hours=1)
PAUSE = timedelta(minutes=10)  # doubled with each time
ENDED = frozenset({"success", "failed"})
# A deferred task is not among them: it keeps no run whose wait is over and that no triggerer watches.
MOVING = frozenset({"scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule"})

AT_THE_WAIT = frozenset({WAIT, *(way.before for way in ways_to(WAIT))})

log = logging.getLogger(__name__)


class UnableToResumeRun(ForeseenError):
    """Airflow refused to clear or start the run."""


class Runs(Protocol):
    """What the watchdog asks of Airflow."""

    def state(self, run_id: str) -> str | None:
        """Return the state of a run, None where it is gone."""
        ...

    def waits_alone(self, run_id: str) -> bool:
        """Tell whether nothing but a deferred task keeps the run."""
        ...

    def resume(self, run_id: str, conf: dict[str, Any]) -> str:
        """Clear the run, or start it where it is gone, and say which; raise `UnableToResumeRun`."""
        ...


@dataclass(frozen=True)
class Round:
    """Who resumes what: incidents quiet for longer than `patience`, with `in_vain` also those given up before."""

    by: str
    patience: timedelta = PATIENCE
    in_vain: bool = False


@dataclass(frozen=True)
class Resumed:
    """What became of one stalled incident; `went_on` is False where Airflow refused."""

    run_id: str
    how: str
    went_on: bool = True


def lost_tasks(tasks: Collection[str]) -> tuple[str, ...]:
    """Return the tasks that somebody has deleted from a run: no clear brings them back, only a new run has them."""
    return tuple(step for step in STEPS if step not in tasks) if tasks else ()


def resume_stalled(use_cases: "UseCases", runs: Runs, this: Round) -> Iterator[Resumed]:
    """Decide every wait that is over, then resume the stalled incidents; one refusal does not stop the others."""
    # Found before any wait is decided: a decision made here is no sign that the run is alive.
    stalled = use_cases.monitoring.stalled(patience=this.patience)
    for run_id, outcome in use_cases.restorations.decide_due().items():
        log.warning("The wait of run %s was over and not decided; it is now: %s", run_id, outcome)
    with use_cases.work.reading() as connection:
        now = use_cases.work.database.now(connection)
    resumed = 0
    for one in stalled:
        if resumed == AT_ONCE:
            return
        result = _resume(one, use_cases, runs, this, now)
        if result is not None:
            resumed += result.went_on
            yield result


def _resume(stalled: StalledIncident, use_cases: "UseCases", runs: Runs, this: Round, now: datetime) -> Resumed | None:
    """Resume one incident and record it; None where it is left alone."""
    try:
        if not _should_resume(stalled, runs, now, in_vain=this.in_vain):
            return None
        how = runs.resume(stalled.run_id, use_cases.monitoring.notification(stalled.run_id))
    except UnableToResumeRun as refusal:
        log.error("Incident %s is stalled since %s: %s", stalled.ticket, stalled.since, refusal)  # noqa: TRY400
        return Resumed(stalled.run_id, str(refusal), went_on=False)
    use_cases.monitoring.note_resumed(stalled, by=this.by, how=how)
    log.warning("Incident %s was stalled since %s and is resumed: %s", stalled.ticket, stalled.since, how)
    return Resumed(stalled.run_id, how)


def _should_resume(stalled: StalledIncident, runs: Runs, now: datetime, *, in_vain: bool) -> bool:
    """Leave alone what Airflow still works on, and what was resumed in vain too often or just before."""
    if stalled.taken_up >= TIMES and not in_vain:
        log.error("Incident %s is stalled since %s; a person must look", stalled.ticket, stalled.since)
        return False
    if stalled.taken_up and not in_vain and now < stalled.quiet_since + PAUSE * 2**stalled.taken_up:
        return False
    if stalled.cohort and runs.state(stalled.cohort) not in {None, *ENDED} and not _waits_in_vain(stalled, runs):
        return False
    state = runs.state(stalled.run_id)
    if state is None:
        # A backlog that is just being opened has tickets before it has runs.
        return stalled.last_step is not None or now > stalled.since + NEVER_BEGUN
    return state in ENDED or runs.waits_alone(stalled.run_id)


def _waits_in_vain(stalled: StalledIncident, runs: Runs) -> bool:
    """Tell whether the incident, whose wait is over, is carried by a run that nobody wakes."""
    return stalled.last_step in AT_THE_WAIT and stalled.cohort is not None and runs.waits_alone(stalled.cohort)
