"""Start the processing of waiting tickets in queue order; each run of `sla_violation` takes a cohort of them.

Tickets wait that were imported (`sla import tickets`) or entered (`sla backlog enter`). The order is that of the
incident desk: protected customers first, then priority, then the time left to the next breach or credit tier (tickets
whose clock is paused last), then significance, then age. One run of this DAG claims each ticket. If that run dies, the
claim is released, at most three times.

An event of the asset `sla_waiting_tickets` starts a run within seconds, beside the schedule: `--now` of both commands
sends one, and so may any DAG of yours that enters tickets (`outlets=[Asset("sla_waiting_tickets")]`).

The task logs and returns what it did and why the other tickets wait. Airflow variables: `sla_backlog_active` (incidents
that may be active at the same time, 2,000), `sla_backlog_at_once` (tickets claimed together, 1,000; a run claims the
next portion while there is room), `sla_backlog_cohort` (tickets in one run of `sla_violation`, 500). The variable
`sla_backlog_schedule` is a cron line (every 15 minutes if not set). It is read whenever this file is parsed, so it must
come from the environment, as `AIRFLOW_VAR_SLA_BACKLOG_SCHEDULE`, where reading costs nothing and cannot fail.
"""

from typing import Any

import pendulum
from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, task

from include.sla_logic.domain.waiting_tickets import WAITING_TICKETS
from sla_airflow.schedules import cron, one_at_a_time

with DAG(
    "sla_backlog",
    description="Start the processing of waiting tickets, the most urgent first.",
    doc_md=__doc__,
    tags=["sla", "backlog"],
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(cron("sla_backlog", "*/15 * * * *"), timezone="UTC"),
        assets=[Asset(WAITING_TICKETS)],
    ),
    dagrun_timeout=pendulum.duration(minutes=30),
    **one_at_a_time(),
) as dag:

    @task
    def work_off_backlog(by: str) -> dict[str, Any]:
        """Release the claims of dead runs, claim the next tickets, start their runs, and report why the others wait."""
        from sla_airflow import backlog as b
        from sla_airflow.execution_api import AirflowRuns
        from sla_airflow.runtime import no_retry_for_foreseen_errors
        from sla_airflow.variables import whole_number

        with no_retry_for_foreseen_errors():
            return b.work_off(
                AirflowRuns(),
                by=by,
                limit=whole_number(b.LIMIT, b.LIMIT_WITHOUT),
                at_most=whole_number(b.AT_MOST, b.AT_MOST_WITHOUT),
                carries=whole_number(b.CARRIES, b.CARRIES_WITHOUT),
            )

    work_off_backlog(by="{{ run_id }}")
