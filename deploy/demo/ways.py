"""Which tasks an incident passes, from the few facts that decide its way (docs/process.md)."""

from dataclasses import dataclass
from typing import Literal

ALWAYS = frozenset(
    {
        *("enter_problem_report", "compare_with_sla", "determine_counter_measures", "determine_customer_significance"),
        *("is_customer_premium", "does_significance_change_priorities", "create_detailed_problem_report"),
        *("is_problem_analyzable", "prepare_final_status_report", "choose_counter_measures", "receive_outcome"),
        *("create_customer_report", "report_sla_rebate", "adjust_billing", "send_customer_report", "close_incident"),
    }
)
CHECKED_RESOURCES = frozenset({"send_to_resource_provisioning", "is_problem_detected", "send_status_report"})
ANALYSED_BY = {
    "service_management": frozenset({"analyze_problem", "create_trouble_report"}),
    "resource_provisioning": CHECKED_RESOURCES | {"analyze_resource_problem", "create_resource_trouble_report"},
    "nobody": CHECKED_RESOURCES | {"notify_normal_execution"},
}
ROUTE = {
    "none": frozenset({"send_actual_service_performance"}),
    "minor": frozenset({"undertake_minor_corrections", "send_problem_resolution_report"}),
    "restoration": frozenset(
        {"request_automatic_restoration", "await_restoration_request", "send_problem_resolution_report"}
    ),
}
RESTORED = frozenset({"track_errors", "undertake_restoration", "send_troubleshooting_report"})
TOO_LATE = frozenset({"terminate_restoration"})


@dataclass(frozen=True)
class Way:
    """Hold the answers to the questions at which the process branches."""

    premium: bool
    reprioritised: bool
    analysed_by: Literal["service_management", "resource_provisioning", "nobody"]
    route: Literal["none", "minor", "restoration"]
    in_time: bool = True

    @property
    def tasks(self) -> frozenset[str]:
        """Name exactly the tasks that are done on this way."""
        passed = ALWAYS | ANALYSED_BY[self.analysed_by] | ROUTE[self.route]
        if self.premium:
            passed |= {"link_to_extra_problem_fix", "take_over_incident"}
        if self.reprioritised:
            passed |= {"reprioritize_counter_measures"}
        if self.route == "restoration":
            passed |= RESTORED if self.in_time else TOO_LATE
        return passed
