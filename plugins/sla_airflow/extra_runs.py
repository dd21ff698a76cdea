"""Start the runs of the extra problem fix process that incidents have asked for."""

import logging
from typing import TYPE_CHECKING

from include.sla_logic.domain.run_ids import premium_run_id
from sla_airflow.execution_api import start_run

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

EXTRA = "premium_problem_fix"

log = logging.getLogger(__name__)


def start_for_cohort(run_id: str, use_cases: "UseCases") -> None:
    """Start a run for each linked incident of a cohort, one that was set aside too; starting it twice is harmless.

    Raises `RunNotStarted` where Airflow does not start one of them now.
    """
    for one in use_cases.extra_problem_fix.asked_for_by(run_id):
        if start_run(EXTRA, premium_run_id(one.own_run), {"incident": one.own_run}):
            log.info("The extra problem fix process is started for %s", one.ticket)
