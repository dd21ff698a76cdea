"""A DAG of the shape of `sla_violation` whose tasks do nothing: what Airflow itself costs; `floor` runs it.

The conf names, for each branching task, the way that is taken.
"""

from typing import Any

from airflow.sdk import DAG, BaseBranchOperator, BaseOperator, Context, TriggerRule

from benchmarks.ways import BRANCHES, JOINS, WAYS


class Nothing(BaseOperator):
    """Be executed, and do nothing."""

    def execute(self, context: Context) -> None:
        """Do nothing."""


class Way(BaseBranchOperator):
    """Take the way that the conf names."""

    def choose_branch(self, context: Context) -> Any:
        """Return it."""
        return (context["dag_run"].conf or {})[self.task_id]


with DAG("floor", schedule=None, catchup=False, max_active_runs=1000) as dag:
    tasks: dict[str, BaseOperator] = {}
    for way in WAYS:
        before = None
        for name in way:
            rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if name in JOINS else TriggerRule.ALL_SUCCESS
            if name not in tasks:
                tasks[name] = (Way if name in BRANCHES else Nothing)(task_id=name, trigger_rule=rule)
            if before is not None and name not in before.downstream_task_ids:
                before >> tasks[name]
            before = tasks[name]
