"""What happens when a step or a task has failed for good: the operators get one mail, a ticket is escalated."""

from airflow.sdk import BaseNotifier, Context


class FailedStep(BaseNotifier):
    """Mark the ticket once for each step that failed for good, and tell the operators once.

    The mail goes to `operators` of the connection `teleco_smtp` (extra), or to TELECO_OPERATORS; without either, the
    escalated ticket is the notice. `incident` names the param that holds the incident's run, where it is another's.
    """

    def __init__(self, *, incident: str | None = None) -> None:
        super().__init__()
        self.incident = incident

    def notify(self, context: Context) -> None:
        """Be called by Airflow where the task failed, in its own process."""
        from sla_airflow.operators import report_failed_step

        run_id = str(context["params"][self.incident]) if self.incident else None
        report_failed_step(context, run_id=run_id)


class FailedTask(BaseNotifier):
    """Tell the operators once a day of a task for all incidents that failed for good; no ticket is concerned."""

    def notify(self, context: Context) -> None:
        """Be called by Airflow where the task failed, in its own process."""
        from sla_airflow.operators import report_failed_task

        report_failed_task(context)
