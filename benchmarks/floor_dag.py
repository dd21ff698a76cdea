"""A DAG of the shape of `sla_violation` whose tasks do nothing: what Airflow itself costs; `floor` runs it.

The conf names, for each branching task, the way that is taken.
"""

from typing import Any

from airflow.sdk import DAG, BaseBranchOperator, BaseOperator, Context, TriggerRule

WAYS = """
enter_problem_report > compare_with_sla > determine_counter_measures > determine_customer_significance
determine_customer_significance > is_customer_premium > link_to_extra_problem_fix > does_significance_change_priorities
is_customer_premium > does_significance_change_priorities > reprioritize_counter_measures
reprioritize_counter_measures > create_detailed_problem_report > is_problem_analyzable > analyze_problem
does_significance_change_priorities > create_detailed_problem_report
analyze_problem > create_trouble_report > prepare_final_status_report > choose_counter_measures
is_problem_analyzable > send_to_resource_provisioning > is_problem_detected > analyze_resource_problem
analyze_resource_problem > create_resource_trouble_report > send_status_report > prepare_final_status_report
is_problem_detected > notify_normal_execution > send_status_report
choose_counter_measures > send_actual_service_performance > receive_outcome
choose_counter_measures > undertake_minor_corrections > send_problem_resolution_report > receive_outcome
choose_counter_measures > request_automatic_restoration > await_restoration_request > track_errors
track_errors > undertake_restoration > send_troubleshooting_report > send_problem_resolution_report
await_restoration_request > terminate_restoration > send_problem_resolution_report
receive_outcome > create_customer_report > send_customer_report > close_incident
receive_outcome > report_sla_rebate > adjust_billing > send_customer_report
"""
BRANCHES = frozenset(
    {
        *("is_customer_premium", "does_significance_change_priorities", "is_problem_analyzable"),
        *("is_problem_detected", "choose_counter_measures", "await_restoration_request"),
    }
)
JOINS = frozenset(
    {
        *("does_significance_change_priorities", "create_detailed_problem_report", "send_status_report"),
        *("prepare_final_status_report", "send_problem_resolution_report", "receive_outcome"),
    }
)


class Nothing(BaseOperator):
    """Be executed, and do nothing."""

    def execute(self, context: Context) -> None:
        """Do nothing."""


class Way(BaseBranchOperator):
    """Take the way that the conf names."""

    def choose_branch(self, context: Context) -> Any:
        """Return it."""
        return context["dag_run"].conf[self.task_id]


with DAG("floor", schedule=None, catchup=False, max_active_runs=1000) as dag:
    tasks: dict[str, BaseOperator] = {}
    for line in WAYS.strip().splitlines():
        before = None
        for name in line.split(" > "):
            rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if name in JOINS else TriggerRule.ALL_SUCCESS
            if name not in tasks:
                tasks[name] = (Way if name in BRANCHES else Nothing)(task_id=name, trigger_rule=rule)
            if before is not None and name not in before.downstream_task_ids:
                before >> tasks[name]
            before = tasks[name]
