"""Settle every window of every agreement that has ended and whose grace is over.

The run first looks, shard by shard, at what it would book. Where that is more than the Airflow variable
`sla_settlement_limit` in a currency, or more than three times the median of the last six runs that booked anything,
`compare_with_limits` fails and nothing is booked: a second person releases the run (`sla settlement release`), then
this task is cleared, or the next run goes on. Doing any task again changes nothing twice.

A shard is a part of all customers' services, by a hash of their names. How many there are says the environment
variable `SLA_SETTLEMENT_SHARDS` (16 if not set): enough of them keep each below five minutes. The variable
`sla_settlement_schedule` is a cron line (daily at 05:00 if not set); it must come from the environment, as
`AIRFLOW_VAR_SLA_SETTLEMENT_SCHEDULE`. At its end the personal data of customers are erased whose last agreement ended
more than `sla_retention_days` ago (an Airflow variable; nobody without it). `sla settlement list` and
`sla settlement runs` show what became of the run.
"""

import os

import pendulum
from airflow.sdk import DAG, task

from sla_airflow.schedules import cron, one_at_a_time

SHARDS = [*range(int(os.environ.get("SLA_SETTLEMENT_SHARDS") or 16))]

with DAG(
    "sla_settlement",
    description="Settle every window that has ended, and correct what has changed.",
    doc_md=__doc__,
    tags=["sla", "settlement"],
    schedule=cron("sla_settlement", "0 5 * * *"),
    dagrun_timeout=pendulum.duration(hours=12),
    **one_at_a_time(),
) as dag:

    @task(do_xcom_push=False)
    def open_run(by: str, shards: int) -> None:
        """Open a run of settlement for this moment, or go on with one that was released."""
        from sla_airflow import settlement

        settlement.open_run(by=by, shards=shards)

    @task(do_xcom_push=False)
    def look(shard: int) -> None:
        """Work out what this shard would book, and write nothing but that."""
        from sla_airflow import settlement

        settlement.look(shard, tasks=len(SHARDS))

    @task(do_xcom_push=False)
    def compare_with_limits() -> None:
        """Compare what all shards would book with the limits; fail where a second person must release it."""
        from sla_airflow import settlement

        settlement.compare_with_limits()

    @task(do_xcom_push=False)
    def settle(shard: int) -> None:
        """Settle the windows of this shard, each customer's service in a transaction of its own."""
        from sla_airflow import settlement

        settlement.settle(shard, tasks=len(SHARDS))

    @task(do_xcom_push=False)
    def end_run() -> None:
        """Note that all shards are settled; then erase customers whose retention is over, if one is set."""
        from sla_airflow import settlement

        settlement.end_run()

    opened = open_run(by="{{ run_id }}", shards=len(SHARDS))
    looked, settled = look.expand(shard=SHARDS), settle.expand(shard=SHARDS)
    opened >> looked >> compare_with_limits() >> settled >> end_run()
