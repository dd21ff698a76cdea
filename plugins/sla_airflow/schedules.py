"""What the DAGs that start by themselves have in common."""

import os
from typing import Any

import pendulum

from sla_airflow.notifier import FailedTask


def cron(dag_id: str, otherwise: str) -> str:
    """Return the cron line of a DAG.

    Another one comes from the environment alone (`AIRFLOW_VAR_SLA_BACKLOG_SCHEDULE`), where reading it with the file
    costs nothing and cannot fail.
    """
    return os.environ.get(f"AIRFLOW_VAR_{dag_id.upper()}_SCHEDULE") or otherwise


def one_at_a_time() -> dict[str, Any]:
    """Return arguments of a DAG with one run at a time, of whose failures the operators are told."""
    return {
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {
            "owner": "TELECO",
            "retries": 3,
            "retry_delay": pendulum.duration(seconds=20),
            "on_failure_callback": FailedTask(),
        },
    }
