"""The tasks of settlement: each works on the newest run, and can be done again at any time."""

import logging
from typing import TYPE_CHECKING

from sla_airflow import runtime
from sla_airflow.variables import perhaps_whole_number

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

LIMIT = "sla_settlement_limit"  # Airflow variable: the most that a run books in a currency without a second person

log = logging.getLogger(__name__)


def open_run(*, by: str, shards: int) -> None:
    """Open a run, or go on with one."""
    use_cases = _enter()
    with runtime.no_retry_for_foreseen_errors():
        run = use_cases.settlement.open(by=by, shards=shards)
    log.info("The settlement run %d for %s is %s", run.number, run.at, run.state)


def look(shard: int) -> None:
    """Look at what one shard would book."""
    use_cases = _enter()
    with runtime.no_retry_for_foreseen_errors():
        run = use_cases.settlement.current()
        found = use_cases.settlement.look(run.number, shard)
    log.info("The run %d would do in shard %d: %s", run.number, shard, found.lines)


def compare_with_limits() -> None:
    """Fail with the reason where the run is held."""
    from airflow.sdk.exceptions import AirflowFailException

    use_cases = _enter()
    with runtime.no_retry_for_foreseen_errors():
        run = use_cases.settlement.current()
        run = use_cases.settlement.check(run.number, limit=perhaps_whole_number(LIMIT))
    if not run.may_book:
        msg = f"The settlement run {run.number} is held: {run.held_because}."
        raise AirflowFailException(f"{msg} `sla settlement release {run.number}` lets it go on.")


def settle(shard: int) -> None:
    """Settle one shard."""
    use_cases = _enter()
    with runtime.no_retry_for_foreseen_errors():
        run = use_cases.settlement.current()
        found = use_cases.settlement.settle(run.number, shard)
    log.info("The run %d has settled shard %d: %s", run.number, shard, found.lines)


def end_run() -> None:
    """Note that the run has ended."""
    use_cases = _enter()
    with runtime.no_retry_for_foreseen_errors():
        use_cases.settlement.end(use_cases.settlement.current().number)


def _enter() -> "UseCases":
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    return use_cases
