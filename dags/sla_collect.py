"""Ask every feed whose time has come for what is new, and import it; read the files that were uploaded at the desk.

The environment variable `TELECO_FEEDS` names the file of feeds: each is an Airflow connection, what to ask it for, and
a mapping (docs/feeds.md). Each keeps how far it was read without a hole; settlement and `sla doctor` read that. What
was read is imported once, however often a task runs. A feed that fails is asked again after a minute, doubled up to an
hour; the others go on. A run does not wait for the run before it, and leaves out the feeds that are still being read.
An uploaded file first has a dry run, and is imported once a person has confirmed it; the desk starts a run of this DAG
for a large one, and the next run on the schedule reads what that run did not.
`sla_collect_schedule` is a cron line (every 5 minutes if not set); it must come from the environment, as
`AIRFLOW_VAR_SLA_COLLECT_SCHEDULE`.
"""

import pendulum
from airflow.sdk import DAG, task

from sla_airflow.schedules import cron, one_at_a_time

with DAG(
    "sla_collect",
    description="Import what is new at the systems that are asked for records, and what was uploaded at the desk.",
    doc_md=__doc__,
    tags=["sla", "imports"],
    schedule=cron("sla_collect", "*/5 * * * *"),
    dagrun_timeout=pendulum.duration(hours=2),
    **one_at_a_time() | {"max_active_runs": 8},
) as dag:

    @task
    def due_feeds() -> list[str]:
        """Return the names of the feeds whose time to be read has come."""
        from sla_airflow import feeds

        return feeds.due()

    @task(map_index_template="{{ task.op_kwargs['name'] }}")
    def read_feed(name: str) -> dict[str, int]:
        """Read one feed until now."""
        from sla_airflow import feeds

        return feeds.read(name)

    @task
    def waiting_uploads() -> list[int]:
        """Return the files uploaded at the desk that wait for their dry run or their import."""
        from sla_airflow import uploads

        return uploads.waiting()

    @task(map_index_template="{{ task.op_kwargs['number'] }}", do_xcom_push=False)
    def read_upload(number: int) -> None:
        """Make the dry run or the import of one uploaded file."""
        from sla_airflow import uploads

        uploads.read(number)

    read_feed.expand(name=due_feeds())
    read_upload.expand(number=waiting_uploads())
