"""Taking up what stands still: incidents that could go on and do not, a few times each, then left to a person."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from include.sla_logic.adapters.stranded import Stranded
from include.sla_logic.office.control_room import PATIENCE

if TYPE_CHECKING:
    from include.sla_logic.office import Office

TIMES = 3
AT_ONCE = 20  # in one round; the next begins a minute later
NEVER_BEGUN = timedelta(hours=1)
PAUSE = timedelta(minutes=10)  # doubled with each time
ENDED = frozenset({"success", "failed"})
# A deferred task is not among them: nothing keeps a run whose wait is over and at which no triggerer looks.
MOVING = frozenset({"scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule"})

log = logging.getLogger(__name__)


class UnableToTakeUpRun(Exception):
    """Airflow refused to clear or start the run."""


class Runs(Protocol):
    """What there is to ask Airflow about runs, and to have done."""

    def state(self, run_id: str) -> str | None:
        """Tell the state of a run, None where it is gone."""
        ...

    def waits_alone(self, run_id: str) -> bool:
        """Tell whether nothing but a deferred task keeps the run."""
        ...

    def take_up(self, run_id: str, conf: dict[str, Any]) -> str:
        """Clear the run, or start it where it is gone, and say which; raise `UnableToTakeUpRun`."""
        ...


@dataclass(frozen=True)
class Round:
    """Who takes up in this round: what is quiet for longer than `patience`; `in_vain` too what was given up before."""

    by: str
    patience: timedelta = PATIENCE
    in_vain: bool = False


@dataclass(frozen=True)
class TakenUp:
    """What became of one incident that stood still; `went_on` is False where Airflow refused."""

    run_id: str
    how: str
    went_on: bool = True


def take_up_stranded(office: "Office", runs: Runs, taking: Round) -> Iterator[TakenUp]:
    """Decide every wait that is over and take up the incidents that stand still; one refusal stops nobody else."""
    stranded = office.stranded(patience=taking.patience)  # a decision made here is no sign of life of the run
    for run_id, outcome in office.decide_due_restorations().items():
        log.warning("Nobody had looked at the wait of run %s, which is over: %s", run_id, outcome)
    with office.reading() as connection:
        now = office.database.now(connection)
    taken_up = 0
    for one in stranded:
        if taken_up == AT_ONCE:
            return
        try:
            if not _worth_it(one, runs, now, in_vain=taking.in_vain):
                continue
            how = runs.take_up(one.run_id, office.notification(one.run_id))
        except UnableToTakeUpRun as refusal:
            log.error("Incident %s stands still since %s: %s", one.ticket, one.since, refusal)  # noqa: TRY400
            yield TakenUp(one.run_id, str(refusal), went_on=False)
            continue
        office.note_taken_up(one, by=taking.by, how=how)
        log.warning("Incident %s stood still since %s; taken up again: %s", one.ticket, one.since, how)
        taken_up += 1
        yield TakenUp(one.run_id, how)


def _worth_it(stranded: Stranded, runs: Runs, now: datetime, *, in_vain: bool) -> bool:
    """Leave alone what Airflow still works on, and what was taken up in vain before."""
    if stranded.taken_up >= TIMES and not in_vain:
        log.error("Incident %s stands still since %s; a person must look", stranded.ticket, stranded.since)
        return False
    if stranded.taken_up and not in_vain and now < stranded.quiet_since + PAUSE * 2**stranded.taken_up:
        return False
    if stranded.cohort and runs.state(stranded.cohort) not in {None, *ENDED}:
        return False
    state = runs.state(stranded.run_id)
    if state is None:
        # A backlog that is just being opened has tickets before it has runs.
        return stranded.last_step is not None or now > stranded.since + NEVER_BEGUN
    return state in ENDED or runs.waits_alone(stranded.run_id)
