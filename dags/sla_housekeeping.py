"""Every minute: send the outbox, take up incidents that stand still, send figures, judge anew whose tier passed.

What a step could not send waits in the outbox under its key; here it is sent again, later after each failure. An
incident whose run has died, or at whose wait nobody looks any more, is taken up again: its run is cleared, and what is
done is not done again. After three times it is left to a person (`sla doctor`). The Airflow variable
`sla_watchdog_minutes` says how long it must have been quiet, without it 10 minutes.
"""

from datetime import timedelta

from airflow.sdk import DAG, task

from sla_airflow.notifier import FailedTask

with DAG(
    "sla_housekeeping",
    description="Send the outbox, take up what stands still, send figures.",
    doc_md=__doc__,
    tags=["sla", "housekeeping"],
    schedule=timedelta(minutes=1),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args={
        "owner": "TELECO",
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "priority_weight": 1_000,  # before every step of incidents, however many wait for a slot
        "weight_rule": "absolute",
        "on_failure_callback": FailedTask(),
    },
) as dag:

    @task
    def deliver_what_is_due() -> None:
        """Send every message that is due, of all incidents; then the house's figures; then judge anew."""
        from sla_airflow.housekeeping import deliver_and_measure

        deliver_and_measure()

    @task
    def take_up_stranded_incidents() -> None:
        """Decide waits that are over and take up the incidents that could go on and do not."""
        from sla_airflow import watchdog as w
        from sla_airflow.variables import whole_number

        w.watch(w.AirflowRuns(), minutes=whole_number(w.PATIENCE, w.PATIENCE_WITHOUT))

    deliver_what_is_due()
    take_up_stranded_incidents()
