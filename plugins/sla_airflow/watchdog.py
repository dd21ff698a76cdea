"""The watchdog inside Airflow: a task finds stalled incidents and resumes their runs."""

from datetime import timedelta

from include.sla_logic.services.watchdog import WATCHDOG, Round, Runs, resume_stalled
from sla_airflow import runtime

# The Airflow variable and its default: an incident that has been quiet for more minutes is stalled.
PATIENCE, PATIENCE_WITHOUT = "sla_watchdog_minutes", 10


def watch(runs: Runs, *, minutes: int = PATIENCE_WITHOUT) -> list[str]:
    """Decide every wait that is over and resume the stalled incidents; return the runs that were resumed."""
    this = Round(by=WATCHDOG, patience=timedelta(minutes=minutes))
    use_cases = runtime.open_use_cases()
    runtime.enter(use_cases)
    return [one.run_id for one in resume_stalled(use_cases, runs, this) if one.went_on]
