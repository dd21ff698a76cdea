"""Taking up what stands still: incidents that could go on and do not, a few times each, then left to a person."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.stalled_incidents import WATCHDOG, StalledIncident
from include.sla_logic.services.monitoring import PATIENCE

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

__all__ = ["MOVING", "WATCHDOG", "Resumed", "Round", "Runs", "UnableToResumeRun", "resume_stalled"]

TIMES = 3
AT_ONCE = 20  # in one round; the next begins a minute later
NEVER_BEGUN = timedelta(hours=1)
PAUSE = timedelta(minutes=10)  # doubled with each time
ENDED = frozenset({"success", "failed"})
# A deferred task is not among them: nothing keeps a run whose wait is over and at which no triggerer looks.
MOVING = frozenset({"scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule"})

log = logging.getLogger(__name__)


class UnableToResumeRun(ForeseenError):
    """Airflow refused to clear or start the run."""


class Runs(Protocol):
    """What there is to ask Airflow about runs, and to have done."""

    def state(self, run_id: str) -> str | None:
        """Tell the state of a run, None where it is gone."""
        ...

    def waits_alone(self, run_id: str) -> bool:
        """Tell whether nothing but a deferred task keeps the run."""
        ...

    def resume(self, run_id: str, conf: dict[str, Any]) -> str:
        """Clear the run, or start it where it is gone, and say which; raise `UnableToResumeRun`."""
        ...


@dataclass(frozen=True)
class Round:
    """Who takes up in this round: what is quiet for longer than `patience`; `in_vain` too what was given up before."""

    by: str
    patience: timedelta = PATIENCE
    in_vain: bool = False


@dataclass(frozen=True)
class Resumed:
    """What became of one incident that stood still; `went_on` is False where Airflow refused."""

    run_id: str
    how: str
    went_on: bool = True


def resume_stalled(use_cases: "UseCases", runs: Runs, taking: Round) -> Iterator[Resumed]:
    """Decide every wait that is over and take up the incidents that stand still; one refusal stops nobody else."""
    stalled = use_cases.monitoring.stalled(
        patience=taking.patience
    )  # a decision made here is no sign of life of the run
    for run_id, outcome in use_cases.restorations.decide_due().items():
        log.warning("Nobody had looked at the wait of run %s, which is over: %s", run_id, outcome)
    with use_cases.work.reading() as connection:
        now = use_cases.work.database.now(connection)
    taken_up = 0
    for one in stalled:
        if taken_up == AT_ONCE:
            return
        try:
            if not _worth_it(one, runs, now, in_vain=taking.in_vain):
                continue
            how = runs.resume(one.run_id, use_cases.monitoring.notification(one.run_id))
        except UnableToResumeRun as refusal:
            log.error("Incident %s stands still since %s: %s", one.ticket, one.since, refusal)  # noqa: TRY400
            yield Resumed(one.run_id, str(refusal), went_on=False)
            continue
        use_cases.monitoring.note_resumed(one, by=taking.by, how=how)
        log.warning("Incident %s stood still since %s; taken up again: %s", one.ticket, one.since, how)
        taken_up += 1
        yield Resumed(one.run_id, how)


def _worth_it(stalled: StalledIncident, runs: Runs, now: datetime, *, in_vain: bool) -> bool:
    """Leave alone what Airflow still works on, and what was taken up in vain before."""
    if stalled.taken_up >= TIMES and not in_vain:
        log.error("Incident %s stands still since %s; a person must look", stalled.ticket, stalled.since)
        return False
    if stalled.taken_up and not in_vain and now < stalled.quiet_since + PAUSE * 2**stalled.taken_up:
        return False
    if stalled.cohort and runs.state(stalled.cohort) not in {None, *ENDED}:
        return False
    state = runs.state(stalled.run_id)
    if state is None:
        # A backlog that is just being opened has tickets before it has runs.
        return stalled.last_step is not None or now > stalled.since + NEVER_BEGUN
    return state in ENDED or runs.waits_alone(stalled.run_id)
