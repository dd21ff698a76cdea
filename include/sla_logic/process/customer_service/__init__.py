"""Customer Service: takes the report, compares it with the SLA, plans, and closes the incident."""

from include.sla_logic.process.customer_service.closing import (
    close_incident,
    create_customer_report,
    receive_outcome,
    report_sla_rebate,
    send_customer_report,
)
from include.sla_logic.process.customer_service.opening import (
    PremiumAnswer,
    SignificanceAnswer,
    compare_with_sla,
    create_detailed_problem_report,
    determine_counter_measures,
    determine_customer_significance,
    does_significance_change_priorities,
    enter_problem_report,
    is_customer_premium,
    link_to_extra_problem_fix,
    reprioritize_counter_measures,
)

__all__ = [
    "PremiumAnswer",
    "SignificanceAnswer",
    "close_incident",
    "compare_with_sla",
    "create_customer_report",
    "create_detailed_problem_report",
    "determine_counter_measures",
    "determine_customer_significance",
    "does_significance_change_priorities",
    "enter_problem_report",
    "is_customer_premium",
    "link_to_extra_problem_fix",
    "receive_outcome",
    "report_sla_rebate",
    "reprioritize_counter_measures",
    "send_customer_report",
]
