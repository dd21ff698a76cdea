"""Every minute: send the outbox, tell partners' listeners, export metrics, compare incidents past their next tier.

Stalled incidents are resumed.

The team is mailed before an incident is late or its next tier comes, if `TELECO_TEAM` names an address.

Alarms open incidents by the rules in the table of alarms (docs/alarms.md), at most `sla_alarm_incidents` in an hour
(100 if this Airflow variable is not set). They wait in the backlog, and an event of `sla_waiting_tickets` starts it.

A message that a step could not send waits in the outbox under its key. It is sent here, with a longer delay after each
failure. An incident is stalled if its run has died or its wait is no longer watched. It is resumed by clearing its run;
steps that are done are not done again. After three attempts a person has to decide (`sla doctor`). The Airflow variable
`sla_watchdog_minutes` says how long an incident must have been quiet (10 minutes if not set).

Letters about incidents and windows that have been over for `sla_archive_days` (90 if this variable is not set, 0 for
never) are moved out of the outbox into the archive, where they are found and shown as before.
"""

import pendulum
from airflow.sdk import DAG, Asset, task

from include.sla_logic.domain.waiting_tickets import WAITING_TICKETS
from sla_airflow.notifier import FailedTask

with DAG(
    "sla_housekeeping",
    description="Send the outbox, open incidents of alarms, resume stalled incidents, export metrics.",
    doc_md=__doc__,
    tags=["sla", "housekeeping"],
    schedule=pendulum.duration(minutes=1),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=pendulum.duration(minutes=30),
    default_args={
        "owner": "TELECO",
        "retries": 2,
        "retry_delay": pendulum.duration(seconds=10),
        "priority_weight": 1_000,  # before all steps of incidents that wait for a slot
        "weight_rule": "absolute",
        "on_failure_callback": FailedTask(),
    },
) as dag:

    @task
    def deliver_what_is_due() -> None:
        """Send what is due, export metrics, compare incidents past their next tier, then put notices to the team.

        Last, letters about what has been over for `sla_archive_days` are moved into the archive.
        """
        from sla_airflow import housekeeping as h
        from sla_airflow.variables import whole_number

        h.deliver_and_measure()
        h.archive_letters(days=whole_number(h.ARCHIVE, h.ARCHIVE_WITHOUT, least=0))

    @task
    def tell_listeners() -> None:
        """Tell the listeners of partners what has happened to tickets and service problems (docs/open-apis.md)."""
        from sla_airflow.housekeeping import tell_listeners

        tell_listeners()

    @task
    def take_up_stranded_incidents() -> None:
        """Decide the waits that are over and resume the incidents that could go on but do not."""
        from sla_airflow import watchdog as w
        from sla_airflow.execution_api import AirflowRuns
        from sla_airflow.variables import whole_number

        w.watch(AirflowRuns(), minutes=whole_number(w.PATIENCE, w.PATIENCE_WITHOUT))

    @task(outlets=[Asset(WAITING_TICKETS)])
    def open_incidents_of_alarms() -> list[str]:
        """Open incidents for the customers whom alarms hit, and wake the backlog; skipped where none is opened."""
        from sla_airflow import alarms as a
        from sla_airflow.variables import whole_number

        return a.open_incidents(limit=whole_number(a.LIMIT, a.LIMIT_WITHOUT))

    deliver_what_is_due()
    open_incidents_of_alarms()
    take_up_stranded_incidents()
    tell_listeners()
