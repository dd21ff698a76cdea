"""A DAG of the shape of `sla_violation` whose tasks do nothing: what Airflow itself costs; `floor` runs it.

The conf names what each decision chooses.
"""

from typing import Any

from airflow.sdk import DAG, BaseBranchOperator, BaseOperator, Context, TriggerRule

from include.sla_logic.process.graph import EDGES, STEPS, Node
from include.sla_logic.process.way import ways_to


class Nothing(BaseOperator):
    """Be executed, and do nothing."""

    def execute(self, context: Context) -> None:
        """Do nothing."""


class Choice(BaseBranchOperator):
    """Choose what the conf names."""

    def choose_branch(self, context: Context) -> Any:
        """Return it."""
        return (context["dag_run"].conf or {})[self.task_id]


def empty_task(step: Node) -> BaseOperator:
    """Return a task that starts when that of the step would start."""
    one_of_several = len(ways_to(step.name)) > 1 and not step.waits_for_all
    rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if one_of_several else TriggerRule.ALL_SUCCESS
    return (Choice if step.chooses else Nothing)(task_id=step.name, trigger_rule=rule)


with DAG("floor", schedule=None, catchup=False, max_active_runs=1000) as dag:
    tasks = {name: empty_task(step) for name, step in STEPS.items()}
    for edge in EDGES:
        tasks[edge.before] >> tasks[edge.after]
