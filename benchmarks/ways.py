"""The edges of the process, written once for all benchmarks; a test compares them with the DAG's own."""

_WAYS = """
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
WAYS = tuple(line.split(" > ") for line in _WAYS.strip().splitlines())
JOINS = frozenset(
    {
        "does_significance_change_priorities",
        "create_detailed_problem_report",
        "send_status_report",
        "prepare_final_status_report",
        "send_problem_resolution_report",
        "receive_outcome",
    }
)
BRANCHES = frozenset(
    {
        *("is_customer_premium", "does_significance_change_priorities", "is_problem_analyzable"),
        *("is_problem_detected", "choose_counter_measures", "await_restoration_request"),
    }
)
