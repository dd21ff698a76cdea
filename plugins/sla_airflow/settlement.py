"""The tasks of settlement: each works on the newest run, and can be done again at any time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from airflow.sdk.exceptions import AirflowFailException

from sla_airflow import runtime
from sla_airflow.variables import perhaps_whole_number

if TYPE_CHECKING:
    from include.sla_logic.services.settlement import Settlement

LIMIT = "sla_settlement_limit"  # Airflow variable: the most that a run books in a currency without a second person

RETENTION = "sla_retention_days"  # Airflow variable: days after the last agreement; nobody is erased without it

log = logging.getLogger(__name__)


def open_run(*, by: str, shards: int) -> None:
    """Open a run, or go on with one."""
    with _settlement() as settlement:
        run = settlement.open(by=by, shards=shards)
    log.info("The settlement run %d for %s is %s", run.number, run.at, run.state)


def look(task: int, *, tasks: int) -> None:
    """Look at what this task's shards would book."""
    _do_shards("look", task, tasks)


def compare_with_limits() -> None:
    """Fail with the reason where the run is held."""
    with _settlement() as settlement:
        run = settlement.check(settlement.current().number, limit=perhaps_whole_number(LIMIT))
    if not run.may_book:
        msg = f"The settlement run {run.number} is held: {run.held_because}."
        raise AirflowFailException(f"{msg} `sla settlement release {run.number}` lets it go on.")


def settle(task: int, *, tasks: int) -> None:
    """Settle this task's shards."""
    _do_shards("settle", task, tasks)


def end_run() -> None:
    """Note that the run has ended; then erase customers whose retention is over, if one is set."""
    with _settlement() as settlement:
        settlement.end(settlement.current().number)
    if (days := perhaps_whole_number(RETENTION)) is not None:
        for customer, refused in runtime.open_use_cases(sends=False).erasure.after(days).items():
            if refused is None:
                log.info("The personal data of %s are erased", customer)
            else:
                log.warning("%s is not erased yet: %s", customer, refused)


@contextmanager
def _settlement() -> "Iterator[Settlement]":
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    with runtime.no_retry_for_foreseen_errors():
        yield use_cases.settlement


def _do_shards(part: Literal["look", "settle"], task: int, tasks: int) -> None:
    """Do the shards of one task: a run that was opened elsewhere may have more or fewer shards than tasks."""
    with _settlement() as settlement:
        run = settlement.current()
        for shard in range(task, run.shards, tasks):
            found = getattr(settlement, part)(run.number, shard)
            log.info("Run %d, shard %d, %s: %s", run.number, shard, part, found.lines)
