"""Take waiting tickets of System T in queue order and start their processing, a cohort of them in each run.

Tickets wait that were imported (`sla import tickets`) or entered (`sla backlog enter`). The order is that of the
incident desk: protected customers first, then priority, then the seconds left to the next breach or credit tier (those
whose clock stands come last), then significance, then age. Every ticket is claimed by one run of this DAG, whoever
starts it and however often; a claim whose run has died is taken back, three times at most.

The task says in its log and in its return value what it did and why the others wait. Airflow variables:
`sla_backlog_active` (incidents that may be active at once, 2,000), `sla_backlog_at_once` (tickets that are claimed at
once, 1,000; a run goes on with the next portion while there is room), `sla_backlog_cohort` (tickets that one run of
`sla_violation` carries, 500). The schedule is the
variable `sla_backlog_schedule`, a cron line, without it every 15 minutes. It is read whenever this file is parsed, so
only where that costs nothing and cannot fail: from the environment, as `AIRFLOW_VAR_SLA_BACKLOG_SCHEDULE`.
"""

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from sla_airflow.notifier import FailedTask

with DAG(
    "sla_backlog",
    description="Start the processing of waiting tickets, the most urgent first.",
    doc_md=__doc__,
    tags=["sla", "backlog"],
    schedule=os.environ.get("AIRFLOW_VAR_SLA_BACKLOG_SCHEDULE") or "*/15 * * * *",
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args={
        "owner": "TELECO",
        "retries": 3,
        "retry_delay": timedelta(seconds=20),
        "on_failure_callback": FailedTask(),
    },
) as dag:

    @task
    def work_off_backlog(by: str) -> dict[str, Any]:
        """Take back claims of dead runs, claim the next tickets, start their runs, say why the others wait."""
        from sla_airflow import backlog as b
        from sla_airflow.operators import no_retry_for_foreseen_errors
        from sla_airflow.variables import whole_number

        with no_retry_for_foreseen_errors():
            return b.work_off(
                b.BacklogRuns(),
                by=by,
                limit=whole_number(b.LIMIT, b.LIMIT_WITHOUT),
                at_most=whole_number(b.AT_MOST, b.AT_MOST_WITHOUT),
                carries=whole_number(b.CARRIES, b.CARRIES_WITHOUT),
            )

    work_off_backlog(by="{{ run_id }}")
